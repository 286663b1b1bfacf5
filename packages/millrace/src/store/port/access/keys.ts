import type { StoredKey } from '../../../core/access/describe-key.ts';

export type { StoredKey } from '../../../core/access/describe-key.ts';

/**
 * What the port says of API keys.
 *   A1  A key is never changed but by being revoked, once and for ever; none is removed.
 *   A2  The store has the SHA-256 of a key and cannot tell the key. Its id is not secret, and is unique over all namespaces.
 *   A3  Who reads a key after `revokeKey` has answered sees that it is revoked.
 */
export interface AccessStore {
  /** Sent twice it is made once. Undefined: another key has this id. */
  createKey(request: KeyRequest): Promise<KeysRead<StoredKey> | undefined>;
  /** Of any namespace: whoever shows a key has not said yet for which. */
  readKey(keyId: string): Promise<KeysRead<HashedKey> | undefined>;
  /** Newest first. `before`: the id of the last one of the page before. */
  listKeys(filter: KeyFilter): Promise<KeysRead<StoredKey[]>>;
  /** Undefined: the namespace has none of this id. One that is revoked already keeps its first revocation. */
  revokeKey(request: RevokeRequest): Promise<KeysRead<StoredKey> | undefined>;
}

export interface KeyRequest {
  keyId: string;
  namespace: string;
  name: string;
  role: string;
  permissions: readonly string[] | undefined;
  /** SHA-256 of the whole key. */
  hash: Uint8Array;
  createdBy: string | undefined;
  /** How long it is good for, ms. Undefined: until it is revoked. */
  lifeMs: number | undefined;
}

export interface HashedKey extends StoredKey {
  hash: Uint8Array;
}

export interface KeyFilter {
  namespace: string;
  limit: number;
  before?: string | undefined;
}

export interface RevokeRequest {
  namespace: string;
  keyId: string;
  by: string | undefined;
}

/** With the store's time: a key expires by the store's clock. */
export interface KeysRead<T> {
  found: T;
  storeTime: number;
}
