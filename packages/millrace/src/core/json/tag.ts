import { isMillraceError, show } from '../errors.ts';
import { failureOf } from '../failure.ts';
import { base64Of } from './base64.ts';
import { MAX_DEPTH, TAG, refusal } from './format.ts';
import type { Reason, Walk } from './format.ts';

interface TagWalk extends Walk {
  /** The objects around the current value, to find cycles. */
  readonly around: object[];
}

/**
 * A copy of the value that is plain JSON, with tags in place of what JSON cannot say.
 * @throws `NOT_SERIALIZABLE` with the path to what cannot be stored.
 */
export function tagged(value: unknown, where: string, root: string): unknown {
  const walk: TagWalk = { where, doing: 'store', root, path: [], around: [] };
  try {
    return present(tagValue(walk, value));
  } catch (error) {
    if (isMillraceError(error)) throw error;
    throw refusal(walk, `reading it threw ${show(String(error))}`, { cause: error });
  }
}

/** Undefined stays undefined here: as a property JSON drops it, everywhere else `present` tags it. */
function tagValue(walk: TagWalk, value: unknown): unknown {
  switch (typeof value) {
    case 'object':
      return value === null ? null : tagObject(walk, value);
    case 'number':
      return isPlainNumber(value) ? value : { [TAG]: 'number', value: value === 0 ? '-0' : String(value) };
    case 'bigint':
      return { [TAG]: 'bigint', value: String(value) };
    case 'function':
      throw refusal(walk, 'it is a function');
    case 'symbol':
      throw refusal(walk, 'it is a symbol');
    case 'undefined':
    case 'string':
    case 'boolean':
      return value;
  }
}

/** Whether JSON keeps a number as it is: not NaN, not infinite, not -0. */
export function isPlainNumber(value: number): boolean {
  return value === 0 ? 1 / value > 0 : value - value === 0;
}

function present(value: unknown): unknown {
  return value === undefined ? { [TAG]: 'undefined' } : value;
}

function tagObject(walk: TagWalk, value: object): unknown {
  if (walk.around.includes(value)) throw refusal(walk, 'it contains itself', CYCLE);
  if (walk.around.length >= MAX_DEPTH)
    throw refusal(walk, `it is nested deeper than ${MAX_DEPTH} levels`, DEEP);
  walk.around.push(value);
  const out = Array.isArray(value) ? tagList(walk, value) : tagKind(walk, value);
  walk.around.pop();
  return out;
}

/**
 * By what the object says it is, not by its class: values also come from other realms (vm contexts, test
 * runners).
 */
function tagKind(walk: TagWalk, value: object): unknown {
  const kind = Object.prototype.toString.call(value).slice('[object '.length, -1);
  if (value instanceof Error || kind === 'Error') return { [TAG]: 'error', value: failureOf(value) };
  switch (kind) {
    case 'Object':
      return tagOwn(walk, value);
    case 'Date':
      return { [TAG]: 'date', value: (value as Date).toJSON() };
    case 'Map':
      return { [TAG]: 'map', value: tagEntries(walk, value as Map<unknown, unknown>) };
    case 'Set':
      return { [TAG]: 'set', value: tagList(walk, [...(value as Set<unknown>)]) };
    case 'Uint8Array':
      return { [TAG]: 'bytes', value: base64Of(value as Uint8Array) };
    case 'ArrayBuffer':
      return { [TAG]: 'buffer', value: base64Of(new Uint8Array(value as ArrayBuffer)) };
    case 'URL':
      return { [TAG]: 'url', value: (value as URL).href };
    case 'Number':
    case 'String':
    case 'Boolean':
      return tagValue(walk, value.valueOf());
    case 'Promise':
      throw refusal(walk, 'it is a promise', AWAIT);
    case 'RegExp':
      throw refusal(walk, `it is the regular expression /${(value as RegExp).source}/`, REGEXP);
    default:
      if (ArrayBuffer.isView(value)) throw refusal(walk, `it is a ${kind}`, VIEW);
      return tagOwn(walk, value, kind);
  }
}

function tagList(walk: TagWalk, list: readonly unknown[]): unknown[] {
  const out: unknown[] = [];
  for (let i = 0; i < list.length; i++) {
    walk.path.push(i);
    out.push(present(tagValue(walk, list[i])));
    walk.path.pop();
  }
  return out;
}

function tagEntries(walk: TagWalk, map: Iterable<readonly [unknown, unknown]>): unknown[] {
  const out: unknown[] = [];
  for (const [key, value] of map) {
    walk.path.push(typeof key === 'string' ? key : out.length);
    out.push([present(tagValue(walk, key)), present(tagValue(walk, value))]);
    walk.path.pop();
  }
  return out;
}

/**
 * A plain object or an instance of some class: by its `toJSON`, otherwise by its own enumerable properties.
 */
function tagOwn(walk: TagWalk, value: object, kind?: string): unknown {
  const { toJSON, then } = value as { readonly toJSON?: unknown; readonly then?: unknown };
  if (typeof toJSON === 'function') {
    const replaced: unknown = toJSON.call(value, '');
    if (replaced !== value) return tagValue(walk, replaced);
  }
  if (typeof then === 'function') throw refusal(walk, 'it is a promise', AWAIT);
  const keys = Object.keys(value);
  if (kind !== undefined && keys.length === 0)
    throw refusal(walk, `it is a ${kind}, whose content is hidden`, HIDDEN);
  return tagRecord(walk, value as Readonly<Record<string, unknown>>, keys);
}

function tagRecord(
  walk: TagWalk,
  record: Readonly<Record<string, unknown>>,
  keys: readonly string[],
): unknown {
  const out: Record<string, unknown> = {};
  let escape = false;
  for (const key of keys) {
    walk.path.push(key);
    const value = tagValue(walk, record[key]);
    walk.path.pop();
    if (key === TAG) escape = true;
    // Assigning `__proto__` would replace the prototype instead of adding a property.
    if (key === '__proto__') Object.defineProperty(out, key, { value, enumerable: true });
    else out[key] = value;
  }
  return escape ? { [TAG]: 'object', value: out } : out;
}

const CYCLE: Reason = { remedy: 'Store an id in place of the reference back.' };
const DEEP: Reason = { remedy: 'Store a flat list with ids in place of nested objects.' };
const AWAIT: Reason = { remedy: 'Put `await` in front of the call that returned it.' };
const REGEXP: Reason = { remedy: 'Store its source and flags as text.' };
const VIEW: Reason = { remedy: 'Convert it to a Uint8Array or to an array of numbers.' };
const HIDDEN: Reason = {
  remedy: 'Take out what is needed as plain data, for example `await response.json()`.',
};
