import type { Path } from './problem.ts';

/** Keys and indices of a JSON Pointer, which does not say which of both it means; as far as it leads to something. */
export function pathOfPointer(value: unknown, pointer: string): Path {
  const path: (string | number)[] = [];
  let holder = value;
  for (const step of pointer.split('/').slice(1)) {
    const key = step.replaceAll('~1', '/').replaceAll('~0', '~');
    if (typeof holder !== 'object' || holder === null || !Object.hasOwn(holder, key)) break;
    path.push(Array.isArray(holder) ? Number(key) : key);
    holder = valueAt(holder, [key]);
  }
  return path;
}

/** What stands at a path that is there. */
export function valueAt(value: unknown, path: Path): unknown {
  return path.reduce<unknown>((holder, key) => (holder as Readonly<Record<string, unknown>>)[key], value);
}
