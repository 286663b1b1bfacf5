import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { openStore } from '../../open-store.ts';
import type { Store } from '../../store/port/store.ts';
import { newKey } from './key-text.ts';
import { openKeys, type KeyOptions, type Keys } from './keys.ts';

describe('API keys', () => {
  let store: Store;
  let keys: Keys;
  let others: Keys;

  beforeEach(async () => {
    store = await openStore('sqlite::memory:');
    await store.migrate();
    keys = openKeys(store, { namespace: 'acme', name: 'alpha' });
    others = openKeys(store, { namespace: 'globex', name: 'beta' });
  });
  afterEach(() => store.close());

  it('a key stands for its namespace and role, wherever it is shown', async () => {
    const made = await keys.create({ role: 'operator', name: 'ci', permissions: ['read'], expiresIn: '30d' });
    const { key, ...description } = made;
    expect(description).toMatchObject({
      namespace: 'acme',
      role: 'operator',
      name: 'ci',
      createdBy: 'alpha',
    });
    expect(description.permissions).toEqual(['read']);
    const verified = await others.verify(key);
    expect(verified).toMatchObject(description);
    expect(verified?.leftMs).toBeGreaterThan(29 * 86_400_000);
  });

  it('the key is told once, and the store has only its hash', async () => {
    const { key, keyId } = await keys.create({ role: 'viewer' });
    const stored = JSON.stringify([await keys.list(), await store.readKey(keyId)]);
    expect(stored).toContain(keyId);
    expect(stored).not.toContain(key.slice(20));
  });

  it('a key that was revoked, or whose time is over, stands for nobody', async () => {
    const revoked = await keys.create({ role: 'viewer' });
    expect(await keys.revoke(revoked.keyId, { by: 'kim' })).toMatchObject({
      status: 'revoked',
      revokedBy: 'kim',
    });
    expect(await keys.verify(revoked.key)).toBeUndefined();
    expect(await keys.recognise(revoked.key), 'and is known all the same').toMatchObject({
      keyId: revoked.keyId,
      status: 'revoked',
    });
    expect(await keys.recognise(`${revoked.key.slice(0, -1)}_`)).toBeUndefined();
    const expired = await keys.create({ role: 'viewer', expiresIn: 1 });
    await expect.poll(() => keys.verify(expired.key)).toBeUndefined();
    expect((await keys.list()).keys.map(({ status }) => status).toSorted()).toEqual(['expired', 'revoked']);
  });

  it('the id of a key with another secret stands for nobody', async () => {
    const { key, keyId } = await keys.create({ role: 'viewer' });
    const forged = newKey();
    await store.createKey({
      ...{ keyId: forged.keyId, namespace: 'acme', name: 'x', role: 'admin', permissions: undefined },
      ...{ hash: new Uint8Array(32).fill(1), createdBy: undefined, lifeMs: undefined },
    });
    expect(await keys.verify(forged.text)).toBeUndefined();
    for (const wrong of [newKey().text, key.replace(keyId, forged.keyId), `${key}x`, '', keyId])
      expect(await keys.verify(wrong)).toBeUndefined();
  });

  it('a namespace sees and revokes its own keys alone', async () => {
    const { key, keyId } = await keys.create({ role: 'viewer' });
    expect((await others.list()).keys).toEqual([]);
    const foreign = await others.revoke(keyId).catch((error: unknown) => error);
    expect(foreign).toMatchObject({ code: 'API_KEY_NOT_FOUND' });
    expect(await keys.verify(key)).toBeDefined();
  });

  it('many keys come page by page', async () => {
    for (const name of ['a', 'b', 'c']) await keys.create({ role: 'viewer', name });
    const first = await keys.list({ limit: 2 });
    const second = await keys.list({ limit: 2, before: first.next });
    expect([...first.keys, ...second.keys].map(({ name }) => name).toSorted()).toEqual(['a', 'b', 'c']);
    expect(second.next).toBeUndefined();
  });

  it.each([
    [{ role: 'amdin' }, 'INVALID_ARGUMENT', 'Did you mean "admin"'],
    [{ role: 'zzz' }, 'INVALID_ARGUMENT', 'viewer, worker'],
    [{}, 'INVALID_ARGUMENT', 'unknown role'],
    [{ role: 'viewer', permissions: [] }, 'INVALID_ARGUMENT', 'permissions are empty'],
    [{ role: 'viewer', permissions: ['fly'] }, 'INVALID_ARGUMENT', 'unknown permission "fly"'],
    [{ role: 'viewer', permissions: 'read' }, 'INVALID_ARGUMENT', 'unknown permission "read"'],
    [{ role: 'viewer', name: '' }, 'INVALID_ARGUMENT', 'empty'],
    [{ role: 'viewer', expiresIn: 'soon' }, 'INVALID_DURATION', 'soon'],
    [{ role: 'viewer', expiresIn: 0 }, 'INVALID_ARGUMENT', 'expiresIn is 0'],
    [{ role: 'viewer', namespace: 'globex' }, 'UNKNOWN_OPTION', 'namespace'],
  ])('%j is refused', async (options, code, words) => {
    // Callers without types can pass anything.
    const refusal = await keys.create(options as KeyOptions).catch((error: unknown) => error);
    expect(refusal).toMatchObject({ code, message: expect.stringContaining(words) });
    expect((await keys.list()).keys).toEqual([]);
  });

  it('a page of nothing or of too many is refused', async () => {
    for (const limit of [0, 1.5, 1_001])
      await expect(keys.list({ limit })).rejects.toMatchObject({ code: 'INVALID_ARGUMENT' });
  });
});
