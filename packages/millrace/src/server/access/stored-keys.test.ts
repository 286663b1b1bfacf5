import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { openKeys, type Keys } from '../../api/access/keys.ts';
import { openStore } from '../../open-store.ts';
import type { Store } from '../../store/port/store.ts';
import { newKey } from '../../api/access/key-text.ts';
import { credentialOf, type Credential } from './credential.ts';
import { storedKeys } from './stored-keys.ts';

describe('what a server remembers of keys', () => {
  let store: Store;
  let keys: Keys;
  let now: number;
  let asked: number;

  beforeEach(async () => {
    store = await openStore('sqlite::memory:');
    await store.migrate();
    keys = openKeys(store, { namespace: 'acme', name: 'alpha' });
    now = 0;
    asked = 0;
  });
  afterEach(() => store.close());

  /** A server's own memory, in front of the store that all share. */
  const server = () =>
    storedKeys(
      async (text) => {
        asked++;
        return keys.verify(text);
      },
      () => now,
    );

  it('is asked of the store once in two seconds, however many requests there are', async () => {
    const known = server();
    const { key, keyId } = await keys.create({ role: 'worker', permissions: ['read'] });
    const principal = { kind: 'key', id: keyId, namespace: 'acme', role: 'worker', permissions: ['read'] };
    const all = await Promise.all(Array.from({ length: 50 }, () => known(shown(key))));
    expect(all).toEqual(Array.from({ length: 50 }, () => principal));
    now = 1_999;
    expect(await known(shown(key))).toEqual(principal);
    expect(asked).toBe(1);
    now = 2_000;
    await known(shown(key));
    expect(asked).toBe(2);
  });

  it('ends on every server within two seconds of a revocation', async () => {
    const servers = [server(), server()];
    const { key, keyId } = await keys.create({ role: 'worker' });
    const seen = () => Promise.all(servers.map(async (known) => (await known(shown(key))) !== undefined));
    expect(await seen()).toEqual([true, true]);
    now = 500;
    await keys.revoke(keyId);
    now = 2_000;
    expect(await seen()).toEqual([false, false]);
  });

  it('ends with the key where that is sooner', async () => {
    const leftMs = 300;
    const { key } = await keys.create({ role: 'worker' });
    const known = storedKeys(
      async (text) => {
        const found = await keys.verify(text);
        return found && asked++ === 0 ? { ...found, leftMs } : undefined;
      },
      () => now,
    );
    expect(await known(shown(key))).toBeDefined();
    now = 299;
    expect(await known(shown(key))).toBeDefined();
    now = 300;
    expect(await known(shown(key))).toBeUndefined();
  });

  it('asks as much for an unknown id as for another secret of a known one', async () => {
    const known = server();
    const { key, keyId } = await keys.create({ role: 'worker' });
    await known(shown(key));
    const stranger = newKey();
    for (const wrong of [stranger.text, stranger.text.replace(stranger.keyId, keyId)]) {
      asked = 0;
      expect(await known(shown(wrong))).toBeUndefined();
      expect(await known(shown(wrong))).toBeUndefined();
      expect(asked).toBe(1);
    }
  });

  it('keeps a good key however many wrong ones are shown', async () => {
    const known = server();
    const { key } = await keys.create({ role: 'worker' });
    await known(shown(key));
    for (let n = 0; n < 3_000; n++) await known({ text: 'mr_x', digest: `wrong ${n}` });
    asked = 0;
    expect(await known(shown(key))).toBeDefined();
    expect(asked).toBe(0);
  });

  it('says that the store did not answer, and asks again', async () => {
    const { key } = await keys.create({ role: 'worker' });
    let broken = true;
    const known = storedKeys(
      (text) => (broken ? Promise.reject(new Error('no store')) : keys.verify(text)),
      () => now,
    );
    await expect(known(shown(key))).rejects.toThrow('no store');
    broken = false;
    expect(await known(shown(key))).toBeDefined();
  });
});

function shown(text: string): Credential {
  const credential = credentialOf(new Headers({ 'x-api-key': text }));
  if (credential === undefined) throw new Error('no credential');
  return credential;
}
