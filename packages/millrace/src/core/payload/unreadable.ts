import { isMillraceError, MillraceError } from '../errors.ts';

/*
 * Payloads that cannot be read here. What is stored as text never begins with a control character, so its first byte
 * tells: a payload that is sealed with a key and that nobody has opened, or what stands in the place of one that could
 * not be opened. Whoever decodes such bytes gets an error about this run alone, and a page of others is read all the same.
 */

/** First byte of a sealed payload; then the length of the key's id, and the id. */
export const SEALED = 1;
/** First byte of what stands in the place of a payload that could not be opened; its `Flaw` follows. */
const UNREADABLE = 2;

/** Why a payload cannot be read, and which one. */
export interface Flaw {
  /** `altered`: by its key it is not what was sealed for its place; or the key of that id is another one here. */
  readonly reason: 'no-key' | 'altered';
  /** Of the key that it was sealed with; empty: it is neither text nor sealed. */
  readonly keyId: string;
  /** `the history of run … from event 3`. */
  readonly what: string;
}

/** Stands in the place of the payload. */
export function unreadable(flaw: Flaw): Uint8Array {
  return new TextEncoder().encode(`\u0002${JSON.stringify(flaw)}`);
}

/** Our texts begin with JSON, an object or a list. */
const TEXT: ReadonlySet<number | undefined> = new Set([0x7b, 0x5b]);

/** @throws PAYLOAD_UNREADABLE for what is no text of ours. */
export function requireReadable(data: Uint8Array): void {
  const [first, length = 0] = data;
  if (TEXT.has(first)) return;
  // Written by `unreadable` only.
  if (first === UNREADABLE) throw unreadableError(JSON.parse(text(data.subarray(1))) as Flaw);
  const what = 'the payload';
  if (first !== SEALED) throw unreadableError({ reason: 'altered', keyId: '', what });
  throw unreadableError({ reason: 'no-key', keyId: text(data.subarray(2, 2 + length)), what });
}

/** Why it cannot be read; undefined: it can. */
export function flawIn(data: Uint8Array | undefined): Flaw | undefined {
  try {
    if (data !== undefined) requireReadable(data);
    return undefined;
  } catch (error) {
    // Nothing else is thrown there.
    return (error as UnreadableError).details;
  }
}

function text(bytes: Uint8Array): string {
  return new TextDecoder().decode(bytes);
}

function unreadableError(flaw: Flaw): UnreadableError {
  // What `UnreadableError` promises of its details.
  return new MillraceError('PAYLOAD_UNREADABLE', sayFlaw(flaw), {
    details: { ...flaw },
    ...(flaw.reason === 'no-key' ? { remedy: remedyFor(flaw.keyId) } : {}),
  }) as UnreadableError;
}

export type UnreadableError = MillraceError & { readonly details: Flaw };

export function isUnreadable(error: unknown): error is UnreadableError {
  return isMillraceError(error, 'PAYLOAD_UNREADABLE');
}

/** A clause for people. */
export function sayFlaw({ reason, keyId, what }: Flaw): string {
  if (reason === 'no-key') return `${what} is sealed with key "${keyId}", which is not here`;
  if (keyId === '') return `${what} was altered: it is neither text nor sealed`;
  return `${what} was altered after it was sealed with key "${keyId}", or that key is another one here`;
}

export function remedyFor(keyId: string): string {
  return `Give this process key "${keyId}" again: PAYLOAD_KEYS, or the option payloadKeys.`;
}
