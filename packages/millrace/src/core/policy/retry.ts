import { durationMs, formatDuration, type Duration } from '../duration.ts';
import { MillraceError, checkOptions, show } from '../errors.ts';
import type { Failure } from '../failure.ts';

/** How a failed step is tried again; every field checked. */
export interface RetryPolicy {
  /** The first try included: 1 means no retry. */
  readonly maxAttempts: number;
  /** Delay before the second attempt, ms. */
  readonly initialMs: number;
  /** Each further delay is the one before times this; at least 1. */
  readonly factor: number;
  /** No delay is longer, ms. */
  readonly maxMs: number;
  /**
   * Share of each delay that is random, 0 to 1: at 1 the delay lies anywhere between 0 and its full length.
   */
  readonly jitter: number;
  /** Codes, error names and classes of codes (`HTTP_4XX`) that no retry can help. */
  readonly nonRetryable: readonly string[];
}

/** What authors write; what is left out comes from the default policy. */
export interface RetryOptions {
  /** The first try included: 1 means no retry. 1 to 1,000,000. */
  maxAttempts?: number | undefined;
  /** Delay before the second attempt. */
  initial?: Duration | undefined;
  /** Each further delay is the one before times this; 1 to 1,000. */
  factor?: number | undefined;
  /** No delay is longer. At least `initial`. */
  max?: Duration | undefined;
  /** Share of each delay that is random, 0 to 1. */
  jitter?: number | undefined;
  /** Codes, error names and classes of codes (`HTTP_4XX`) that no retry can help. */
  nonRetryable?: readonly string[] | undefined;
}

/** One try and three retries, after 1 s, 2 s and 4 s. */
export const DEFAULT_RETRY: RetryPolicy = Object.freeze({
  maxAttempts: 4,
  initialMs: 1000,
  factor: 2,
  maxMs: 60_000,
  jitter: 0,
  nonRetryable: Object.freeze([]),
});

const KEYS = ['maxAttempts', 'initial', 'factor', 'max', 'jitter', 'nonRetryable'];
const MAX_ATTEMPTS = 1_000_000;
const MAX_FACTOR = 1000;

/**
 * The policy that an author's options mean.
 * @param options - fields to change, a number (`maxAttempts`), false (never retry), or undefined (the
 *   defaults).
 * @param where - the subject of error messages: `step "charge"`.
 * @throws `UNKNOWN_OPTION`, `INVALID_DURATION`, `INVALID_ARGUMENT` for a value out of its range.
 */
export function resolveRetry(
  options: RetryOptions | number | false | undefined,
  defaults: RetryPolicy,
  where: string,
): RetryPolicy {
  if (options === undefined) return defaults;
  if (options === false) return { ...defaults, maxAttempts: 1 };
  if (typeof options === 'number') return { ...defaults, maxAttempts: attempts(options, where) };
  checkOptions(`${where}, retry`, options, KEYS);
  const { initial, max } = options;
  const initialMs =
    initial === undefined ? defaults.initialMs : durationMs(initial, `${where}, retry.initial`);
  const maxMs =
    max === undefined ? Math.max(defaults.maxMs, initialMs) : durationMs(max, `${where}, retry.max`);
  if (maxMs < initialMs) {
    const what = `max ${formatDuration(maxMs)} is shorter than initial ${formatDuration(initialMs)}`;
    throw invalid(where, what, 'Raise max or lower initial.');
  }
  return {
    maxAttempts: attempts(options.maxAttempts ?? defaults.maxAttempts, where),
    initialMs,
    factor: within(options.factor ?? defaults.factor, where, 'factor', [1, MAX_FACTOR]),
    maxMs,
    jitter: within(options.jitter ?? defaults.jitter, where, 'jitter', [0, 1]),
    nonRetryable: codes(options.nonRetryable ?? defaults.nonRetryable, where),
  };
}

