import { expect } from 'vitest';
import type { KeyRequest } from '../../port/access/keys.ts';
import type { Store } from '../../port/store.ts';
import type { Promises } from '../subject.ts';

const REFUSED = { name: 'StoreError', failure: 'definite' };

export const keyStorePromises: Promises = {
  'a key is found by its id, with its hash and the time by which it expires': async ({
    store,
    second,
    clock,
  }) => {
    const request = keyOf('a', { permissions: ['read', 'start'], lifeMs: 60_000 });
    const made = await store.createKey(request);
    const { hash, lifeMs: _, ...rest } = request;
    const row = { ...rest, createdAt: clock.now(), expiresAt: clock.now() + 60_000 };
    const open = { revokedAt: undefined, revokedBy: undefined };
    expect(made).toEqual({ found: { ...row, ...open }, storeTime: clock.now() });
    clock.advance(5);
    expect(await second.readKey('a')).toEqual({ found: { ...row, ...open, hash }, storeTime: clock.now() });
    expect(await second.readKey('b')).toBeUndefined();
  },
  'what a key leaves out stays left out': async ({ store }) => {
    await store.createKey(keyOf('a', { createdBy: undefined }));
    const bare = { permissions: undefined, createdBy: undefined, expiresAt: undefined };
    expect((await store.readKey('a'))?.found).toMatchObject(bare);
    await store.createKey(keyOf('b', { permissions: [] }));
    expect((await store.readKey('b'))?.found.permissions).toEqual([]);
  },
  'a key sent twice is made once, and an id is not given twice (A2)': async ({ store, second, clock }) => {
    const first = await store.createKey(keyOf('a'));
    clock.advance(5);
    expect((await second.createKey(keyOf('a')))?.found).toEqual(first?.found);
    const other = { hash: new Uint8Array(32).fill(9) };
    expect(await second.createKey(keyOf('a', other))).toBeUndefined();
    expect(await second.createKey(keyOf('a', { ...other, namespace: 'tenant' }))).toBeUndefined();
    expect((await store.readKey('a'))?.found.hash).toEqual(keyOf('a').hash);
  },
  'a revoked key stays, with who did it first and when (A1)': async ({ store, second, clock }) => {
    await store.createKey(keyOf('a'));
    clock.advance(5);
    const at = clock.now();
    const revoke = { namespace: 'default', keyId: 'a' };
    const revoked = { revokedAt: at, revokedBy: 'kim' };
    expect((await store.revokeKey({ ...revoke, by: 'kim' }))?.found).toMatchObject(revoked);
    clock.advance(5);
    expect((await second.revokeKey({ ...revoke, by: 'lee' }))?.found).toMatchObject(revoked);
    expect((await second.readKey('a'))?.found).toMatchObject(revoked);
    expect((await store.createKey(keyOf('a')))?.found).toMatchObject(revoked);
  },
  'nobody revokes a key of another namespace': async ({ store }) => {
    await store.createKey(keyOf('a'));
    for (const [namespace, keyId] of [
      ['tenant', 'a'],
      ['default', 'b'],
    ] as const)
      expect(await store.revokeKey({ namespace, keyId, by: undefined })).toBeUndefined();
    expect((await store.readKey('a'))?.found.revokedAt).toBeUndefined();
  },
  'the keys of a namespace are listed newest first, page by page': async ({ store, clock }) => {
    for (const keyId of ['a', 'c', 'b', 'd']) {
      await store.createKey(keyOf(keyId));
      if (keyId !== 'c') clock.advance(5);
    }
    await store.createKey(keyOf('x', { namespace: 'tenant' }));
    expect(await idsOf(store, { limit: 3 })).toEqual(['d', 'c', 'b']);
    expect(await idsOf(store, { limit: 3, before: 'b' })).toEqual(['a']);
    expect(await idsOf(store, { limit: 3, before: 'a' })).toEqual([]);
    expect(await idsOf(store, { limit: 3, before: 'nobody' })).toEqual([]);
    const { storeTime } = await store.listKeys({ namespace: 'empty', limit: 1 });
    expect(storeTime).toBe(clock.now());
  },
  'text that cannot be kept, and what is no hash, are refused': async ({ store }) => {
    for (const wrong of [
      keyOf('a\0'),
      keyOf('a', { name: '\ud800' }),
      keyOf('a', { hash: new Uint8Array(31) }),
    ])
      await expect(store.createKey(wrong)).rejects.toMatchObject(REFUSED);
    await expect(store.readKey('\0')).rejects.toMatchObject(REFUSED);
    expect(await idsOf(store, { limit: 3 })).toEqual([]);
  },
};

function keyOf(keyId: string, more: Partial<KeyRequest> = {}): KeyRequest {
  return {
    ...{ keyId, namespace: 'default', name: `key ${keyId}`, role: 'worker' },
    permissions: undefined,
    hash: new Uint8Array(32).fill(7),
    createdBy: 'kim',
    lifeMs: undefined,
    ...more,
  };
}

async function idsOf(store: Store, page: { limit: number; before?: string }): Promise<string[]> {
  const { found } = await store.listKeys({ namespace: 'default', ...page });
  return found.map(({ keyId }) => keyId);
}
