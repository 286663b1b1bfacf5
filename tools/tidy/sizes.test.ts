import { describe, expect, test } from 'vitest';
import { repositoryFiles } from './repository.ts';
import { fullFolders, longFiles, wideLines } from './sizes.ts';

const FILES = repositoryFiles();

describe('sizes', () => {
  test('no file is too long', () => {
    expect(longFiles(FILES)).toEqual([]);
  });

  test.each([
    ['core/json.ts', 500],
    ['core/json.test.ts', 800],
    ['ARCHITECTURE.md', 300],
    ['CONTRIBUTING.md', 60],
  ])('%s may have %i lines and no more', (path, most) => {
    expect(longFiles([{ path, text: 'a\n'.repeat(most) }])).toEqual([]);
    expect(longFiles([{ path, text: 'a\n'.repeat(most + 1) }])).toHaveLength(1);
  });

  test('no folder is too full', () => {
    expect(fullFolders(FILES)).toEqual([]);
  });

  test('a folder may hold nine files and no more, tests aside', () => {
    const nine = Array.from({ length: 9 }, (_, at) => ({ path: `core/f${at}.ts`, text: '' }));
    expect(fullFolders([...nine, { path: 'core/f0.test.ts', text: '' }])).toEqual([]);
    expect(fullFolders([...nine, { path: 'core/g.ts', text: '' }])).toHaveLength(1);
  });

  test('no line is too wide', () => {
    expect(wideLines(FILES)).toEqual([]);
  });

  test('a line may have 125 columns and no more', () => {
    expect(wideLines([{ path: 'a.ts', text: '·'.repeat(125) }])).toEqual([]);
    expect(wideLines([{ path: 'a.ts', text: '·'.repeat(126) }])).toHaveLength(1);
  });
});
