import { showValue, type Finding } from '../problem.ts';
import { MAX_DOCUMENT_BYTES, MAX_LEVELS, sizeOf, tooDeep, TOO_LONG } from './caps.ts';

/** A document as plain JSON, or why it is none. */
export type Plain = { readonly value: unknown } | { readonly findings: readonly Finding[] };

/**
 * A copy of a value as plain JSON, without properties that are undefined, within the limits of a document. Instances of
 * classes are read as they write themselves (`toJSON`).
 */
export function plainValue(value: unknown): Plain {
  const copy: Copy = { findings: [], path: [], bytes: 0 };
  const plain = copyOf(value, copy);
  if (copy.bytes > MAX_DOCUMENT_BYTES) return { findings: [...copy.findings, TOO_LONG] };
  return copy.findings.length > 0 ? { findings: copy.findings } : { value: plain };
}

interface Copy {
  readonly findings: Finding[];
  /** Of the value that is being copied. */
  readonly path: (string | number)[];
  bytes: number;
}

/** Recursion is safe: it ends at the deepest level that a document may have. */
function copyOf(value: unknown, copy: Copy): unknown {
  copy.bytes += sizeOf(value);
  if (copy.bytes > MAX_DOCUMENT_BYTES) return null;
  switch (typeof value) {
    case 'string':
    case 'boolean':
      return value;
    case 'number':
      return Number.isFinite(value) ? value : refuse(value, copy);
    case 'object':
      if (value === null) return null;
      if (copy.path.length >= MAX_LEVELS) return report(tooDeep([...copy.path]), copy);
      return Array.isArray(value) ? copyOfList(value, copy) : copyOfRecord(value, copy);
    default:
      return refuse(value, copy);
  }
}

function copyOfList(list: readonly unknown[], copy: Copy): unknown[] {
  return list.map((item, index) => {
    copy.path.push(index);
    const plain = copyOf(item, copy);
    copy.path.pop();
    return plain;
  });
}

function copyOfRecord(value: object, copy: Copy): unknown {
  if ('toJSON' in value && typeof value.toJSON === 'function') {
    const written: unknown = value.toJSON();
    if (written !== value) return copyOf(written, copy);
  }
  const record: Record<string, unknown> = {};
  for (const [key, item] of Object.entries(value) as [string, unknown][]) {
    if (item === undefined) continue;
    copy.bytes += sizeOf(key);
    if (copy.bytes > MAX_DOCUMENT_BYTES) break;
    copy.path.push(key);
    setKey(record, key, copyOf(item, copy));
    copy.path.pop();
  }
  return record;
}

function refuse(value: unknown, copy: Copy): null {
  return report(
    {
      path: [...copy.path],
      code: 'NOT_JSON',
      message: 'the value cannot be written as JSON',
      value: showValue(value),
      remedy: 'Use text, finite numbers, true, false, null, lists and objects.',
    },
    copy,
  );
}

function report(finding: Finding, copy: Copy): null {
  copy.findings.push(finding);
  return null;
}

/** `__proto__` is a key like any other. */
export function setKey(record: Record<string, unknown>, key: string, value: unknown): void {
  if (key !== '__proto__') record[key] = value;
  else Object.defineProperty(record, key, { value, enumerable: true, writable: true, configurable: true });
}
