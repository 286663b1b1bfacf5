import { expect, it } from 'vitest';
import { createFailureRate } from './failure-rate.ts';

it('the failure rate is that of the last minute', () => {
  let now = 5_000;
  const rate = createFailureRate(() => now);
  expect(rate.share()).toBe(0);
  rate.note(true);
  now += 30_000;
  for (const failed of [false, false, true]) rate.note(failed);
  expect(rate.share()).toBe(0.5);
  now += 29_000;
  expect(rate.share()).toBeCloseTo(1 / 3);
  now += 61_000;
  expect(rate.share()).toBe(0);
  rate.note(true);
  expect(rate.share()).toBe(1);
});
