import { MillraceError, show } from './errors.ts';

type ShortUnit = 'ms' | 's' | 'm' | 'h' | 'd' | 'w';
type WordUnit =
  | `millisecond${'' | 's'}`
  | `sec${'' | 's' | 'ond' | 'onds'}`
  | `min${'' | 's' | 'ute' | 'utes'}`
  | `hr${'' | 's'}`
  | `hour${'' | 's'}`
  | `day${'' | 's'}`
  | `week${'' | 's'}`;

/**
 * How durations are written in code: milliseconds as a number, or text `(number unit)+` such as `'30s'`, `'1h
 * 30m'`, `'1.5 hours'`, or ISO 8601 such as `'PT15M'`. Text that is known only at run time goes through
 * `durationMs` first.
 */
export type Duration =
  | number
  | `${number}${ShortUnit | WordUnit}`
  | `${number} ${WordUnit | ShortUnit}`
  | `${number}${ShortUnit}${' ' | ''}${number}${string}`
  | `${number} ${WordUnit} ${string}`
  | `P${string}`;

const SECOND = 1000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;
const WEEK = 7 * DAY;

/** 100 years of 365.25 days. Longer ones are typing errors, and every instant stays far below 2^53. */
export const MAX_DURATION_MS = 36_525 * DAY;

const UNIT_MS: ReadonlyMap<string, number> = new Map([
  ...units(1, 'ms', 'millisecond', 'milliseconds'),
  ...units(SECOND, 's', 'sec', 'secs', 'second', 'seconds'),
  ...units(MINUTE, 'm', 'min', 'mins', 'minute', 'minutes'),
  ...units(HOUR, 'h', 'hr', 'hrs', 'hour', 'hours'),
  ...units(DAY, 'd', 'day', 'days'),
  ...units(WEEK, 'w', 'week', 'weeks'),
]);

function units(ms: number, ...names: string[]): [string, number][] {
  return names.map((name) => [name, ms]);
}

const PART = /(\d+(?:\.\d+)?|\.\d+)\s*([a-z]+)\s*/giy;
const NUMBER = '(\\d+(?:[.,]\\d+)?)';
const ISO = new RegExp(
  `^P(?:${NUMBER}W)?(?:${NUMBER}D)?(?:T(?=\\d)(?:${NUMBER}H)?(?:${NUMBER}M)?(?:${NUMBER}S)?)?$`,
  'i',
);
const ISO_UNITS = [WEEK, DAY, HOUR, MINUTE, SECOND];
const CALENDAR_UNIT = /^(?:mo|mon|months?|y|yrs?|years?)$/;
/** Longer text is not a duration; also bounds the work of the patterns. */
const MAX_CHARS = 200;

/**
 * Milliseconds of a duration.
 * @param value - a number (ms), text `(number unit)+` with the units ms s m h d w or English words in any
 *   case, ISO 8601 without months and years, or a `Temporal.Duration` without them.
 * @param where - the subject of the error message: `step "charge": timeout`.
 * @returns a whole number from 0 to `MAX_DURATION_MS`; fractions of a millisecond are rounded up.
 * @throws `INVALID_DURATION` with the value and the reason.
 */
export function durationMs(value: unknown, where = 'duration'): number {
  const ms = typeof value === 'number' ? value : textMs(value, where);
  if (Number.isNaN(ms)) throw refusal(value, where, 'not a number');
  if (ms < 0) throw refusal(value, where, 'negative');
  if (ms > MAX_DURATION_MS) {
    const remedy = 'Use at most 36525 days (100 years); leave the option out where there should be no limit.';
    throw refusal(value, where, 'too long', remedy);
  }
  // 15 digits remove the noise of binary fractions (1.005 s is 1005 ms, not 1004.9999999999999); -0 becomes
  // 0.
  return Math.ceil(Number(ms.toPrecision(15)));
}

function textMs(value: unknown, where: string): number {
  const text = typeof value === 'string' ? value.trim() : temporalText(value);
  if (text === undefined) throw refusal(value, where, 'neither a number nor text');
  if (text === '') throw refusal(value, where, 'empty');
  if (text.length > MAX_CHARS) throw refusal(value, where, 'too many characters');
  if (text.startsWith('-')) throw refusal(value, where, 'negative');
  return /^p/i.test(text) ? isoMs(text, value, where) : partsMs(text, value, where);
}

/** A `Temporal.Duration` writes itself as ISO 8601. */
function temporalText(value: unknown): string | undefined {
  return Object.prototype.toString.call(value) === '[object Temporal.Duration]' ? String(value) : undefined;
}

function partsMs(text: string, value: unknown, where: string): number {
  let total = 0;
  PART.lastIndex = 0;
  for (let end = 0; end < text.length; end = PART.lastIndex) {
    const part = PART.exec(text);
    if (part === null) {
      const rest = text.slice(end);
      const reason = /^[.\d]+$/.test(rest) ? `${show(rest)} has no unit` : `cannot read ${show(rest)}`;
      throw refusal(value, where, reason);
    }
    const [, count, word] = part as unknown as [string, string, string]; // both groups take part in every match
    const unit = UNIT_MS.get(word.toLowerCase());
    if (unit === undefined) throw unknownUnit(word, value, where);
    total += Number(count) * unit;
  }
  return total;
}

function isoMs(text: string, value: unknown, where: string): number {
  if (/^p[^t]*\d[ym]/i.test(text)) throw unknownUnit('months', value, where);
  const match = ISO.exec(text);
  if (match === null || text.length === 1) throw refusal(value, where, 'not an ISO 8601 duration');
  return ISO_UNITS.reduce(
    (total, unit, i) => total + Number((match[i + 1] ?? '0').replace(',', '.')) * unit,
    0,
  );
}

function unknownUnit(word: string, value: unknown, where: string): MillraceError {
  if (!CALENDAR_UNIT.test(word.toLowerCase())) return refusal(value, where, `unknown unit ${show(word)}`);
  const remedy = 'Write days or weeks, or compute the instant and wait until then.';
  return refusal(value, where, 'months and years have no fixed length', remedy);
}

function refusal(value: unknown, where: string, reason: string, remedy?: string): MillraceError {
  const what = `${where}: ${show(value)} is not a valid duration: ${reason}`;
  return new MillraceError('INVALID_DURATION', what, {
    details: { where, value: show(value), reason },
    remedy,
  });
}

/**
 * A duration as people read it, in a form that `durationMs` reads back: `'0ms'`, `'1h 30m'`, `'2d 250ms'`.
 * @param ms - milliseconds; fractions are rounded to whole ones. A negative one gets a leading minus (not
 *   read back).
 */
export function formatDuration(ms: number): string {
  let rest = Math.round(Math.abs(ms));
  if (!Number.isFinite(rest)) return `${ms}ms`;
  if (rest === 0) return '0ms';
  const parts: string[] = [];
  for (const [unit, name] of FORMAT) {
    const count = Math.floor(rest / unit);
    if (count > 0) parts.push(`${count}${name}`);
    rest -= count * unit;
  }
  return ms < 0 ? `-${parts.join(' ')}` : parts.join(' ');
}

const FORMAT: readonly (readonly [number, string])[] = [
  [DAY, 'd'],
  [HOUR, 'h'],
  [MINUTE, 'm'],
  [SECOND, 's'],
  [1, 'ms'],
];
