import * as fc from 'fast-check';
import { expect, it } from 'vitest';
import { restartOf } from './restart.ts';

it('successors come after 1 s, 2 s, 4 s … 30 s', () => {
  let streak = 0;
  const delays = Array.from({ length: 7 }, () => {
    const restart = restartOf(streak, 500, false);
    ({ streak } = restart);
    return restart.delayMs;
  });
  expect(delays).toEqual([1000, 2000, 4000, 8000, 16_000, 30_000, 30_000]);
  expect(streak).toBe(7);
});

it('a minute of health forgets the deaths before it', () => {
  expect(restartOf(5, 59_999, false)).toEqual({ streak: 6, delayMs: 30_000 });
  expect(restartOf(5, 60_000, false)).toEqual({ streak: 1, delayMs: 1000 });
});

it('whoever was sent away is followed at once', () => {
  expect(restartOf(5, 10, true)).toEqual({ streak: 0, delayMs: 0 });
});

it('no streak makes a pause that is longer than 30 s or no number', () => {
  fc.assert(
    fc.property(fc.nat(), fc.nat(), (streak, livedMs) => {
      const { delayMs } = restartOf(streak, livedMs, false);
      expect(delayMs).toBeGreaterThanOrEqual(1000);
      expect(delayMs).toBeLessThanOrEqual(30_000);
    }),
  );
});
