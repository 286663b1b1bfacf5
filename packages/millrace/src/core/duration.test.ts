import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { MAX_DURATION_MS, durationMs, formatDuration } from './duration.ts';

const DAY = 86_400_000;

describe('durationMs', () => {
  it.each([
    [0, 0],
    [-0, 0],
    [1500, 1500],
    [0.2, 1],
    [MAX_DURATION_MS, MAX_DURATION_MS],
    ['0ms', 0],
    ['250ms', 250],
    ['30s', 30_000],
    ['5m', 300_000],
    ['2h', 7_200_000],
    ['3d', 3 * DAY],
    ['2w', 14 * DAY],
    ['1h30m', 5_400_000],
    ['1h 30m', 5_400_000],
    ['  1 H 30 Min  ', 5_400_000],
    ['1.5h', 5_400_000],
    ['.5s', 500],
    ['1.005s', 1005],
    ['2.007s', 2007],
    ['1 millisecond', 1],
    ['2 secs 1 sec', 3000],
    ['2 seconds', 2000],
    ['1 minute 2 mins', 180_000],
    ['1 hr 2 hrs', 10_800_000],
    ['1 hour 1 day 1 week', 8 * DAY + 3_600_000],
    ['7 days', 7 * DAY],
    ['PT15M', 900_000],
    ['P1DT2H', DAY + 7_200_000],
    ['p1w', 7 * DAY],
    ['PT1.5S', 1500],
    ['PT0,5H', 1_800_000],
    ['P1W1DT1H1M1S', 8 * DAY + 3_661_000],
  ])('reads %j as %i ms', (value, ms) => {
    expect(durationMs(value)).toBe(ms);
    expect(Object.is(durationMs(value), -0)).toBe(false);
  });

  it('reads a Temporal.Duration', () => {
    const temporal = { [Symbol.toStringTag]: 'Temporal.Duration', toString: () => 'PT1H' };
    expect(durationMs(temporal)).toBe(3_600_000);
  });

  it.each([
    [-1, 'negative'],
    ['-5s', 'negative'],
    [Number.NaN, 'not a number'],
    [Number.POSITIVE_INFINITY, 'too long'],
    ['36526 days', 'too long'],
    ['', 'empty'],
    [' ', 'empty'],
    ['5', '"5" has no unit'],
    ['1h 5', '"5" has no unit'],
    ['1h, 5m', 'cannot read ", 5m"'],
    ['soon', 'cannot read "soon"'],
    ['3 fortnights', 'unknown unit "fortnights"'],
    ['P', 'not an ISO 8601 duration'],
    ['PT', 'not an ISO 8601 duration'],
    ['P1DT', 'not an ISO 8601 duration'],
    ['PT1H2', 'not an ISO 8601 duration'],
    ['x'.repeat(201), 'too many characters'],
    [null, 'neither a number nor text'],
    [{ hours: 1 }, 'neither a number nor text'],
  ])('refuses %j: %s', (value, reason) => {
    expect(() => durationMs(value, 'step "a", timeout')).toThrow(
      expect.objectContaining({
        code: 'INVALID_DURATION',
        message: expect.stringContaining(`is not a valid duration: ${reason}. `),
        details: expect.objectContaining({ where: 'step "a", timeout', reason }),
      }),
    );
  });

  it.each(['3 months', '1 year', '2 mo', 'P1M', 'P1Y2D'])(
    'refuses %s, which has no fixed length',
    (value) => {
      expect(() => durationMs(value)).toThrow(
        /^duration: ".*" is not a valid duration: months and years have no fixed length\. Write days or weeks/,
      );
    },
  );
});

describe('formatDuration', () => {
  it.each([
    [0, '0ms'],
    [0.4, '0ms'],
    [250, '250ms'],
    [1500, '1s 500ms'],
    [5_400_000, '1h 30m'],
    [7 * DAY, '7d'],
    [DAY + 1, '1d 1ms'],
    [-1000, '-1s'],
    [Number.POSITIVE_INFINITY, 'Infinityms'],
  ])('writes %d ms as %s', (ms, text) => {
    expect(formatDuration(ms)).toBe(text);
  });

  it('is read back exactly', () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: MAX_DURATION_MS }), (ms) => {
        expect(durationMs(formatDuration(ms))).toBe(ms);
      }),
    );
  });
});
