import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { CancelledError, MillraceError, TerminalError, TimeoutError } from '../errors.ts';
import { failureOf } from '../failure.ts';
import { DEFAULT_RETRY, isRetryable, nextDelayMs, resolveRetry } from './retry.ts';

const where = 'step "charge"';

describe('resolveRetry', () => {
  it('keeps the defaults when nothing is said', () => {
    expect(resolveRetry(undefined, DEFAULT_RETRY, where)).toBe(DEFAULT_RETRY);
    expect(resolveRetry({}, DEFAULT_RETRY, where)).toEqual(DEFAULT_RETRY);
    expect(DEFAULT_RETRY).toMatchObject({
      maxAttempts: 4,
      initialMs: 1000,
      factor: 2,
      maxMs: 60_000,
      jitter: 0,
    });
  });

  it('takes a number for maxAttempts and false for one attempt', () => {
    expect(resolveRetry(7, DEFAULT_RETRY, where)).toEqual({ ...DEFAULT_RETRY, maxAttempts: 7 });
    expect(resolveRetry(false, DEFAULT_RETRY, where)).toEqual({ ...DEFAULT_RETRY, maxAttempts: 1 });
  });

  it('reads every field', () => {
    const nonRetryable = ['HTTP_4XX'];
    const options = {
      maxAttempts: 9,
      initial: '2s',
      factor: 1.5,
      max: '5m',
      jitter: 0.2,
      nonRetryable,
    } as const;
    expect(resolveRetry(options, DEFAULT_RETRY, where)).toEqual({
      maxAttempts: 9,
      initialMs: 2000,
      factor: 1.5,
      maxMs: 300_000,
      jitter: 0.2,
      nonRetryable,
    });
  });

  it('raises the default maximum to a longer initial delay', () => {
    expect(resolveRetry({ initial: '5m' }, DEFAULT_RETRY, where)).toMatchObject({
      initialMs: 300_000,
      maxMs: 300_000,
    });
  });

  it.each([
    [0, 'step "charge", retry: maxAttempts is 0. Use a number, 1 to 1000000.'],
    [{ maxAttempts: 1.5 }, 'step "charge", retry: maxAttempts is 1.5. Use a whole number, 1 to 1000000.'],
    [{ maxAttempts: Number.POSITIVE_INFINITY }, 'maxAttempts is Infinity.'],
    [{ factor: 0.5 }, 'factor is 0.5. Use a number, 1 to 1000.'],
    [{ factor: '2' }, 'factor is "2".'],
    [{ jitter: 1.1 }, 'jitter is 1.1. Use a number, 0 to 1.'],
    [{ jitter: Number.NaN }, 'jitter is NaN.'],
    [{ nonRetryable: 'HTTP_4XX' }, 'nonRetryable is "HTTP_4XX". Use a list of codes'],
    [{ nonRetryable: [404] }, 'nonRetryable is an array of 1.'],
    [{ nonRetryable: [''] }, 'nonRetryable is an array of 1.'],
    [{ initial: '10s', max: '5s' }, 'max 5s is shorter than initial 10s. Raise max or lower initial.'],
    [{ initial: 'soon' }, 'step "charge", retry.initial: "soon" is not a valid duration'],
    [{ max: -1 }, 'step "charge", retry.max: -1 is not a valid duration'],
    [{ maxAttemps: 3 }, 'step "charge", retry: unknown option "maxAttemps". Did you mean "maxAttempts"?'],
    [true, 'step "charge", retry: options must be an object, got true'],
  ])('refuses %j', (options, message) => {
    expect(() => resolveRetry(options as never, DEFAULT_RETRY, where)).toThrow(message);
  });
});

describe('nextDelayMs', () => {
  it('doubles from one second up to the maximum', () => {
    const delays = [1, 2, 3, 4, 5, 6, 7, 8, 5000].map((attempt) => nextDelayMs(DEFAULT_RETRY, attempt, 0.7));
    expect(delays).toEqual([1000, 2000, 4000, 8000, 16_000, 32_000, 60_000, 60_000, 60_000]);
  });

  it('does not wait at all when initial is 0', () => {
    expect(nextDelayMs({ ...DEFAULT_RETRY, initialMs: 0 }, 5000, 0)).toBe(0);
  });

  it('is what the failure asks for when that is longer, up to the maximum', () => {
    expect(nextDelayMs(DEFAULT_RETRY, 1, 0, 7_500.5)).toBe(7_501);
    expect(nextDelayMs(DEFAULT_RETRY, 4, 0, 7_500)).toBe(8_000);
    expect(nextDelayMs(DEFAULT_RETRY, 1, 0, 3_600_000)).toBe(60_000);
    expect(nextDelayMs({ ...DEFAULT_RETRY, initialMs: 0 }, 1, 0, 500)).toBe(500);
  });

  it('shortens by at most the jitter and never lengthens', () => {
    const unit = fc.double({ min: 0, max: 1, noNaN: true });
    fc.assert(
      fc.property(unit, unit, fc.integer({ min: 1, max: 2000 }), (jitter, random, attempt) => {
        const full = nextDelayMs(DEFAULT_RETRY, attempt, 0);
        const delay = nextDelayMs({ ...DEFAULT_RETRY, jitter }, attempt, random);
        expect(Number.isInteger(delay)).toBe(true);
        expect(delay).toBeLessThanOrEqual(full);
        expect(delay).toBeGreaterThanOrEqual(Math.floor(full * (1 - jitter)));
      }),
    );
  });
});

describe('isRetryable', () => {
  const policy = { ...DEFAULT_RETRY, nonRetryable: ['DECLINED', 'TypeError', 'HTTP_4XX', 'SQL_23XXX'] };

  it.each([
    [new Error('x'), true],
    ['just text', true],
    [new TimeoutError('attempt took longer than 5s'), true],
    [new MillraceError('STORE_UNREACHABLE', 'away'), true],
    [coded('NOT_SERIALIZABLE'), true],
    [new TerminalError('x'), false],
    [new CancelledError(), false],
    [new MillraceError('NOT_SERIALIZABLE', 'a function'), false],
    [new MillraceError('ADDRESS_REFUSED', 'loopback'), false],
    [coded('ADDRESS_REFUSED'), true],
    [new TypeError('x'), false],
    [coded('DECLINED'), false],
    [coded('HTTP_404'), false],
    [coded('HTTP_4XX'), false],
    [coded('SQL_23505'), false],
    [coded('HTTP_503'), true],
    [coded('HTTP_40'), true],
    [coded('HTTP_4AB'), true],
    [coded('HTTP_4044'), true],
  ])('%s → %s', (thrown, retryable) => {
    expect(isRetryable(policy, failureOf(thrown))).toBe(retryable);
  });
});

function coded(code: string): unknown {
  return Object.assign(new Error('x'), { code });
}
