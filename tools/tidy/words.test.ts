import { describe, expect, test } from 'vitest';
import { repositoryFiles } from './repository.ts';
import { defaultExports, foreignPlaces, poorNames, unfinishedWork } from './words.ts';

const FILES = repositoryFiles();

describe('words', () => {
  test('every file has a telling name', () => {
    expect(poorNames(FILES)).toEqual([]);
  });

  test.each([
    'core/utils.ts',
    'core/lease-manager.ts',
    'engine/lib/loop.ts',
    'core/main.ts',
    'core/runState.ts',
  ])('%s is no name', (path) => {
    expect(poorNames([{ path, text: '' }])).toHaveLength(1);
  });

  test('no work is left unfinished in a file', () => {
    expect(unfinishedWork(FILES)).toEqual([]);
    const mark = ['TO', 'DO'].join('');
    expect(unfinishedWork([{ path: 'a.ts', text: `\n// ${mark}: later` }])).toEqual([`a.ts:2 says ${mark}`]);
  });

  test('no file speaks of the machine that it was written on', () => {
    expect(foreignPlaces(FILES)).toEqual([]);
    const [folder, host] = [['', 'work', 'notes'].join('/'), ['registry', 'npmjs', 'org'].join('.')];
    expect(foreignPlaces([{ path: 'a.md', text: `see ${folder}` }])).toHaveLength(1);
    expect(foreignPlaces([{ path: 'package-lock.json', text: `https://${host}/pg` }])).toHaveLength(1);
  });

  test('nothing is exported as default', () => {
    expect(defaultExports(FILES)).toEqual([]);
    expect(defaultExports([{ path: 'a.ts', text: 'export default 1;' }])).toEqual(['a.ts']);
    expect(defaultExports([{ path: 'a.ts', text: 'export { a as default };' }])).toEqual(['a.ts']);
  });
});
