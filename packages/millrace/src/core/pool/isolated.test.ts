import { describe, expect, it } from 'vitest';
import { isIsolated, isolated } from './isolated.ts';

const url = new URL('./resize.js', 'file:///app/jobs.js');

describe('isolated', () => {
  it('describes where the function is', () => {
    const executor = isolated(url, { export: 'resize', memoryMb: 1024 });
    const module = 'file:///app/resize.js';
    expect(executor).toEqual({ kind: 'isolated', module, exportName: 'resize', memoryMb: 1024 });
    expect(isolated(module, { export: 'resize' })).toEqual({ ...executor, memoryMb: undefined });
    expect(isIsolated(executor)).toBe(true);
  });

  it.each([
    ['a path', () => isolated('./resize.js', { export: 'resize' }), 'module is "./resize.js". Pass new URL('],
    ['no export', () => isolated(url, {} as never), 'export is undefined. Name the exported function'],
    ['no options', () => isolated(url, undefined as never), 'export is undefined'],
    ['an empty export', () => isolated(url, { export: '' }), 'export is ""'],
    ['too little memory', () => isolated(url, { export: 'a', memoryMb: 31 }), 'from 32 to 65536'],
    ['too much memory', () => isolated(url, { export: 'a', memoryMb: 65_537 }), 'memoryMb is 65537'],
    ['half a MiB', () => isolated(url, { export: 'a', memoryMb: 99.5 }), 'memoryMb is 99.5'],
    [
      'a misspelt option',
      () => isolated(url, { export: 'a', memoryMB: 64 } as never),
      'Did you mean "memoryMb"?',
    ],
  ])('refuses %s', (_name, act, message) => {
    expect(act).toThrow(message);
  });

  it.each([[undefined], [null], [{}], [{ kind: 'isolated', module: 1 }], [() => 1]])(
    '%s is not taken for one',
    (value) => {
      expect(isIsolated(value)).toBe(false);
    },
  );
});
