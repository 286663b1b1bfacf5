/** A record whose fields another version of the program wrote: nothing in it is certain. */
export type Fields = Readonly<Record<string, unknown>>;

/** What JSON in these bytes says; nothing where it is none. */
export function fieldsOf(bytes: Uint8Array): Fields {
  try {
    return recordOf(JSON.parse(new TextDecoder().decode(bytes)));
  } catch {
    return {};
  }
}

export function recordOf(value: unknown): Fields {
  return typeof value === 'object' && value !== null ? { ...value } : {};
}

export function bytesOf(fields: object): Uint8Array {
  return new TextEncoder().encode(JSON.stringify(fields));
}

export function textOr<T>(value: unknown, otherwise: T): string | T {
  return typeof value === 'string' ? value : otherwise;
}

/** A number that is finite and not negative. */
export function numberOr<T>(value: unknown, otherwise: T): number | T {
  return typeof value === 'number' && Number.isFinite(value) && value >= 0 ? value : otherwise;
}

export function listOf<T>(value: unknown, read: (item: unknown) => T | undefined): T[] {
  return Array.isArray(value) ? value.flatMap((item) => read(item) ?? []) : [];
}

export function textsOf(value: unknown): string[] {
  return listOf(value, (item) => textOr(item, undefined));
}
