import fc from 'fast-check';
import { expect, it } from 'vitest';
import { ReadySet } from './ready-set.ts';

it.each([1, 31, 32, 33, 1_024, 1_025, 40_000])('of %i positions the lowest is at hand', (size) => {
  const acts = fc.array(fc.tuple(fc.boolean(), fc.nat(size - 1)), { maxLength: 60 });
  fc.assert(
    fc.property(acts, (all) => {
      const set = new ReadySet(size);
      const model = new Set<number>();
      const seen: number[] = [];
      const wanted: number[] = [];
      for (const [adds, position] of all) {
        if (adds) set.add(position);
        else set.delete(position);
        if (adds) model.add(position);
        else model.delete(position);
        seen.push(set.first());
        wanted.push(model.size === 0 ? -1 : Math.min(...model));
      }
      expect(seen).toEqual(wanted);
    }),
  );
});

it('a set without positions is empty', () => {
  expect(new ReadySet(0).first()).toBe(-1);
});
