import { show } from '../../../errors.ts';
import { Fault } from './fault.ts';
import { spend, spendChars } from './meter.ts';
import type { Meter } from './meter.ts';
import { itemsOf, toInt } from './operators.ts';
import { matches } from './pattern/pattern.ts';
import { readPattern } from './pattern/read-pattern.ts';
import { MadeList, isList, isMap, keysOf, lengthOf, typeOf } from './value.ts';
import type { Value } from './value.ts';

/** A function; of a method the first argument is what it is called on. */
export interface CelFunction {
  readonly least: number;
  readonly most: number;
  apply(args: readonly Value[], meter: Meter): Value;
}

/** `name(…)`. There is no clock and no chance among them: a replay must compute the same. */
export const FUNCTIONS: ReadonlyMap<string, CelFunction> = new Map([
  ['size', { least: 1, most: 1, apply: size }],
  ['matches', { least: 2, most: 2, apply: matchesComputed }],
  ['string', { least: 1, most: 1, apply: toText }],
  ['int', { least: 1, most: 1, apply: int }],
  ['double', { least: 1, most: 1, apply: double }],
  ['bool', { least: 1, most: 1, apply: bool }],
]);

/** `value.name(…)`. */
export const METHODS: ReadonlyMap<string, CelFunction> = new Map([
  ['size', { least: 1, most: 1, apply: size }],
  ['matches', { least: 2, most: 2, apply: matchesComputed }],
  ['contains', onText('contains', (text, part) => text.includes(part))],
  ['startsWith', onText('startsWith', (text, part) => text.startsWith(part))],
  ['endsWith', onText('endsWith', (text, part) => text.endsWith(part))],
  ['lowerAscii', ofText('lowerAscii', (text) => text.replaceAll(/[A-Z]+/g, (part) => part.toLowerCase()))],
  ['upperAscii', ofText('upperAscii', (text) => text.replaceAll(/[a-z]+/g, (part) => part.toUpperCase()))],
  ['trim', ofText('trim', (text) => text.trim())],
  ['split', { least: 2, most: 2, apply: split }],
  ['join', { least: 1, most: 2, apply: join }],
]);

function size([value = null]: readonly Value[], meter: Meter): Value {
  if (typeof value === 'string') {
    spendChars(meter, value.length);
    let count = 0n;
    for (const _ of value) count++;
    return count;
  }
  if (isList(value)) return BigInt(lengthOf(value));
  if (!isMap(value)) throw new Fault(`size() needs a string, a list or a map, got ${typeOf(value)}`);
  const keys = keysOf(value).length;
  spend(meter, keys);
  return BigInt(keys);
}

function toText([value = null]: readonly Value[]): Value {
  if (value === null || typeof value === 'object') throw cannot('string', value);
  return String(value);
}

function int([value = null]: readonly Value[]): Value {
  if (typeof value === 'bigint') return value;
  if (typeof value === 'number' && Number.isFinite(value)) return toInt(BigInt(Math.trunc(value)));
  if (typeof value === 'string' && /^[+-]?\d{1,20}$/.test(value))
    return toInt(BigInt(value.replace('+', '')));
  throw cannot('int', value);
}

function double([value = null]: readonly Value[]): Value {
  if (typeof value === 'number') return value;
  if (typeof value === 'bigint') return Number(value);
  if (typeof value === 'string' && /^[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?$/.test(value))
    return Number(value);
  throw cannot('double', value);
}

function bool([value = null]: readonly Value[]): Value {
  if (typeof value === 'boolean') return value;
  if (value === 'true') return true;
  if (value === 'false') return false;
  throw cannot('bool', value);
}

function cannot(name: string, value: Value): Fault {
  const shown = typeof value === 'string' || typeof value === 'number' ? show(value) : typeOf(value);
  return new Fault(`${name}() cannot convert ${shown}`);
}

function onText(name: string, test: (text: string, part: string) => boolean): CelFunction {
  return {
    least: 2,
    most: 2,
    apply([text = null, part = null], meter) {
      return test(textFor(name, text, meter), textFor(name, part, meter));
    },
  };
}

function ofText(name: string, change: (text: string) => string): CelFunction {
  return { least: 1, most: 1, apply: ([text = null], meter) => change(textFor(name, text, meter)) };
}

export function textFor(name: string, value: Value, meter: Meter): string {
  if (typeof value !== 'string') throw new Fault(`${name}() needs a string, got ${typeOf(value)}`);
  spendChars(meter, value.length);
  return value;
}

/** What reading a pattern costs, beside its steps. */
const READING = 100;

/** For a pattern that is computed; one that is written out has been read when the expression was compiled. */
function matchesComputed([text = null, source = null]: readonly Value[], meter: Meter): Value {
  const [subject, wanted] = [textFor('matches', text, meter), textFor('matches', source, meter)];
  spend(meter, READING);
  const pattern = readPattern(wanted);
  spend(meter, 5 * pattern.length);
  return matches(pattern, subject, meter);
}

function split([text = null, mark = null]: readonly Value[], meter: Meter): Value {
  const parts = textFor('split', text, meter).split(textFor('split', mark, meter));
  spend(meter, parts.length);
  return new MadeList(parts);
}

function join([list = null, mark = '']: readonly Value[], meter: Meter): Value {
  if (!isList(list)) throw new Fault(`join() needs a list of strings, got ${typeOf(list)}`);
  const between = textFor('join', mark, meter);
  spend(meter, lengthOf(list));
  const parts = itemsOf(list).map((item) => {
    spendChars(meter, between.length);
    return textFor('join', item, meter);
  });
  return parts.join(between);
}
