import { createCipheriv, createDecipheriv, createSecretKey, hkdfSync, randomFillSync } from 'node:crypto';
import type { KeyObject } from 'node:crypto';
import { LRUCache } from 'lru-cache';
import type { PayloadKey } from '../../core/payload/payload-keys.ts';
import { unreadable } from '../../core/payload/unreadable.ts';
import {
  createHead,
  keyIdIn,
  latin1,
  NONCE_BYTES,
  readEnvelope,
  TAG_BYTES,
  writeEnvelope,
} from './envelope.ts';
import type { Head } from './envelope.ts';

const CIPHER = 'aes-256-gcm';
const USE = 'millrace payload 1';
/** Random nonces of one key must not become so many that two may be equal. */
const SEALED_BY_ONE = 2 ** 24;
/** Each process has sealed with keys of its own: of so many the last used are kept. */
const KEPT = 1_000;

/** Where a payload stands. Sealed for one place it cannot be opened at another. */
export interface Place {
  /** What readers call it. */
  readonly what: string;
  /** It was sealed for a caller-given key, not for a run. */
  readonly toKey: boolean;
  readonly bound: readonly (string | number)[];
}

interface Sealer {
  readonly head: Head;
  readonly key: KeyObject;
  /** How many payloads it may still seal. */
  left: number;
}

/**
 * Seals payloads with keys derived from the first of its keys, and opens what was sealed with any of them.
 *   E1  No derived key seals more than 2^24 payloads, each with a random nonce.
 *   E2  What cannot be opened is answered with bytes that say why, whatever was done to it.
 */
export class Keyring {
  private readonly keys: ReadonlyMap<string, Uint8Array>;
  private readonly derived: LRUCache<string, KeyObject> = new LRUCache({ max: KEPT });
  private readonly firstId: string;
  private current: Sealer | undefined;

  /** @param keys - at least one. */
  constructor(keys: readonly [PayloadKey, ...PayloadKey[]]) {
    this.keys = new Map(keys.map(({ id, key }) => [id, key]));
    this.firstId = keys[0].id;
  }

  seal(data: Uint8Array, { toKey, bound }: Place): Uint8Array {
    const { head, key } = this.sealer();
    const nonce = random(NONCE_BYTES);
    const cipher = createCipheriv(CIPHER, key, nonce);
    cipher.setAAD(aadOf(bound));
    const ciphertext = cipher.update(data);
    // Of this cipher it gives no bytes, but the tag.
    cipher.final();
    return writeEnvelope({ head, toKey, nonce, ciphertext, tag: cipher.getAuthTag() });
  }

  /** What was sealed for this place; else bytes that say why they cannot be read. */
  open(data: Uint8Array, { what, toKey, bound }: Place): Uint8Array {
    const keyId = keyIdIn(data);
    const envelope = readEnvelope(data);
    if (envelope?.toKey !== toKey) return unreadable({ reason: 'altered', keyId, what });
    const key = this.keyOf(envelope.head);
    if (key === undefined) return unreadable({ reason: 'no-key', keyId, what });
    const decipher = createDecipheriv(CIPHER, key, envelope.nonce, { authTagLength: TAG_BYTES });
    decipher.setAAD(aadOf(bound)).setAuthTag(envelope.tag);
    const text = decipher.update(envelope.ciphertext);
    try {
      decipher.final();
    } catch {
      return unreadable({ reason: 'altered', keyId, what });
    }
    return new Uint8Array(text.buffer, text.byteOffset, text.byteLength);
  }

  private sealer(): Sealer {
    if (this.current === undefined || this.current.left === 0) {
      const head = createHead(this.firstId, random);
      // The first key is in the ring.
      this.current = { head, key: this.keyOf(head) as KeyObject, left: SEALED_BY_ONE };
    }
    this.current.left--;
    return this.current;
  }

  private keyOf({ keyId, salt, bytes }: Head): KeyObject | undefined {
    const id = latin1(bytes);
    const known = this.derived.get(id);
    if (known !== undefined) return known;
    const key = this.keys.get(keyId);
    if (key === undefined) return undefined;
    const made = createSecretKey(Buffer.from(hkdfSync('sha256', key, salt, USE, 32)));
    this.derived.set(id, made);
    return made;
  }
}

/** A list as JSON can be read in one way only. */
function aadOf(bound: Place['bound']): Uint8Array {
  return Buffer.from(JSON.stringify(bound));
}

const POOL = new Uint8Array(4096);
let used = POOL.length;

/** Asking for a few bytes costs as much as for many. */
function random(bytes: number): Uint8Array {
  if (used + bytes > POOL.length) {
    randomFillSync(POOL);
    used = 0;
  }
  used += bytes;
  return POOL.slice(used - bytes, used);
}
