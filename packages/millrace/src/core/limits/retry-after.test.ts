import { describe, expect, it } from 'vitest';
import { PAUSED_MS, retryAfterMs, stepMsOf } from './retry-after.ts';

describe('after how long to try a full queue again', () => {
  it.each([
    ['what holds the queue is over', { heldMs: 2_500, stepMs: 10 }, 2_500],
    ['one run has begun, at the pace of late', { heldMs: 0, stepMs: 700 }, 700],
    ['not at once', { heldMs: 0, stepMs: 3 }, 100],
    ['not at once, however soon there is a token', { heldMs: 1, stepMs: undefined }, 100],
    ['a minute at most', { heldMs: 0, stepMs: 90_000 }, 60_000],
    ['a minute at most, where it is paused', { heldMs: PAUSED_MS, stepMs: 5 }, 60_000],
    ['a second where nothing is known', { heldMs: 0, stepMs: undefined }, 1_000],
  ])('%s', (_what, outlook, expected) => {
    expect(retryAfterMs(outlook)).toBe(expected);
  });

  it('the pace is what stands in line by how long its first run has waited', () => {
    expect(stepMsOf([{ depth: 100, firstReadyAt: 1_000 }], 21_000)).toBe(200);
  });

  it('lines beside each other are faster than one', () => {
    const line = { depth: 10, firstReadyAt: 0 };
    expect(stepMsOf([line, line], 1_000)).toBe(50);
  });

  it('a line that nobody serves says nothing of the others', () => {
    const stuck = { depth: 10, firstReadyAt: 0 };
    const served = { depth: 10, firstReadyAt: 999_000 };
    expect(stepMsOf([stuck, served], 1_000_000)).toBe(100);
  });

  it('what has only just come tells nothing', () => {
    expect(stepMsOf([], 5)).toBeUndefined();
    expect(stepMsOf([{ depth: 3, firstReadyAt: 5 }], 5)).toBeUndefined();
    expect(stepMsOf([{ depth: 1, firstReadyAt: 0 }], 1e12), 'a number that every store can keep').toBe(
      86_400_000,
    );
  });
});
