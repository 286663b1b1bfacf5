import { expect } from 'vitest';
import type { LockRequest } from '../../port/locks.ts';
import { boot, newId } from '../samples.ts';
import type { Promises } from '../subject.ts';
import { client, HOLD_MS, holderOf, lockOf, requestOf } from './samples.ts';

const RETIRE = { limit: 100, deathLimit: 3, harmless: false } as const;
const DOOR = { namespace: 'default', name: 'door' };

function of(id: string, name: string): LockRequest {
  return requestOf({ kind: 'engine', id }, { name });
}

/** Locks of processes: incarnations, and those that are none. */
export const lockPromises: Promises = {
  'a lock has one holder, and who asks later waits (L1)': async ({ store, second, clock }) => {
    const [first, later, last] = [requestOf(client()), requestOf(client()), requestOf(client())];
    const expiresAt = clock.now() + HOLD_MS;
    expect(await store.acquireLock(first)).toMatchObject({ outcome: 'granted', token: 1, expiresAt });
    expect(await second.acquireLock(later)).toMatchObject({ outcome: 'waiting', ahead: 0, expiresAt });
    expect(await second.acquireLock(last)).toMatchObject({ outcome: 'waiting', ahead: 1, expiresAt });
    const since = clock.now();
    expect(await lockOf(second)).toEqual({
      ...{ ...DOOR, token: 1 },
      held: { holder: first.holder, request: first.request, owner: 'somebody', since, expiresAt },
      waiters: [later, last].map(({ holder, request, owner }) => ({ holder, request, owner, since })),
    });
  },
  'locks of other names and other namespaces are free': async ({ store }) => {
    await store.acquireLock(requestOf(client()));
    expect(await store.acquireLock(requestOf(client(), { name: 'gate' }))).toMatchObject({
      outcome: 'granted',
    });
    const elsewhere = requestOf(client(), { namespace: 'other' });
    expect(await store.acquireLock(elsewhere)).toMatchObject({ outcome: 'granted', token: 1 });
    const { locks } = await store.listLocks({ namespace: 'default', limit: 10 });
    expect(locks.map(({ name }) => name)).toEqual(['door', 'gate']);
    expect((await store.listLocks({ namespace: 'default', limit: 1 })).locks).toHaveLength(1);
  },
  'a request that is sent again is granted nothing twice, and keeps its place (L5)': async ({
    store,
    clock,
  }) => {
    const [first, second, third] = [requestOf(client()), requestOf(client()), requestOf(client())];
    await store.acquireLock(first);
    for (const request of [second, third, second]) await store.acquireLock(request);
    clock.advance(5);
    const again = { outcome: 'granted', token: 1, expiresAt: clock.now() - 5 + HOLD_MS };
    expect(await store.acquireLock(first)).toMatchObject(again);
    expect(await store.acquireLock(second)).toMatchObject({ outcome: 'waiting', ahead: 0 });
    expect(await store.acquireLock(third)).toMatchObject({ outcome: 'waiting', ahead: 1 });
  },
  'a release grants it to the first who waits, with a greater token (L1, L2)': async ({
    store,
    second,
    clock,
  }) => {
    const requests = [1, 2, 3].map(() => requestOf(client()));
    for (const request of requests) await store.acquireLock(request);
    for (const [at, request] of requests.entries()) {
      expect(await holderOf(second)).toEqual([request.holder.id, at + 1]);
      expect(await second.acquireLock(request), 'it learns so when it asks').toMatchObject({ token: at + 1 });
      clock.advance(7);
      const { held, grants } = await second.releaseLock(request);
      expect(held).toBe(true);
      const next = requests[at + 1];
      const expiresAt = clock.now() + HOLD_MS;
      const grant = next && { ...DOOR, holder: next.holder, request: next.request, token: at + 2, expiresAt };
      expect(grants).toEqual(grant === undefined ? [] : [{ ...grant, told: undefined }]);
    }
    expect(await lockOf(store)).toBeUndefined();
    expect(await store.acquireLock(requestOf(client())), 'tokens grow for ever').toMatchObject({ token: 4 });
  },
  'only its holder releases it, and once': async ({ store }) => {
    const [first, other] = [requestOf(client()), requestOf(client())];
    await store.acquireLock(first);
    expect(await store.releaseLock(other)).toEqual({ held: false, grants: [] });
    expect(await store.releaseLock({ ...first, request: 'another' })).toEqual({ held: false, grants: [] });
    expect(await store.releaseLock({ ...first, name: 'unknown' })).toEqual({ held: false, grants: [] });
    expect(await holderOf(store)).toEqual([first.holder.id, 1]);
    expect(await store.releaseLock(first)).toEqual({ held: true, grants: [] });
    expect(await store.releaseLock(first)).toEqual({ held: false, grants: [] });
  },
  'who does not wait any longer is passed over': async ({ store }) => {
    const [first, second, third] = [requestOf(client()), requestOf(client()), requestOf(client())];
    for (const request of [first, second, third]) await store.acquireLock(request);
    expect(await store.releaseLock(second)).toEqual({ held: false, grants: [] });
    await store.releaseLock(first);
    expect(await holderOf(store)).toEqual([third.holder.id, 2]);
  },
  'who does not want to wait is told that it is taken, and leaves nothing': async ({ store }) => {
    const hasty = requestOf(client(), { waitMs: 0 });
    expect(await store.acquireLock(hasty)).toMatchObject({ outcome: 'granted', token: 1 });
    const other = requestOf(client(), { waitMs: 0 });
    expect(await store.acquireLock(other)).toMatchObject({ outcome: 'busy' });
    expect((await lockOf(store))?.waiters).toEqual([]);
    const waiting = requestOf(client());
    await store.acquireLock(waiting);
    expect(await store.acquireLock({ ...waiting, waitMs: 0 }), 'it gives up').toMatchObject({
      outcome: 'busy',
    });
    expect((await lockOf(store))?.waiters).toEqual([]);
  },
  'who has not asked for longer than it said is passed over': async ({ store, clock }) => {
    const [first, gone, there] = [
      requestOf(client()),
      requestOf(client(), { waitMs: 100 }),
      requestOf(client()),
    ];
    for (const request of [first, gone, there]) await store.acquireLock(request);
    clock.advance(60);
    await store.acquireLock(gone);
    clock.advance(60);
    await store.acquireLock(gone);
    expect((await lockOf(store))?.waiters).toHaveLength(2);
    clock.advance(100);
    const { grants } = await store.releaseLock(first);
    expect(grants).toMatchObject([{ holder: there.holder, token: 2 }]);
  },
  'a lock expires at its time and not before, and the next who looks gets it (L2)': async ({
    store,
    second,
    clock,
  }) => {
    const [first, next] = [requestOf(client()), requestOf(client())];
    await store.acquireLock(first);
    await second.acquireLock(next);
    clock.advance(HOLD_MS - 1);
    expect(await second.acquireLock(next)).toMatchObject({ outcome: 'waiting' });
    clock.advance(1);
    expect(await second.acquireLock(next)).toMatchObject({ outcome: 'granted', token: 2 });
    expect(await store.renewLock(first, HOLD_MS)).toBeUndefined();
    expect(await store.releaseLock(first)).toEqual({ held: false, grants: [] });
    expect(await holderOf(store)).toEqual([next.holder.id, 2]);
  },
  'who comes when a lock expires goes behind those who wait (L2)': async ({ store, clock }) => {
    const [first, waits, comes] = [
      requestOf(client()),
      requestOf(client()),
      requestOf(client(), { waitMs: 0 }),
    ];
    await store.acquireLock(first);
    await store.acquireLock(waits);
    clock.advance(HOLD_MS);
    const { outcome, grants } = await store.acquireLock(comes);
    expect(outcome).toBe('busy');
    expect(grants).toMatchObject([{ holder: waits.holder, token: 2 }]);
  },
  'an expired holder that asks again is a new one': async ({ store, clock }) => {
    const request = requestOf(client());
    await store.acquireLock(request);
    clock.advance(HOLD_MS);
    expect(await lockOf(store), 'nobody followed').toMatchObject({ held: { holder: request.holder } });
    expect(await store.releaseLock({ ...request, request: 'x' })).toMatchObject({ held: false });
    expect(await store.acquireLock(request)).toMatchObject({ outcome: 'granted', token: 2 });
  },
  'the holder renews it, and nobody else does': async ({ store, second, clock }) => {
    const request = requestOf(client());
    await store.acquireLock(request);
    clock.advance(HOLD_MS - 1);
    expect(await second.renewLock(request, 500)).toBe(clock.now() + 500);
    expect(await second.renewLock({ ...request, request: 'another' }, 500)).toBeUndefined();
    expect(await second.renewLock({ ...request, holder: client() }, 500)).toBeUndefined();
    clock.advance(499);
    expect(await store.acquireLock(requestOf(client(), { waitMs: 0 }))).toMatchObject({ outcome: 'busy' });
    clock.advance(1);
    expect(await store.renewLock(request, 500), 'too late').toBeUndefined();
  },
  'a lock is taken from its holder by force': async ({ store, second }) => {
    expect(await store.forceLock(DOOR)).toEqual({ held: false, grants: [] });
    const [first, next] = [requestOf(client()), requestOf(client())];
    await store.acquireLock(first);
    await store.acquireLock(next);
    expect(await second.forceLock(DOOR)).toMatchObject({
      held: true,
      grants: [{ holder: next.holder, token: 2 }],
    });
    expect(await store.renewLock(first, HOLD_MS)).toBeUndefined();
    expect(await store.forceLock(DOOR)).toEqual({ held: true, grants: [] });
    expect(await lockOf(store)).toBeUndefined();
  },
  'what an incarnation holds and awaits ends when it is retired (L3)': async ({ store, second }) => {
    const [dead, live] = [await boot(store), await boot(store)];
    for (const request of [of(dead, 'a'), of(dead, 'b'), of(live, 'c'), of(dead, 'c')])
      await store.acquireLock(request);
    const next = of(live, 'b');
    await store.acquireLock(next);
    expect(await second.retire(dead, 7, { ...RETIRE, by: live }), 'its beat went on').not.toHaveProperty(
      'locks',
    );
    expect(await holderOf(store, 'b')).toEqual([dead, 1]);
    const result = await second.retire(dead, 0, { ...RETIRE, by: live });
    expect(result).toMatchObject({
      locks: ['default/a', 'default/b'],
      grants: [{ holder: next.holder, name: 'b' }],
    });
    expect(await lockOf(store, 'a')).toBeUndefined();
    expect(await holderOf(store, 'b')).toEqual([live, 2]);
    expect(await lockOf(store, 'c')).toMatchObject({ held: { holder: { id: live } }, waiters: [] });
    const [event] = await store.listFailovers({ limit: 1 });
    expect(event).toMatchObject({ eventId: dead, locks: ['default/a', 'default/b'] });
    expect(await second.retire(dead, 0, RETIRE), 'again').not.toHaveProperty('locks');
  },
  'a retired incarnation is granted nothing (I9)': async ({ store }) => {
    const dead = await boot(store);
    await store.retire(dead, undefined, RETIRE);
    const request = requestOf({ kind: 'engine', id: dead });
    expect(await store.acquireLock(request)).toEqual({ outcome: 'retired', grants: [] });
    const unknown = requestOf({ kind: 'engine', id: newId() });
    expect(await store.acquireLock(unknown), 'nor one that nobody knows').toMatchObject({
      outcome: 'retired',
    });
    expect(await lockOf(store)).toBeUndefined();
  },
  'of many who ask at once one gets it, and each in turn (L1, L2)': async ({ store, second }) => {
    const requests = Array.from({ length: 12 }, () => requestOf(client()));
    const answers = await Promise.all(
      requests.map((request, at) => (at % 2 ? store : second).acquireLock(request)),
    );
    expect(answers.filter(({ outcome }) => outcome === 'granted')).toHaveLength(1);
    const seen: number[] = [];
    for (let left = requests.length; left > 0; left -= 1) {
      const lock = await lockOf(store);
      const held = requests.find(({ holder }) => holder.id === lock?.held?.holder.id);
      if (held === undefined) throw new Error('nobody holds it while others wait');
      seen.push(lock?.token ?? 0);
      expect(lock?.waiters).toHaveLength(left - 1);
      await Promise.all([store.releaseLock(held), second.releaseLock(held)]);
    }
    expect(seen).toEqual(requests.map((_, at) => at + 1));
  },
  'names that a database could not keep are refused': async ({ store }) => {
    await expect(store.acquireLock(requestOf(client(), { name: 'a\0b' }))).rejects.toThrow('NUL');
    const odd = requestOf(client(), { name: `it's "odd", \\ {x}` });
    expect(await store.acquireLock(odd)).toMatchObject({ outcome: 'granted' });
    expect((await lockOf(store, odd.name))?.name).toBe(odd.name);
  },
};
