import fc from 'fast-check';
import { expect, it } from 'vitest';
import { Timers } from './timers.ts';

it('the earliest timer and those that are due are the same as by looking through all of them', () => {
  const act = fc.oneof(
    fc.record({ act: fc.constant('set' as const), at: fc.integer({ min: 0, max: 20 }) }),
    fc.record({ act: fc.constant('settle' as const), nth: fc.nat(4) }),
    fc.record({ act: fc.constant('ask' as const), at: fc.integer({ min: 0, max: 20 }) }),
  );
  fc.assert(
    fc.property(fc.array(act, { minLength: 5, maxLength: 200 }), (acts) => {
      const open = new Map<number, number>();
      const timers = new Timers((ordinal) => open.has(ordinal));
      const seen: unknown[] = [];
      const wanted: unknown[] = [];
      for (const [ordinal, step] of acts.entries()) {
        if (step.act === 'set') {
          open.set(ordinal, step.at);
          timers.add(ordinal, step.at);
        } else if (step.act === 'settle') {
          const chosen = [...open.keys()][step.nth];
          if (chosen !== undefined) open.delete(chosen);
        } else {
          const all = [...open].toSorted(([a, x], [b, y]) => x - y || a - b);
          seen.push(timers.earliest(), timers.dueAt(step.at));
          wanted.push(
            all[0]?.[1],
            all.filter(([, at]) => at <= step.at).map(([due]) => due),
          );
        }
      }
      expect(seen).toEqual(wanted);
    }),
  );
});
