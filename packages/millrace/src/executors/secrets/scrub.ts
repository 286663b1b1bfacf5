import { errorOf, failureOf } from '../../core/failure.ts';
import { isRecord } from '../input.ts';
import { LEAST_PART, needlesOf, patternOf, spellingsOf } from './forms.ts';

/** Takes the text of secrets out of what an attempt gives. */
export interface Scrubber {
  text(text: string): string;
  /** The value without them; the very value where there is none in it. */
  value(value: unknown): unknown;
  /** What was thrown, with its causes, as an error of the same name and code. */
  error(thrown: unknown): Error;
}

const CAUSE_DEPTH = 8;

/** @param secrets - each is shown as `***NAME***`. */
export function createScrubber(secrets: readonly Matcher[]): Scrubber {
  // The longest first: one may be a part of another.
  const matchers = secrets.toSorted((a, b) => b.secret.length - a.secret.length);
  const text = (given: string): string => matchers.reduce((clean, { scrub }) => scrub(clean), given);
  const value = (given: unknown): unknown => walk(given, []);

  function walk(given: unknown, around: readonly object[]): unknown {
    if (typeof given === 'string') return text(given);
    // JSON turns digits into numbers.
    if (typeof given === 'number' || typeof given === 'bigint') {
      return secrets.some(({ secret }) => secret === String(given)) ? text(String(given)) : given;
    }
    // The codec refuses what contains itself, and says where.
    if (typeof given !== 'object' || given === null || around.includes(given)) return given;
    return part(given, [...around, given]);
  }

  function part(given: object, around: readonly object[]): unknown {
    if (given instanceof Error) return error(given);
    if (given instanceof Date) return given;
    if (given instanceof Uint8Array) return bytes(given);
    if (given instanceof ArrayBuffer) return bytes(new Uint8Array(given));
    if (Array.isArray(given))
      return kept(
        given,
        given.map((item) => walk(item, around)),
      );
    if (given instanceof Set) return new Set([...given].map((item) => walk(item, around)));
    if (given instanceof Map) {
      return new Map([...given].map(([key, item]) => [walk(key, around), walk(item, around)]));
    }
    const { toJSON } = given as { readonly toJSON?: unknown };
    if (typeof toJSON === 'function') {
      const shown: unknown = toJSON.call(given, '');
      const scrubbed = walk(shown, around);
      return scrubbed === shown ? given : scrubbed;
    }
    const entries = Object.entries(given);
    const clean = entries.map(([key, item]) => [text(key), walk(item, around)] as const);
    const isClean = clean.every(([key, item], at) => key === entries[at]?.[0] && item === entries[at]?.[1]);
    return isClean ? given : Object.fromEntries(clean);
  }

  function bytes(given: Uint8Array): Uint8Array {
    // One character a byte; a secret beyond ASCII is looked for as UTF-8 writes it.
    const shown = Buffer.from(given).toString('latin1');
    const scrubbed = matchers.reduce((clean, { scrubBytes }) => scrubBytes(clean), shown);
    return scrubbed === shown ? given : Uint8Array.from(Buffer.from(scrubbed, 'latin1'));
  }
  /** Before it is cut to what is stored: half a secret would not be found any more. */
  function error(thrown: unknown): Error {
    try {
      return errorOf(failureOf(legible(thrown, 0)));
    } catch {
      return new Error('an error that cannot be shown');
    }
  }

  function legible(thrown: unknown, depth: number): unknown {
    if (!isErrorLike(thrown)) return value(thrown);
    const given = thrown as Readonly<Record<string, unknown>>;
    const { cause, errors } = given;
    return {
      ...Object.fromEntries(
        ['name', 'message', 'code', 'stack', 'details', 'terminal', 'retryAfterMs'].map((key) => [
          key,
          value(given[key]),
        ]),
      ),
      ...(Array.isArray(errors) ? { errors: errors.map((member) => text(String(member))) } : {}),
      ...(cause === undefined || depth >= CAUSE_DEPTH ? {} : { cause: legible(cause, depth + 1) }),
    };
  }

  return { text, value, error };
}

function isErrorLike(thrown: unknown): boolean {
  if (thrown instanceof Error) return true;
  return isRecord(thrown) && typeof thrown['message'] === 'string' && typeof thrown['name'] === 'string';
}

function kept(given: readonly unknown[], scrubbed: readonly unknown[]): readonly unknown[] {
  return scrubbed.every((item, at) => item === given[at]) ? given : scrubbed;
}

/** What finds one secret; it takes a while to make, and is made once for each. */
export interface Matcher {
  readonly secret: string;
  scrub(text: string): string;
  /** Of text with one character for each byte. */
  scrubBytes(text: string): string;
}

export function matcherOf(name: string, secret: string): Matcher {
  const shown = `***${name}***`;
  return {
    secret,
    scrub: replacer(secret, shown),
    scrubBytes: replacer(Buffer.from(secret).toString('latin1'), shown),
  };
}

function replacer(secret: string, shown: string): (text: string) => string {
  if (secret === '') return (text) => text;
  const needles = needlesOf(secret).toSorted((a, b) => b.length - a.length);
  const whole = new RegExp(needles.map(patternOf).join('|'), 'g');
  const spellings = needles.flatMap(spellingsOf);
  return (text) =>
    withoutPieces(
      text.replace(whole, () => shown),
      spellings,
      shown,
    );
}

/** Messages are cut, mostly with `…`: what is left of a secret before a cut, or at the ends of a text, goes as well. */
function withoutPieces(text: string, spellings: readonly string[], shown: string): string {
  return text
    .split('…')
    .map((whole) => {
      let part = whole;
      for (const spelling of spellings) {
        const begin = beginningAtEnd(part, spelling);
        if (begin !== undefined) part = `${part.slice(0, begin)}${shown}`;
        const end = endAtBeginning(part, spelling);
        if (end !== undefined) part = `${shown}${part.slice(end)}`;
      }
      return part;
    })
    .join('…');
}

/** Where the text ends with the beginning of the form. */
function beginningAtEnd(text: string, form: string): number | undefined {
  if (form.length < LEAST_PART) return undefined;
  const head = form.slice(0, LEAST_PART);
  for (let at = text.indexOf(head, text.length - form.length); at >= 0; at = text.indexOf(head, at + 1)) {
    if (form.startsWith(text.slice(at))) return at;
  }
  return undefined;
}

/** Where the end of the form is over with which the text begins. */
function endAtBeginning(text: string, form: string): number | undefined {
  if (form.length < LEAST_PART) return undefined;
  const tail = form.slice(-LEAST_PART);
  const begin = text.slice(0, form.length);
  for (let at = begin.indexOf(tail); at >= 0; at = begin.indexOf(tail, at + 1)) {
    const end = at + LEAST_PART;
    if (form.endsWith(begin.slice(0, end))) return end;
  }
  return undefined;
}
