import { expect } from 'vitest';
import {
  advance,
  boot,
  closing,
  commitOne,
  CONTINUE,
  planOf,
  rowOf,
  startOwned,
  suspension,
  type Owned,
} from '../samples.ts';
import type { Promises } from '../subject.ts';
import type { Store } from '../../port/store.ts';
import { asks, client, HOLD_MS, holderOf, inboxOf, LEAVES, lockOf, releases, requestOf } from './samples.ts';

const SCOPE = { workflows: [], limit: 10, adopter: undefined } as const;

/** A run that waits, suspended, for a lock that another holds. */
async function waiting(store: Store, engineId: string, name = 'door'): Promise<Owned> {
  const run = await startOwned(store, engineId);
  const asked = await advance(store, run, CONTINUE, asks(name));
  return advance(store, asked, suspension(asked));
}

/** The message of a grant as the store completes it. */
function granted(token: number, expiresAt: number, request = '0'): string {
  return `granted ${request}\n{"token":${token},"expiresAt":${expiresAt}}`;
}

/** Locks of runs: asked for, released and left with plans. */
export const runLockPromises: Promises = {
  'a run is told of its grant by a message, written with it (L4)': async ({ store, clock }) => {
    const engineId = await boot(store);
    const run = await startOwned(store, engineId);
    const result = await commitOne(store, planOf(run, CONTINUE, asks()));
    const expiresAt = clock.now() + HOLD_MS;
    expect(result).toMatchObject({
      outcome: 'ok',
      grants: [
        {
          ...{
            namespace: 'default',
            name: 'door',
            holder: { kind: 'run', id: run.runId },
            request: '0',
            token: 1,
          },
          ...{ expiresAt, told: { delivery: { outcome: 'delivered', seq: 1, ownerId: engineId } } },
        },
      ],
    });
    expect(await inboxOf(store, run.runId)).toEqual([granted(1, expiresAt)]);
    expect(await rowOf(store, run.runId)).toMatchObject({ status: 'running', inboxSeq: 1 });
    expect((await lockOf(store))?.held).toMatchObject({
      holder: { kind: 'run', id: run.runId },
      owner: 'order',
    });
  },
  'a run that is put to rest with its request is woken by the grant': async ({ store }) => {
    const run = await startOwned(store, await boot(store));
    await advance(store, run, suspension(run), asks());
    expect(await rowOf(store, run.runId)).toMatchObject({ status: 'queued', inboxSeq: 1 });
  },
  'a run that waits is granted the lock in the commit that releases it (L2)': async ({ store, clock }) => {
    const engineId = await boot(store);
    const first = await advance(store, await startOwned(store, engineId), CONTINUE, asks());
    const [second, third] = [await waiting(store, engineId), await waiting(store, engineId)];
    expect((await lockOf(store))?.waiters.map(({ holder }) => holder.id)).toEqual([
      second.runId,
      third.runId,
    ]);
    const result = await commitOne(store, planOf({ ...first, inboxSeq: 1 }, CONTINUE, releases()));
    expect(result).toMatchObject({ grants: [{ holder: { id: second.runId }, token: 2 }] });
    expect(await inboxOf(store, second.runId)).toEqual([granted(2, clock.now() + HOLD_MS)]);
    expect(await rowOf(store, second.runId)).toMatchObject({ status: 'queued' });
    expect(await rowOf(store, third.runId)).toMatchObject({ status: 'waiting' });
  },
  'a run that closes leaves what it holds and awaits, in that commit (L3)': async ({ store }) => {
    const engineId = await boot(store);
    const run = await startOwned(store, engineId);
    await store.acquireLock(requestOf(client(), { name: 'gate' }));
    const holding = await advance(store, run, CONTINUE, {
      locks: [...(asks('door', '0').locks ?? []), ...(asks('gate', '1').locks ?? [])],
    });
    const next = await waiting(store, engineId);
    const plan = planOf(holding, closing({ ...holding, inboxSeq: 1 }, 'failed'), LEAVES);
    expect(await commitOne(store, plan)).toMatchObject({
      grants: [{ holder: { id: next.runId }, token: 2 }],
    });
    expect(await lockOf(store, 'gate')).toMatchObject({ waiters: [] });
    expect(await holderOf(store)).toEqual([next.runId, 2]);
  },
  'a plan that is refused does nothing to locks (I2)': async ({ store }) => {
    const engineId = await boot(store);
    const run = await startOwned(store, engineId);
    const stale = planOf({ ...run, version: 7 }, CONTINUE, asks());
    expect(await commitOne(store, stale)).toEqual({ outcome: 'conflict' });
    expect(await lockOf(store)).toBeUndefined();
    const holding = await advance(store, run, CONTINUE, asks());
    const unseen = planOf(holding, closing(holding), LEAVES);
    expect(await commitOne(store, unseen), 'its grant is unread').toMatchObject({ outcome: 'unread' });
    expect(await holderOf(store)).toEqual([run.runId, 1]);
  },
  'a plan that is sent twice asks once (I3)': async ({ store }) => {
    const run = await startOwned(store, await boot(store));
    const plan = planOf(run, CONTINUE, asks());
    await commitOne(store, plan);
    expect(await commitOne(store, plan)).toEqual({ outcome: 'already' });
    expect(await lockOf(store)).toMatchObject({ token: 1, waiters: [] });
    expect(await inboxOf(store, run.runId)).toHaveLength(1);
  },
  'what a run asks for again is granted nothing twice (L5)': async ({ store }) => {
    const engineId = await boot(store);
    const run = await advance(store, await startOwned(store, engineId), CONTINUE, asks());
    const again = await advance(store, run, CONTINUE, asks());
    expect(await inboxOf(store, again.runId)).toHaveLength(1);
    const other = await waiting(store, engineId);
    const woken = { ...other, ...(await rowOf(store, other.runId)) };
    expect(woken.status).toBe('waiting');
    expect((await lockOf(store))?.waiters).toHaveLength(1);
  },
  'a grant that comes too late is given back with the wait': async ({ store }) => {
    const engineId = await boot(store);
    const first = await advance(store, await startOwned(store, engineId), CONTINUE, asks());
    const late = await advance(store, await startOwned(store, engineId), CONTINUE, asks());
    await commitOne(store, planOf({ ...first, inboxSeq: 1 }, CONTINUE, releases()));
    expect(await holderOf(store)).toEqual([late.runId, 2]);
    await advance(store, late, CONTINUE, releases());
    expect(await lockOf(store)).toBeUndefined();
  },
  'runs and processes wait in one queue (L2)': async ({ store }) => {
    const engineId = await boot(store);
    const [first, last] = [requestOf(client()), requestOf(client())];
    await store.acquireLock(first);
    const run = await waiting(store, engineId);
    await store.acquireLock(last);
    expect(await store.releaseLock(first)).toMatchObject({ grants: [{ holder: { id: run.runId } }] });
    expect(await holderOf(store)).toEqual([run.runId, 2]);
  },
  'several plans of one call pass a lock on, in their order': async ({ store }) => {
    const engineId = await boot(store);
    const runs = [
      await startOwned(store, engineId),
      await startOwned(store, engineId),
      await startOwned(store, engineId),
    ];
    const results = await store.commit(runs.map((run) => planOf(run, CONTINUE, asks())));
    expect(results.map((result) => result.outcome === 'ok' && result.grants?.length)).toEqual([1, 0, 0]);
    const [first, second, third] = runs.map((run) => ({ ...run, version: 1, events: 2 })) as [
      Owned,
      Owned,
      Owned,
    ];
    const closes = planOf(first, closing({ ...first, inboxSeq: 1 }), LEAVES);
    const [left, gone] = await store.commit([closes, planOf(second, closing(second, 'cancelled'), LEAVES)]);
    expect([left, gone]).toMatchObject([{ outcome: 'ok' }, { outcome: 'ok' }]);
    expect(await holderOf(store), 'whoever closes in the same call is passed over').toEqual([third.runId, 2]);
    expect((await lockOf(store))?.waiters).toEqual([]);
  },
  'a run whose engine dies keeps its locks': async ({ store }) => {
    const engineId = await boot(store);
    const run = await advance(store, await startOwned(store, engineId), CONTINUE, asks());
    await store.retire(engineId, undefined, { limit: 10, deathLimit: 3, harmless: false });
    expect(await rowOf(store, run.runId)).toMatchObject({ status: 'queued' });
    expect(await holderOf(store)).toEqual([run.runId, 1]);
  },
  'wakeDue gives what has expired to runs that wait, and says when to ask again (L2)': async ({
    store,
    clock,
  }) => {
    const engineId = await boot(store);
    expect((await store.wakeDue(SCOPE)).nextWakeAt).toBeUndefined();
    await store.acquireLock(requestOf(client(), { holdMs: 500 }));
    expect((await store.wakeDue(SCOPE)).nextWakeAt, 'nobody waits').toBeUndefined();
    const run = await waiting(store, engineId);
    const expiresAt = clock.now() + 500;
    expect(await store.wakeDue(SCOPE)).toEqual({
      ...{ adopted: [], queued: 0, assigned: [], nextWakeAt: expiresAt, storeTime: clock.now() },
    });
    clock.advance(500);
    const woken = await store.wakeDue(SCOPE);
    expect(woken.grants).toMatchObject([{ holder: { id: run.runId }, token: 2, told: { delivery: {} } }]);
    expect(woken.nextWakeAt).toBeUndefined();
    expect(await rowOf(store, run.runId)).toMatchObject({ status: 'queued' });
    expect(await store.wakeDue(SCOPE)).not.toHaveProperty('grants');
  },
  'a retirement gives its locks to runs that wait, and requeues its own': async ({ store, second }) => {
    const [dead, live] = [await boot(store), await boot(store)];
    await store.acquireLock(requestOf({ kind: 'engine', id: dead }));
    const own = await startOwned(store, dead);
    const run = await waiting(store, live);
    const result = await second.retire(dead, undefined, { limit: 10, deathLimit: 3, harmless: false });
    expect(result).toMatchObject({
      requeued: 1,
      locks: ['default/door'],
      grants: [{ holder: { id: run.runId } }],
    });
    expect(await holderOf(store)).toEqual([run.runId, 2]);
    expect(await rowOf(store, own.runId)).toMatchObject({ status: 'queued' });
  },
};
