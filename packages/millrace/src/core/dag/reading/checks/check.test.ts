import { expect, it } from 'vitest';
import { refuse, type Check } from './check.ts';

it('a mistake of ours is not shown as one of the definition', () => {
  const check: Check = { findings: [], templates: new Map(), ids: new Map(), comparisons: 0 };
  const fail = (): never => {
    throw new RangeError('ours');
  };
  expect(() => refuse(check, [], 1, fail)).toThrow('ours');
  expect(check.findings).toEqual([]);
});
