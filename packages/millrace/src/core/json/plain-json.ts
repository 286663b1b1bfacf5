/**
 * JSON text of any value that a run can hold, for people and programs: dates as ISO 8601, maps as objects or
 * lists of pairs, sets as lists, big integers as text, bytes as base64, errors as objects. Undefined is null.
 */
export function plainJson(value: unknown, indent?: number): string {
  // Most values are JSON already: to see that costs a third of a copy.
  return JSON.stringify(isJson(value) ? value : plain(value), undefined, indent) ?? 'null';
}

function isJson(value: unknown): boolean {
  if (typeof value === 'number') return Number.isFinite(value);
  if (typeof value !== 'object') return typeof value === 'string' || typeof value === 'boolean';
  if (value === null) return true;
  if (Array.isArray(value)) return value.every(isJson);
  const prototype: unknown = Object.getPrototypeOf(value);
  if (prototype !== Object.prototype && prototype !== null) return false;
  for (const key in value) if (!isJson((value as Readonly<Record<string, unknown>>)[key])) return false;
  return true;
}

function plain(value: unknown): unknown {
  if (typeof value === 'bigint') return value.toString();
  if (typeof value === 'number' && !Number.isFinite(value)) return String(value);
  if (typeof value !== 'object' || value === null) return value;
  if (Array.isArray(value)) return value.map((item) => plain(item) ?? null);
  if (value instanceof Map) return plainMap(value);
  if (value instanceof Set) return [...value].map(plain);
  if (value instanceof Uint8Array) return Buffer.from(value).toString('base64');
  if (value instanceof ArrayBuffer) return Buffer.from(value).toString('base64');
  if (value instanceof Error) return plainError(value);
  if (value instanceof Date || value instanceof URL) return value.toJSON();
  return Object.fromEntries(Object.entries(value).map(([key, member]) => [key, plain(member) ?? null]));
}

function plainMap(map: ReadonlyMap<unknown, unknown>): unknown {
  const entries = [...map].map(([key, value]) => [key, plain(value)] as const);
  if (entries.every(([key]) => typeof key === 'string')) return Object.fromEntries(entries);
  return entries.map(([key, value]) => [plain(key), value]);
}

function plainError(error: Error): Record<string, unknown> {
  const own = Object.fromEntries(Object.entries(error).map(([key, member]) => [key, plain(member)]));
  return { name: error.name, message: error.message, ...own };
}
