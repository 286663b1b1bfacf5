import { expect, it } from 'vitest';
import { pathOfPointer } from './pointer.ts';

it('a pointer is followed as far as it leads to something', () => {
  const value = { list: [{ 'a/b~c': 1 }], text: 'x' };
  expect(pathOfPointer(value, '')).toEqual([]);
  expect(pathOfPointer(value, '/list/0/a~1b~0c')).toEqual(['list', 0, 'a/b~c']);
  expect(pathOfPointer(value, '/list/7/x')).toEqual(['list']);
  expect(pathOfPointer(value, '/text/length')).toEqual(['text']);
  expect(pathOfPointer(null, '/toString')).toEqual([]);
});
