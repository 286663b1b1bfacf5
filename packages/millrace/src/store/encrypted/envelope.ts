import { SEALED } from '../../core/payload/unreadable.ts';

/*
 * A sealed payload:
 *
 *   1        version; no text of ours begins with it
 *   1        length of the key's id
 *   n        id of the key
 *   16       salt: the key that encrypts is derived from that key and this
 *   1        what a message is bound to: 0 its run, 1 the caller-given key that it was sent to
 *   12       nonce
 *   …        ciphertext
 *   16       tag
 */
const SALT_BYTES = 16;
export const NONCE_BYTES = 12;
export const TAG_BYTES = 16;

/** What comes before the nonce, but for what the message is bound to: the same for all that one derived key has sealed. */
export interface Head {
  readonly keyId: string;
  readonly salt: Uint8Array;
  readonly bytes: Uint8Array;
}

export interface Envelope {
  readonly head: Head;
  readonly toKey: boolean;
  readonly nonce: Uint8Array;
  readonly ciphertext: Uint8Array;
  readonly tag: Uint8Array;
}

export function isSealed(data: Uint8Array): boolean {
  return data[0] === SEALED;
}

export function createHead(keyId: string, random: (bytes: number) => Uint8Array): Head {
  const salt = random(SALT_BYTES);
  const id = Buffer.from(keyId);
  return { keyId, salt, bytes: Buffer.concat([Uint8Array.of(SEALED, id.length), id, salt]) };
}

export function writeEnvelope({ head, toKey, nonce, ciphertext, tag }: Envelope): Uint8Array {
  const boundAt = head.bytes.length;
  const textAt = boundAt + 1 + NONCE_BYTES;
  const data = new Uint8Array(textAt + ciphertext.length + TAG_BYTES);
  data.set(head.bytes);
  data[boundAt] = Number(toKey);
  data.set(nonce, boundAt + 1);
  data.set(ciphertext, textAt);
  data.set(tag, textAt + ciphertext.length);
  return data;
}

/** Undefined: it is cut off or of another form. */
export function readEnvelope(data: Uint8Array): Envelope | undefined {
  const [, idBytes = 0] = data;
  const saltAt = 2 + idBytes;
  const boundAt = saltAt + SALT_BYTES;
  const nonceAt = boundAt + 1;
  const textAt = nonceAt + NONCE_BYTES;
  const tagAt = data.length - TAG_BYTES;
  const bound = data[boundAt];
  if (!isSealed(data) || tagAt < textAt || (bound !== 0 && bound !== 1)) return undefined;
  return {
    head: { keyId: keyIdIn(data), salt: data.subarray(saltAt, boundAt), bytes: data.subarray(0, boundAt) },
    toKey: bound === 1,
    nonce: data.subarray(nonceAt, textAt),
    ciphertext: data.subarray(textAt, tagAt),
    tag: data.subarray(tagAt),
  };
}

/** As far as it is there. */
export function keyIdIn(data: Uint8Array): string {
  return latin1(data.subarray(2, 2 + (data[1] ?? 0)));
}

/** Each byte as a character: as a key of maps. */
export function latin1({ buffer, byteOffset, byteLength }: Uint8Array): string {
  return Buffer.from(buffer, byteOffset, byteLength).toString('latin1');
}
