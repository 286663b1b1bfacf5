import { Fault } from './fault.ts';
import { spend, spendChars } from './meter.ts';
import type { Meter } from './meter.ts';
import { MadeList, equal, fieldOf, isList, isMap, isNumeric, itemAt, lengthOf, typeOf } from './value.ts';
import type { RawList, Value } from './value.ts';

export type Operator = (left: Value, right: Value, meter: Meter) => Value;

/** By their signs. Of an int and a double the int becomes a double first. */
export const OPERATORS: ReadonlyMap<string, Operator> = new Map<string, Operator>([
  ['+', add],
  ['-', (left, right) => arithmetic('-', left, right)],
  ['*', (left, right) => arithmetic('*', left, right)],
  ['/', (left, right) => arithmetic('/', left, right)],
  ['%', remainder],
  ['==', (left, right, meter) => equal(left, right, meter)],
  ['!=', (left, right, meter) => !equal(left, right, meter)],
  ['<', (left, right, meter) => compare('<', left, right, meter) < 0],
  ['<=', (left, right, meter) => compare('<=', left, right, meter) <= 0],
  ['>', (left, right, meter) => compare('>', left, right, meter) > 0],
  ['>=', (left, right, meter) => compare('>=', left, right, meter) >= 0],
  ['in', isIn],
]);

const MIN_INT = -(2n ** 63n);
const MAX_INT = 2n ** 63n - 1n;

/** An int of CEL has 64 bits. */
export function toInt(value: bigint): bigint {
  if (value < MIN_INT || value > MAX_INT) throw new Fault(`the int ${value} does not fit 64 bits`);
  return value;
}

export function negate(value: Value): Value {
  if (typeof value === 'bigint') return toInt(-value);
  if (typeof value === 'number') return -value;
  throw new Fault(`- needs a number, got ${typeOf(value)}`);
}

export function not(value: Value): Value {
  return !truth('!', value);
}

export function truth(what: string, value: Value): boolean {
  if (typeof value === 'boolean') return value;
  throw new Fault(`${what} needs a bool, got ${typeOf(value)}`);
}

/** What a caught fault costs: making one is slow. */
const FAULT_STEPS = 100;

/** Whoever goes on after an error does so only after a fault, and pays for it. */
export function passOver(error: unknown, meter: Meter): Fault {
  if (!(error instanceof Fault)) throw error;
  spend(meter, FAULT_STEPS);
  return error;
}

function add(left: Value, right: Value, meter: Meter): Value {
  if (typeof left === 'string' && typeof right === 'string') {
    spendChars(meter, left.length + right.length);
    return left + right;
  }
  if (isList(left) && isList(right)) {
    spend(meter, lengthOf(left) + lengthOf(right));
    return new MadeList([...itemsOf(left), ...itemsOf(right)]);
  }
  if (typeof left === 'string' && isNumeric(right)) throw noOperator('+', left, right, TEXT);
  if (typeof right === 'string' && isNumeric(left)) throw noOperator('+', left, right, TEXT);
  return arithmetic('+', left, right);
}

const TEXT = '; string() makes text of a number';

/** All items; one that is missing cannot be copied. */
export function itemsOf(list: MadeList | RawList): Value[] {
  return Array.from({ length: lengthOf(list) }, (_, index) => presentItem(list, index));
}

export function presentItem(list: MadeList | RawList, index: number): Value {
  const item = itemAt(list, index);
  if (item === undefined) throw new Fault(`there is no value at index ${index}`);
  return item;
}

function arithmetic(sign: '+' | '-' | '*' | '/', left: Value, right: Value): Value {
  if (!isNumeric(left) || !isNumeric(right)) throw noOperator(sign, left, right);
  if (typeof left === 'bigint' && typeof right === 'bigint') return ints(sign, left, right);
  return doubles(sign, Number(left), Number(right));
}

function ints(sign: '+' | '-' | '*' | '/', left: bigint, right: bigint): bigint {
  switch (sign) {
    case '+':
      return toInt(left + right);
    case '-':
      return toInt(left - right);
    case '*':
      return toInt(left * right);
    case '/':
      if (right === 0n) throw new Fault('an int is divided by zero');
      return toInt(left / right);
  }
}

function doubles(sign: '+' | '-' | '*' | '/', left: number, right: number): number {
  switch (sign) {
    case '+':
      return left + right;
    case '-':
      return left - right;
    case '*':
      return left * right;
    case '/':
      return left / right;
  }
}

function remainder(left: Value, right: Value): Value {
  if (typeof left !== 'bigint' || typeof right !== 'bigint') throw noOperator('%', left, right);
  if (right === 0n) throw new Fault('an int is divided by zero');
  return left % right;
}

/** Negative, zero or positive; NaN compares with nothing. */
function compare(sign: string, left: Value, right: Value, meter: Meter): number {
  if (isNumeric(left) && isNumeric(right)) return order(left, right);
  if (typeof left === 'boolean' && typeof right === 'boolean') return order(left, right);
  if (typeof left === 'string' && typeof right === 'string') {
    spendChars(meter, Math.min(left.length, right.length));
    return order(left, right);
  }
  throw noOperator(sign, left, right);
}

function order<T extends bigint | number | boolean | string>(left: T, right: T): number {
  if (left < right) return -1;
  if (left > right) return 1;
  // oxlint-disable-next-line eqeqeq -- an int and a double may be worth the same
  return left == right ? 0 : Number.NaN;
}

function isIn(left: Value, right: Value, meter: Meter): Value {
  if (isMap(right)) return typeof left === 'string' && fieldOf(right, left) !== undefined;
  if (!isList(right)) throw noOperator('in', left, right);
  const length = lengthOf(right);
  for (let index = 0; index < length; index++) {
    spend(meter, 1);
    const item = itemAt(right, index);
    if (item !== undefined && equal(left, item, meter)) return true;
  }
  return false;
}

function noOperator(sign: string, left: Value, right: Value, more = ''): Fault {
  return new Fault(`${sign} does not go with ${typeOf(left)} and ${typeOf(right)}${more}`);
}
