import { maskUrl } from '../core/configuration/mask-url.ts';
import { durationMs } from '../core/duration.ts';
import { MillraceError, show } from '../core/errors.ts';
import { didYouMean } from '../core/suggest.ts';

/** Reads one field. Throws an error whose message says what is allowed. */
export type Reader<T> = (value: unknown) => T;

type Readers<T> = { readonly [K in keyof T]-?: Reader<T[K]> };

/**
 * The input of an executor, every field read. Fields that are null count as left out.
 * @throws INVALID_INPUT with every problem at once; no retry can help.
 */
export function readInput<T extends object>(executor: string, input: unknown, readers: Readers<T>): T {
  const given = input ?? {};
  if (!isRecord(given))
    throw refused(executor, [{ path: '', message: `is ${shown(input)}: must be an object` }]);
  const issues: Issue[] = [];
  for (const key of Object.keys(given)) {
    if (!Object.hasOwn(readers, key))
      issues.push({ path: key, message: unknownKey(key, Object.keys(readers)) });
  }
  const fields: Record<string, unknown> = {};
  for (const [key, reader] of Object.entries<Reader<unknown>>(readers)) {
    const value = Object.hasOwn(given, key) ? (given[key] ?? undefined) : undefined;
    try {
      fields[key] = reader(value);
    } catch (error) {
      const { message } = error as Error;
      issues.push({
        path: key,
        message: value === undefined ? `is missing: ${message}` : `is ${shown(value)}: ${message}`,
      });
    }
  }
  if (issues.length > 0) throw refused(executor, issues);
  // Every field has been read by its own reader.
  return fields as T;
}

interface Issue {
  readonly path: string;
  readonly message: string;
}

function refused(executor: string, issues: readonly Issue[]): MillraceError {
  const list = issues.map(({ path, message }) => `${path === '' ? 'it' : path} ${message}`).join('; ');
  return new MillraceError('INVALID_INPUT', `input of ${executor} is refused: ${list}`, {
    details: { issues },
  });
}

function unknownKey(key: string, known: readonly string[]): string {
  const guess = didYouMean(key, known);
  if (guess !== undefined) return `is not known; did you mean ${guess}?`;
  return known.length === 0
    ? 'is not known: there are no keys'
    : `is not known; there are ${known.join(', ')}`;
}

function shown(value: unknown): string {
  return show(typeof value === 'string' ? maskUrl(value) : value);
}

export function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return (
    typeof value === 'object' && value !== null && !Array.isArray(value) && !(value instanceof Uint8Array)
  );
}

export function optional<T>(reader: Reader<T>): Reader<T | undefined> {
  return (value) => (value === undefined ? undefined : reader(value));
}

export function anything(value: unknown): unknown {
  return value;
}

export function text(value: unknown): string {
  if (typeof value === 'string') return value;
  throw new Error('must be text');
}

/** Text that has something in it. */
export function word(value: unknown): string {
  if (typeof value === 'string' && value !== '') return value;
  throw new Error('must be text, and not empty');
}

/** Text that becomes a header: a line break would begin another one. */
export function line(value: unknown): string {
  // oxlint-disable-next-line no-control-regex -- these are what it is about
  if (typeof value === 'string' && !/[\u0000-\u001f\u007f]/.test(value)) return value;
  throw new Error('must be text on one line');
}

export function wholeNumber(least: number, most: number): Reader<number> {
  return (value) => {
    if (Number.isInteger(value) && Number(value) >= least && Number(value) <= most) return Number(value);
    throw new Error(`must be a whole number from ${least} to ${most}`);
  };
}

export function yesOrNo(value: unknown): boolean {
  if (typeof value === 'boolean') return value;
  throw new Error('must be true or false');
}

export function duration(value: unknown): number {
  try {
    const ms = typeof value === 'string' || typeof value === 'number' ? durationMs(value) : 0;
    if (ms > 0) return ms;
  } catch {
    // What is allowed says it better.
  }
  throw new Error("must be a duration such as '30s' or a number of ms");
}

export function oneOf<const W extends string>(...words: readonly W[]): Reader<W> {
  return (value) => {
    const found = words.find((one) => one === value);
    if (found !== undefined) return found;
    const guess = typeof value === 'string' ? didYouMean(value, words) : undefined;
    throw new Error(
      `must be one of ${words.join(', ')}${guess === undefined ? '' : `; did you mean ${guess}?`}`,
    );
  };
}

export function listOf<T>(reader: Reader<T>): Reader<readonly T[]> {
  return (value) => {
    if (!Array.isArray(value)) throw new Error('must be a list');
    return value.map((item, at) => inside(`[${at}]`, item, reader));
  };
}

export function recordOf<T>(reader: Reader<T>): Reader<Readonly<Record<string, T>>> {
  return (value) => {
    if (!isRecord(value)) throw new Error('must be an object');
    return Object.fromEntries(
      Object.entries(value).map(([key, item]) => [key, inside(key, item, reader)] as const),
    );
  };
}

function inside<T>(at: string, value: unknown, reader: Reader<T>): T {
  try {
    return reader(value);
  } catch (error) {
    throw new Error(`${at} ${(error as Error).message}`, { cause: error });
  }
}
