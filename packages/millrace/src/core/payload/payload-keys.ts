import { bytesOf } from '../json/base64.ts';

/** A key that payloads are encrypted with, under the name that stands with each of them. */
export interface PayloadKey {
  readonly id: string;
  /** 32 bytes. */
  readonly key: Uint8Array;
}

const KEY_BYTES = 32;

/** `ID:BASE64`, separated by commas. Throws an error that names every problem, and no key. */
export function readPayloadKeys(given: string): readonly PayloadKey[] {
  const problems: string[] = [];
  const keys = given.split(',').map((item, at) => {
    const [id, text, ...more] = item.trim().split(':');
    const key = text === undefined ? undefined : bytesOf(text);
    if (text === undefined || more.length > 0) problems.push(`item ${at + 1} is not ID:BASE64`);
    else if (key === undefined) problems.push(`the key of item ${at + 1} is not base64`);
    return { id: id as string, key };
  });
  const known = keys.flatMap(({ id, key }) => (key === undefined ? [] : [{ id, key }]));
  problems.push(...payloadKeyProblems(known));
  if (problems.length === 0) return known;
  throw new Error(
    `must be keys of ${KEY_BYTES} bytes as ID:BASE64, separated by commas: ${problems.join('; ')}`,
  );
}

/** What is wrong with keys; nothing of it shows one. */
export function payloadKeyProblems(keys: readonly PayloadKey[]): string[] {
  const problems: string[] = [];
  const seen = new Set<string>();
  for (const { id, key } of keys) {
    const name = JSON.stringify(id);
    if (!/^[\w.-]{1,32}$/.test(id)) {
      problems.push(`${name} is no id of a key: 1 to 32 of letters, digits, dot, hyphen and _ are allowed`);
    }
    if (key.length !== KEY_BYTES) problems.push(`key ${name} has ${key.length} bytes`);
    if (seen.has(id)) problems.push(`key ${name} is there twice`);
    seen.add(id);
  }
  return problems;
}

/** The ids alone. What cannot be read may be a key in the wrong place. */
export function maskPayloadKeys(given: string): string {
  return given
    .split(',')
    .map((item) => (/^\s*[\w.-]{1,32}:/.test(item) ? `${item.trim().split(':')[0]}:***` : '***'))
    .join(',');
}
