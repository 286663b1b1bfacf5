import { ERRORS, isErrorCode } from './codes.ts';
import type { ErrorCode } from './codes.ts';
import { MILLRACE_ERROR_NAMES, errorOf } from './failure.ts';
import type { Failure } from './failure.ts';
import { didYouMean } from './suggest.ts';

export { ERRORS } from './codes.ts';
export type { ErrorCode } from './codes.ts';

/** Machine-readable particulars of an error; plain data. */
export type ErrorDetails = Readonly<Record<string, unknown>>;

export interface MillraceErrorOptions {
  readonly details?: ErrorDetails | undefined;
  /** More precise than the remedy of the catalogue. */
  readonly remedy?: string | undefined;
  readonly cause?: unknown;
  /** The message is not followed by the remedy: for ways in which work ends, where nobody made a mistake. */
  readonly bare?: boolean | undefined;
}

/**
 * An error that Millrace raises: a caller's mistake, or a way in which work ended.
 * Recognise it by `code` through `isMillraceError`, not by `instanceof`: there may be two copies of the
 * package.
 */
export class MillraceError extends Error {
  readonly code: ErrorCode;
  readonly details: ErrorDetails;
  /** What to do about it. */
  readonly remedy: string;

  /**
   * @param code - a code of the catalogue.
   * @param what - what was wrong and the value seen, a clause without a full stop; `message` is it and the
   *   remedy.
   */
  constructor(code: ErrorCode, what: string, options: MillraceErrorOptions = {}) {
    const remedy = options.remedy ?? ERRORS[code].remedy;
    const message = options.bare ? what : `${what}. ${remedy}`;
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    nameError(this, 'MillraceError');
    this.code = code;
    this.details = options.details ?? {};
    this.remedy = remedy;
  }
}

/** Something did not happen within its time. Code `TIMEOUT`. */
export class TimeoutError extends MillraceError {
  /** @param what - what was waited for and how long: `signal "approved" did not arrive within 7d`. */
  constructor(what: string, details?: ErrorDetails) {
    super('TIMEOUT', what, { details, bare: true });
    nameError(this, 'TimeoutError');
  }
}

/** The run, or the scope around the work, was cancelled. Code `CANCELLED`. */
export class CancelledError extends MillraceError {
  /** @param reason - what the one who cancelled said. */
  constructor(reason?: string) {
    const what = reason === undefined ? 'cancelled' : `cancelled: ${reason}`;
    super('CANCELLED', what, { details: reason === undefined ? undefined : { reason }, bare: true });
    nameError(this, 'CancelledError');
  }
}

/**
 * What workflow code sees when a step failed for good. Code `STEP_FAILED`; `cause` is the last attempt's
 * error.
 */
export class StepError extends MillraceError {
  readonly step: string;
  /** How often it was tried; at least 1. */
  readonly attempts: number;

  /** @param failure - of the last attempt. */
  constructor(step: string, attempts: number, failure: Failure) {
    const tries = attempts === 1 ? '1 attempt' : `${attempts} attempts`;
    super('STEP_FAILED', `step "${step}" failed after ${tries}: ${failureLine(failure)}`, {
      details: { step, attempts, ...causeDetails(failure) },
      cause: errorOf(failure),
      bare: true,
    });
    nameError(this, 'StepError');
    this.step = step;
    this.attempts = attempts;
  }
}

/**
 * What workflow code sees when a child run did not complete. Code `CHILD_FAILED`; `cause` is the child's
 * error.
 */
export class ChildFailedError extends MillraceError {
  readonly workflow: string;
  readonly runId: string;

  /** @param failure - how the child ended. */
  constructor(workflow: string, runId: string, failure: Failure) {
    super('CHILD_FAILED', `child "${workflow}" (run ${runId}) did not complete: ${failureLine(failure)}`, {
      details: { workflow, runId, ...causeDetails(failure) },
      cause: errorOf(failure),
      bare: true,
    });
    nameError(this, 'ChildFailedError');
    this.workflow = workflow;
    this.runId = runId;
  }
}

