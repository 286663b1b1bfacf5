import { isMillraceError, show } from '../errors.ts';
import { errorOf } from '../failure.ts';
import type { Failure } from '../failure.ts';
import { bytesOf } from './base64.ts';
import { MAX_DEPTH, TAG, refusal } from './format.ts';
import type { Walk } from './format.ts';

/** Each level of a Map is two levels of lists in its text. */
const MAX_LEVELS = 2 * MAX_DEPTH;

/**
 * The value that a tree of tagged JSON stands for. The tree is freshly parsed and is changed in place.
 * @throws `NOT_SERIALIZABLE` when a tag is unknown or damaged, or the tree is nested too deeply.
 */
export function revived(tree: unknown): unknown {
  const walk: Walk = { where: 'stored data', doing: 'read', root: 'value', path: [] };
  try {
    return reviveValue(walk, tree);
  } catch (error) {
    if (isMillraceError(error)) throw error;
    throw refusal(walk, `its tag is damaged: ${show(String(error))}`, { remedy: WHOSE, cause: error });
  }
}

function reviveValue(walk: Walk, value: unknown): unknown {
  if (typeof value !== 'object' || value === null) return value;
  if (walk.path.length > MAX_LEVELS) throw refusal(walk, `it is nested deeper than ${MAX_DEPTH} levels`);
  if (Array.isArray(value)) return reviveList(walk, value);
  const record = value as Record<string, unknown>; // JSON.parse makes no other kind of object
  return Object.hasOwn(record, TAG)
    ? reviveTag(walk, record[TAG], record['value'])
    : reviveRecord(walk, record);
}

function reviveList(walk: Walk, list: unknown[]): unknown[] {
  for (let i = 0; i < list.length; i++) {
    walk.path.push(i);
    list[i] = reviveValue(walk, list[i]);
    walk.path.pop();
  }
  return list;
}

function reviveRecord(walk: Walk, record: Record<string, unknown>): Record<string, unknown> {
  for (const key of Object.keys(record)) {
    walk.path.push(key);
    // JSON.parse made `__proto__` an own property, so that this writes the property and never the prototype.
    record[key] = reviveValue(walk, record[key]);
    walk.path.pop();
  }
  return record;
}

function reviveTag(walk: Walk, tag: unknown, value: unknown): unknown {
  switch (tag) {
    case 'undefined':
      return undefined;
    case 'number':
      return Number(value);
    case 'bigint':
      return BigInt(value as string);
    case 'date':
      return new Date((value as string | null) ?? Number.NaN);
    case 'map':
      return new Map(reviveList(walk, value as unknown[]) as [unknown, unknown][]);
    case 'set':
      return new Set(reviveList(walk, value as unknown[]));
    case 'bytes':
      return reviveBytes(walk, value);
    case 'buffer':
      return reviveBytes(walk, value).buffer;
    case 'error':
      return errorOf(value as Failure);
    case 'url':
      return new URL(value as string);
    case 'object':
      return reviveRecord(walk, value as Record<string, unknown>);
    default:
      throw refusal(walk, `its tag ${show(tag)} is unknown`, { remedy: WHOSE });
  }
}

function reviveBytes(walk: Walk, value: unknown): Uint8Array<ArrayBuffer> {
  const bytes = bytesOf(String(value));
  if (bytes === undefined) throw refusal(walk, 'its bytes are not base64', { remedy: WHOSE });
  return bytes;
}

const WHOSE = 'Read it with the version of Millrace that wrote it, or a newer one.';