/**
 * How long to wait after a failed attempt: initial × factor^(n−1), at most `maxMs`, then shortened by the
 * jitter. Without jitter and with the defaults: 1 s, 2 s, 4 s, 8 s, … 60 s.
 * @param failedAttempt - from 1.
 * @param random01 - in [0, 1).
 * @param askedMs - what the failure asks to wait at least (`Retry-After`); it gets no more than `maxMs` either.
 * @returns whole ms.
 */
export function nextDelayMs(
  policy: RetryPolicy,
  failedAttempt: number,
  random01: number,
  askedMs = 0,
): number {
  const leastMs = Math.ceil(Math.min(askedMs, policy.maxMs));
  return Math.max(leastMs, ownDelayMs(policy, failedAttempt, random01));
}

function ownDelayMs(policy: RetryPolicy, failedAttempt: number, random01: number): number {
  if (policy.initialMs === 0) return 0; // 0 × an infinite power would not be a number
  const delayMs = Math.min(policy.initialMs * policy.factor ** (failedAttempt - 1), policy.maxMs);
  return Math.round(delayMs * (1 - policy.jitter * random01));
}

/** Errors of ours that come back however often the same code runs. */
const FINAL_CODES: ReadonlySet<string> = new Set([
  'ADDRESS_REFUSED',
  'ASYNC_TRANSACTION',
  'CANCELLED',
  'EXECUTOR_DISABLED',
  'EXPRESSION',
  'FOREIGN_AWAIT',
  'INVALID_ARGUMENT',
  'INVALID_DURATION',
  'INVALID_INPUT',
  'NOT_SERIALIZABLE',
  'PAYLOAD_TOO_LARGE',
  'REDIRECT_REFUSED',
  'UNKNOWN_OPTION',
  'UNKNOWN_SECRET',
]);
const FINAL_NAMES: ReadonlySet<string> = new Set(['MillraceError', 'CancelledError']);

/**
 * Whether another attempt may help. It may not for a `TerminalError`, for a caller's mistake that Millrace
 * refused, and for codes and names in `nonRetryable`. How many attempts are left is the caller's question.
 */
export function isRetryable(policy: RetryPolicy, failure: Failure): boolean {
  const { name, code } = failure;
  if (failure.terminal) return false;
  if (code !== undefined && FINAL_NAMES.has(name) && FINAL_CODES.has(code)) return false;
  return !policy.nonRetryable.some((entry) => {
    return entry === name || (code !== undefined && (entry === code || isOfClass(code, entry)));
  });
}

/** `HTTP_4XX` covers `HTTP_404`: each X after a digit stands for one digit. */
function isOfClass(code: string, entry: string): boolean {
  const match = /^(.*\d)(X+)$/.exec(entry);
  if (match === null || code.length !== entry.length) return false;
  const [, stem, rest] = match as unknown as [string, string, string]; // both groups take part in every match
  return code.startsWith(stem) && /^\d+$/.test(code.slice(-rest.length));
}

function attempts(value: unknown, where: string): number {
  if (!Number.isInteger(value))
    throw outside(value, where, 'maxAttempts', `a whole number, 1 to ${MAX_ATTEMPTS}`);
  return within(value, where, 'maxAttempts', [1, MAX_ATTEMPTS]);
}

function within(value: unknown, where: string, field: string, [min, max]: readonly [number, number]): number {
  if (typeof value === 'number' && value >= min && value <= max) return value;
  throw outside(value, where, field, `a number, ${min} to ${max}`);
}

function codes(value: unknown, where: string): readonly string[] {
  if (Array.isArray(value) && value.every((entry) => typeof entry === 'string' && entry !== ''))
    return [...value];
  throw outside(value, where, 'nonRetryable', "a list of codes, such as ['HTTP_4XX', 'DECLINED']");
}

function outside(value: unknown, where: string, field: string, allowed: string): MillraceError {
  return invalid(where, `${field} is ${show(value)}`, `Use ${allowed}.`);
}

function invalid(where: string, what: string, remedy: string): MillraceError {
  return new MillraceError('INVALID_ARGUMENT', `${where}, retry: ${what}`, { remedy });
}