export interface TerminalErrorOptions {
  /** The author's own code, stored with the failure and matched by `nonRetryable`. */
  readonly code?: string | undefined;
  readonly details?: unknown;
  readonly cause?: unknown;
}

/** Thrown by authors in a step: the step failed for good, no retry can help. Subclasses are terminal too. */
export class TerminalError extends Error {
  readonly code: string | undefined;
  readonly details: unknown;
  /** How copies of the package and stored failures recognise it. */
  declare readonly terminal: true;

  constructor(message: string, options: TerminalErrorOptions = {}) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    nameError(this, 'TerminalError');
    Object.defineProperty(this, 'terminal', { value: true });
    this.code = options.code;
    this.details = options.details;
  }
}

/**
 * Whether something caught is an error of Millrace, optionally with this code. Also true for errors of
 * another copy of the package and for errors rebuilt from a history.
 */
export function isMillraceError<C extends ErrorCode = ErrorCode>(
  error: unknown,
  code?: C,
): error is MillraceError & { readonly code: C } {
  if (typeof error !== 'object' || error === null) return false;
  const { name, code: found } = error as { readonly name?: unknown; readonly code?: unknown };
  if (typeof name !== 'string' || !MILLRACE_ERROR_NAMES.has(name)) return false;
  return isErrorCode(found) && (code === undefined || found === code);
}

const SHOWN_CHARS = 80;

/**
 * A value as an error message shows it: text quoted, objects by kind, at most about 80 characters. Never
 * throws.
 */
export function show(value: unknown): string {
  if (typeof value === 'string') return quote(value);
  if (typeof value === 'bigint') return `${value}n`;
  if (typeof value === 'function') return 'a function';
  if (typeof value !== 'object' || value === null) return String(value);
  if (Array.isArray(value)) return `an array of ${value.length}`;
  try {
    return quote(JSON.stringify(value), '');
  } catch {
    return 'an object';
  }
}

function quote(text: string, mark = '"'): string {
  if (text.length <= SHOWN_CHARS) return mark === '' ? text : JSON.stringify(text);
  return `${mark}${text.slice(0, SHOWN_CHARS)}…${mark} (${text.length} characters)`;
}

function failureLine(failure: Failure): string {
  const label = failure.code ?? failure.name;
  return failure.message === '' ? label : `${label}: ${failure.message}`;
}

function causeDetails(failure: Failure): ErrorDetails {
  return failure.code === undefined
    ? { message: failure.message }
    : { code: failure.code, message: failure.message };
}

/** Hidden, like the `name` of built-in errors, so that logs and the codec do not list it as a field. */
function nameError(error: Error, name: string): void {
  Object.defineProperty(error, 'name', {
    value: name,
    enumerable: false,
    configurable: true,
    writable: true,
  });
}

/**
 * Refuses an options object that has a key outside the allowed ones, so that a typing error is not silently
 * ignored.
 * @param where - the subject of the message: `ctx.step "charge"`.
 * @throws `INVALID_ARGUMENT` when it is not a plain object, `UNKNOWN_OPTION` with the likely spelling.
 */
export function checkOptions(where: string, options: unknown, allowedKeys: readonly string[]): void {
  if (options === undefined) return;
  if (typeof options !== 'object' || options === null || Array.isArray(options)) {
    throw new MillraceError('INVALID_ARGUMENT', `${where}: options must be an object, got ${show(options)}`);
  }
  for (const key of Object.keys(options)) {
    if (allowedKeys.includes(key)) continue;
    const guess = didYouMean(key, allowedKeys);
    throw new MillraceError('UNKNOWN_OPTION', `${where}: unknown option ${show(key)}`, {
      remedy: guess === undefined ? `Allowed: ${allowedKeys.join(', ')}.` : `Did you mean ${show(guess)}?`,
      details: {
        option: key,
        allowed: [...allowedKeys],
        ...(guess === undefined ? {} : { suggestion: guess }),
      },
    });
  }
}
