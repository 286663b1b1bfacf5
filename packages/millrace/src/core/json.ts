import { MillraceError, show } from './errors.ts';
import { MAX_DEPTH, TAG } from './json/format.ts';
import { revived } from './json/revive.ts';
import { isPlainNumber, tagged } from './json/tag.ts';

/*
 * The value codec: inputs, outputs and messages as JSON text. The format is stored and for ever; tags may be
 * added, never changed.
 *
 * What JSON can say is written exactly as `JSON.stringify` writes it. For the rest stands a tagged object:
 *
 *   undefined   {"$millrace":"undefined"}                     as the whole value, in lists, maps and sets;
 *                                                             a property that is undefined is left out
 *   number      {"$millrace":"number","value":"NaN"}          NaN, Infinity, -Infinity, -0
 *   bigint      {"$millrace":"bigint","value":"123"}
 *   Date        {"$millrace":"date","value":"2026-01-31T…Z"}  ISO 8601 in UTC; null for an invalid date
 *   Map         {"$millrace":"map","value":[[key,value],…]}   in order of insertion
 *   Set         {"$millrace":"set","value":[…]}
 * Uint8Array  {"$millrace":"bytes","value":"AQID"}          base64; also for Buffer, which comes back as
 * Uint8Array ArrayBuffer {"$millrace":"buffer","value":"AQID"} Error
 * {"$millrace":"error","value":{name,message,…}}  a `Failure`; comes back as an Error with these fields URL
 * {"$millrace":"url","value":"https://…"} object      {"$millrace":"object","value":{…}}            an
 * author's own object that has the key `$millrace`
 *
 * Instances of other classes are written by their `toJSON`, otherwise as a plain object of their own
 * enumerable properties; they come back as plain data. Refused: functions, symbols, promises, regular
 * expressions, cycles, typed arrays other than Uint8Array, objects whose content is hidden (WeakMap,
 * Response), more than 1,000 levels.
 */

const UNDEFINED_TEXT = JSON.stringify({ [TAG]: 'undefined' });

/**
 * JSON text of a value. For plain JSON values it equals `JSON.stringify(value)`; the check adds 5–35 % to it
 * (measured).
 * @param value - anything in the table above.
 * @param where - the subject of the error message: `step "charge"`.
 * @param root - what the message calls the whole value: `result`, `input`.
 * @throws `NOT_SERIALIZABLE` naming the path: `step "charge": cannot store result.items[3].callback: it is a
 *   function`.
 */
export function encodeValue(value: unknown, where: string, root = 'result'): string {
  if (value === undefined) return UNDEFINED_TEXT;
  try {
    if (isPlain(value, 0)) return JSON.stringify(value);
  } catch {
    // A getter or a proxy threw: the thorough way says where.
  }
  return JSON.stringify(tagged(value, where, root));
}

/**
 * The value of a text that `encodeValue` wrote. Objects come back without prototypes of their own; a
 * `__proto__` key is an ordinary property. Text without tags may be of any depth: `JSON.parse` does not
 * recurse.
 * @throws `NOT_SERIALIZABLE` when the text is not JSON, or a tag is unknown or damaged.
 */
export function decodeValue(text: string): unknown {
  if (text === UNDEFINED_TEXT) return undefined;
  let tree: unknown;
  try {
    tree = JSON.parse(text);
  } catch (error) {
    throw new MillraceError('NOT_SERIALIZABLE', `stored value ${show(text)} is not JSON`, { cause: error });
  }
  return text.includes(TAG) ? revived(tree) : tree;
}

/** Whether JSON keeps the value as it is: nothing to tag, to escape or to refuse. */
function isPlain(value: unknown, depth: number): boolean {
  switch (typeof value) {
    case 'string':
    case 'boolean':
      return true;
    case 'number':
      return isPlainNumber(value);
    case 'object':
      if (value === null) return true;
      if (depth >= MAX_DEPTH) return false;
      return Array.isArray(value) ? isPlainList(value, depth + 1) : isPlainRecord(value, depth + 1);
    default:
      return false;
  }
}

function isPlainList(list: readonly unknown[], depth: number): boolean {
  for (let i = 0; i < list.length; i++) {
    if (!isPlain(list[i], depth)) return false;
  }
  return true;
}

function isPlainRecord(record: object, depth: number): boolean {
  const prototype: unknown = Object.getPrototypeOf(record);
  if (prototype !== Object.prototype && prototype !== null) return false;
  for (const key in record) {
    const value = (record as Readonly<Record<string, unknown>>)[key];
    if (key === TAG || (value !== undefined && !isPlain(value, depth))) return false;
  }
  return true;
}
