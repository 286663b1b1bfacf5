import { ERRORS, isErrorCode } from './codes.ts';

/**
 * The stored form of anything that was thrown. It is part of histories: fields may be added, never changed.
 * All of it is plain JSON, so that recording a failure can never fail itself.
 */
export interface Failure {
  /** Class name of the error; `'NonError'` when something else than an error was thrown. */
  readonly name: string;
  readonly message: string;
  /** The error's own code, as text. */
  readonly code?: string;
  /** At most 20 lines. */
  readonly stack?: string;
  /** The error's own `details` as JSON keeps them. */
  readonly details?: unknown;
  /** Set when the thrower declared that no retry can help. */
  readonly terminal?: true;
  /** How long the thrower asks to wait before another attempt, ms. */
  readonly retryAfterMs?: number;
  readonly cause?: Failure;
}

/**
 * Names of the errors that Millrace raises itself; with a code of the catalogue they identify one of ours.
 */
export const MILLRACE_ERROR_NAMES: ReadonlySet<string> = new Set([
  'MillraceError',
  'TimeoutError',
  'CancelledError',
  'StepError',
  'ChildFailedError',
]);

const MESSAGE_CHARS = 16_384;
const DETAILS_CHARS = 65_536;
const SHORT_CHARS = 256;
const STACK_LINES = 20;
const STACK_CHARS = 8192;
/** A chain of causes is cut here: deeper ones explain nothing any more and a cyclic one would never end. */
const CAUSE_DEPTH = 8;

/**
 * Turns anything thrown into its stored form. Never throws: a getter that throws counts as absent.
 * @param thrown - an error, or whatever else was thrown: text, null, an object without prototype.
 * @returns message at most 16,384 characters (a longer one is cut and says so), stack at most 20 lines, at
 *   most 8 causes.
 */
export function failureOf(thrown: unknown): Failure {
  return failureAt(thrown, [], 0);
}

function failureAt(thrown: unknown, seen: object[], depth: number): Failure {
  if (typeof thrown !== 'object' || thrown === null)
    return { name: 'NonError', message: cut(textOf(thrown)) };
  const message = read(thrown, 'message');
  if (!isErrorLike(thrown, message)) return nonErrorObject(thrown);

  const failure: { -readonly [K in keyof Failure]: Failure[K] } = {
    name: nameOf(thrown),
    message: typeof message === 'string' ? cut(message) : '',
  };
  const code = read(thrown, 'code');
  if (typeof code === 'string' && code !== '') failure.code = code.slice(0, SHORT_CHARS);
  else if (typeof code === 'number') failure.code = String(code);
  const stack = read(thrown, 'stack');
  if (typeof stack === 'string' && stack !== '') failure.stack = cutStack(stack);
  const details = plain(read(thrown, 'details') ?? membersOf(thrown));
  if (details !== undefined) failure.details = details;
  if (read(thrown, 'terminal') === true) failure.terminal = true;
  const retryAfterMs = read(thrown, 'retryAfterMs');
  if (Number.isFinite(retryAfterMs) && Number(retryAfterMs) >= 0) failure.retryAfterMs = Number(retryAfterMs);
  const cause = read(thrown, 'cause');
  if (cause === undefined || depth + 1 >= CAUSE_DEPTH) return failure;
  seen.push(thrown);
  if (typeof cause !== 'object' || cause === null || !seen.includes(cause)) {
    failure.cause = failureAt(cause, seen, depth + 1);
  }
  return failure;
}

/**
 * Rebuilds an error from its stored form: an `Error` with the stored name, message, code, stack, details and
 * cause. It is not an instance of the original class; recognise errors by `code` (see `isMillraceError`).
 */
export function errorOf(failure: Failure): Error {
  const error =
    failure.cause === undefined ? new Error(failure.message) : new Error(failure.message, causeOf(failure));
  hidden(error, 'name', failure.name);
  hidden(error, 'stack', failure.stack ?? `${failure.name}: ${failure.message}`);
  const { code } = failure;
  if (code !== undefined) hidden(error, 'code', code, true);
  if (failure.details !== undefined) hidden(error, 'details', failure.details, true);
  if (failure.terminal) hidden(error, 'terminal', true);
  if (failure.retryAfterMs !== undefined) hidden(error, 'retryAfterMs', failure.retryAfterMs);
  if (isErrorCode(code) && MILLRACE_ERROR_NAMES.has(failure.name))
    hidden(error, 'remedy', ERRORS[code].remedy);
  return error;
}

function causeOf(failure: Failure): ErrorOptions {
  return { cause: failure.cause && errorOf(failure.cause) };
}

function hidden(target: Error, key: string, value: unknown, enumerable = false): void {
  Object.defineProperty(target, key, { value, enumerable, configurable: true, writable: true });
}

function isErrorLike(thrown: object, message: unknown): boolean {
  return thrown instanceof Error || (typeof message === 'string' && typeof read(thrown, 'name') === 'string');
}

function nonErrorObject(thrown: object): Failure {
  let message: string;
  try {
    message = JSON.stringify(thrown) ?? textOf(thrown);
  } catch {
    message = textOf(thrown);
  }
  return { name: 'NonError', message: cut(message) };
}

function nameOf(error: object): string {
  const name = read(error, 'name');
  return typeof name === 'string' && name !== '' ? name.slice(0, SHORT_CHARS) : 'Error';
}

/** The members of an AggregateError (`Promise.any`), which has no cause, as lines. */
function membersOf(error: object): { errors: string[] } | undefined {
  const errors = read(error, 'errors');
  if (!Array.isArray(errors)) return undefined;
  return { errors: errors.slice(0, CAUSE_DEPTH).map((member) => cut(textOf(member))) };
}

/** What JSON keeps of a value; nothing when it cannot be written, a note in its place when it is too long. */
function plain(value: unknown): unknown {
  try {
    const text = JSON.stringify(value) as string | undefined;
    if (text === undefined) return undefined;
    return text.length <= DETAILS_CHARS ? JSON.parse(text) : { cut: `${text.length} characters of JSON` };
  } catch {
    return undefined;
  }
}

/** String() throws for symbols in templates, objects without prototype and hostile toString functions. */
function textOf(value: unknown): string {
  try {
    return String(value);
  } catch {
    return 'an object that cannot be shown as text';
  }
}

function read(target: object, key: string): unknown {
  try {
    return (target as Readonly<Record<string, unknown>>)[key];
  } catch {
    return undefined;
  }
}

function cut(text: string): string {
  if (text.length <= MESSAGE_CHARS) return text;
  const kept = text.slice(0, MESSAGE_CHARS).replace(/[\uD800-\uDBFF]$/, '');
  return `${kept}… (cut: ${text.length} characters)`;
}

function cutStack(stack: string): string {
  return stack.slice(0, STACK_CHARS).split('\n', STACK_LINES).join('\n');
}
