import { MAX_DEPTH } from '../../../json/format.ts';
import { show } from '../../../errors.ts';
import { Fault } from './fault.ts';
import { spend, spendChars, spendSize } from './meter.ts';
import type { Meter } from './meter.ts';

/**
 * What an expression computes with. An int is a bigint, a double a number. Lists and maps of the input and of outputs
 * stay as they are, and what is in them is converted when it is looked at; those that an expression makes hold values.
 */
export type Value = null | boolean | string | bigint | number | MadeList | MadeMap | RawList | RawMap;

export type MadeMap = ReadonlyMap<string, Value>;
export type RawList = readonly unknown[];
export type RawMap = Readonly<Record<string, unknown>>;

export class MadeList {
  readonly items: readonly Value[];

  constructor(items: readonly Value[]) {
    this.items = items;
  }
}

/** A part of the input or of an output. An integral number that JSON keeps exactly is an int. */
export function read(raw: unknown): Value {
  if (typeof raw === 'string' || typeof raw === 'boolean' || raw === null) return raw;
  if (typeof raw === 'number') return Number.isSafeInteger(raw) && !Object.is(raw, -0) ? BigInt(raw) : raw;
  if (Array.isArray(raw)) return raw;
  // By what it says it is, not by its prototype: values come from other realms too.
  if (Object.prototype.toString.call(raw) === '[object Object]') return raw as RawMap;
  throw new Fault(`the value there, ${show(raw)}, is not JSON`);
}

export function isList(value: Value): value is MadeList | RawList {
  return value instanceof MadeList || Array.isArray(value);
}

export function isMap(value: Value): value is MadeMap | RawMap {
  return typeof value === 'object' && value !== null && !isList(value);
}

export function isNumeric(value: Value): value is bigint | number {
  return typeof value === 'bigint' || typeof value === 'number';
}

/** The word for its type in messages. */
export function typeOf(value: Value): string {
  switch (typeof value) {
    case 'boolean':
      return 'a bool';
    case 'string':
      return 'a string';
    case 'bigint':
      return 'an int';
    case 'number':
      return 'a double';
    default:
      return value === null ? 'null' : isList(value) ? 'a list' : 'a map';
  }
}

export function lengthOf(list: MadeList | RawList): number {
  return list instanceof MadeList ? list.items.length : list.length;
}

/** Undefined: it is not there. */
export function itemAt(list: MadeList | RawList, index: number): Value | undefined {
  if (list instanceof MadeList) return list.items[index];
  return list[index] === undefined ? undefined : read(list[index]);
}

export function keysOf(map: MadeMap | RawMap): readonly string[] {
  return map instanceof Map ? [...(map as MadeMap).keys()] : Object.keys(map);
}

/** Undefined: it is not there. Only own fields: `constructor` and `__proto__` are keys like others. */
export function fieldOf(map: MadeMap | RawMap, key: string): Value | undefined {
  if (map instanceof Map) return (map as MadeMap).get(key);
  if (!Object.hasOwn(map, key)) return undefined;
  const raw = (map as RawMap)[key];
  return raw === undefined ? undefined : read(raw);
}

/** CEL's equality: numbers by what they are worth, different types are not equal. */
export function equal(left: Value, right: Value, meter: Meter, depth = 0): boolean {
  if (typeof left === 'string') {
    if (typeof right !== 'string' || left.length !== right.length) return false;
    spendChars(meter, left.length);
    return left === right;
  }
  if (left === right) return true;
  if (isNumeric(left)) return isNumeric(right) && left == right; // oxlint-disable-line eqeqeq -- bigint and number
  if (left === null || right === null || typeof left !== 'object' || typeof right !== 'object') return false;
  if (depth > MAX_DEPTH) throw new Fault(`a value is nested deeper than ${MAX_DEPTH} levels`);
  if (isList(left)) return isList(right) && equalLists(left, right, meter, depth + 1);
  return !isList(right) && equalMaps(left, right, meter, depth + 1);
}

function equalLists(
  left: MadeList | RawList,
  right: MadeList | RawList,
  meter: Meter,
  depth: number,
): boolean {
  const length = lengthOf(left);
  if (length !== lengthOf(right)) return false;
  for (let i = 0; i < length; i++) {
    spend(meter, 1);
    const [a, b] = [itemAt(left, i), itemAt(right, i)];
    if (a === undefined || b === undefined || !equal(a, b, meter, depth)) return false;
  }
  return true;
}

function equalMaps(left: MadeMap | RawMap, right: MadeMap | RawMap, meter: Meter, depth: number): boolean {
  const keys = keysOf(left);
  spend(meter, keys.length);
  if (keys.length !== keysOf(right).length) return false;
  return keys.every((key) => {
    const [a, b] = [fieldOf(left, key), fieldOf(right, key)];
    return a !== undefined && b !== undefined && equal(a, b, meter, depth);
  });
}

/** The JSON value of a result. Parts of the input and of outputs are handed on, not copied. */
export function plain(value: Value, meter: Meter): unknown {
  if (typeof value === 'bigint') return plainInt(value);
  if (typeof value === 'number' && !Number.isFinite(value)) throw new Fault(`the double ${value} is no JSON`);
  if (value instanceof MadeList) return value.items.map((item) => plainPart(item, meter));
  return value instanceof Map ? plainMap(value as MadeMap, meter) : value;
}

function plainInt(value: bigint): number {
  if (value >= Number.MIN_SAFE_INTEGER && value <= Number.MAX_SAFE_INTEGER) return Number(value);
  throw new Fault(`the int ${value} is outside the range that JSON keeps exactly; string() makes text of it`);
}

/** Inside a made value: counted, for the same part may stand in it many times. */
function plainPart(value: Value, meter: Meter): unknown {
  const isMade = value instanceof MadeList || value instanceof Map;
  if (isMade) spendSize(meter, VALUE_CHARS);
  const out = plain(value, meter);
  if (!isMade) weigh(out, meter);
  return out;
}

/** Of any value, beside the characters of its texts. */
const VALUE_CHARS = 8;

function plainMap(map: MadeMap, meter: Meter): RawMap {
  return recordOf(
    [...map].map(([key, value]) => {
      spendSize(meter, key.length + 3);
      return [key, plainPart(value, meter)] as const;
    }),
  );
}

/** An object of these entries; a key `__proto__` is one like others. */
export function recordOf(entries: Iterable<readonly [string, unknown]>): RawMap {
  return Object.fromEntries(entries);
}

/** Counts what the JSON of a value takes, about. */
export function weigh(raw: unknown, meter: Meter): void {
  const left: unknown[] = [raw];
  while (left.length > 0) {
    const next = left.pop();
    spendSize(meter, typeof next === 'string' ? next.length + VALUE_CHARS : VALUE_CHARS);
    if (typeof next !== 'object' || next === null) continue;
    if (Array.isArray(next)) for (const item of next) left.push(item);
    else {
      for (const [key, item] of Object.entries(next)) {
        spendSize(meter, key.length + 3);
        left.push(item);
      }
    }
  }
}
