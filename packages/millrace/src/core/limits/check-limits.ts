import { MillraceError, show } from '../errors.ts';
import { checkKey } from '../names.ts';
import type { KeyLimit } from './limit.ts';

const MOST_KEYS = 10;
/** What every store can count. */
const MOST = 1_000_000_000;

/** The limits that a start brings along; undefined for none. @throws INVALID_ARGUMENT. */
export function checkLimits(where: string, limits: unknown): readonly KeyLimit[] | undefined {
  if (limits === undefined) return undefined;
  if (!Array.isArray(limits) || limits.length > MOST_KEYS) {
    const remedy = `Pass a list of at most ${MOST_KEYS}, such as [{ key: 'customer:7', max: 1 }].`;
    throw new MillraceError('INVALID_ARGUMENT', `${where}: limits is ${show(limits)}`, { remedy });
  }
  const checked = limits.map((limit: unknown, index) => keyLimit(`${where}: limits[${index}]`, limit));
  const keys = checked.map(({ key }) => key);
  const twice = keys.find((key, index) => keys.indexOf(key) !== index);
  if (twice === undefined) return checked.length === 0 ? undefined : checked;
  throw new MillraceError('INVALID_ARGUMENT', `${where}: limits names key ${show(twice)} twice`, {
    remedy: 'Name each key once.',
  });
}

function keyLimit(where: string, limit: unknown): KeyLimit {
  if (typeof limit !== 'object' || limit === null || !('key' in limit) || !('max' in limit)) {
    const remedy = "Write it as { key: 'customer:7', max: 1 }.";
    throw new MillraceError('INVALID_ARGUMENT', `${where} is ${show(limit)}`, { remedy });
  }
  const { key, max } = limit;
  checkKey(key);
  return { key, max: checkCount(`${where}.max`, max) };
}

/** How many there may be of something. @throws INVALID_ARGUMENT. */
export function checkCount(what: string, value: unknown): number {
  if (Number.isInteger(value) && (value as number) >= 1 && (value as number) <= MOST) return value as number;
  const remedy = 'Pass a whole number from 1 on; to let nothing begin, pause.';
  throw new MillraceError('INVALID_ARGUMENT', `${what} is ${show(value)}`, { remedy });
}

/** One in about a day. */
const LEAST_RATE = 0.00001;

/** How many may begin in a second. @throws INVALID_ARGUMENT. */
export function checkRate(what: string, value: unknown): number {
  if (typeof value === 'number' && value >= LEAST_RATE && value <= MOST) return value;
  const remedy = 'Pass a number above 0, 0.5 for one every two seconds; to let nothing begin, pause.';
  throw new MillraceError('INVALID_ARGUMENT', `${what} is ${show(value)}`, { remedy });
}
