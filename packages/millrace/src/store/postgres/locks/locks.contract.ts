import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { createDatabase, type TestDatabase } from '../../../../testbed/postgres-database.ts';
import { beginHeld, type HeldTransaction } from '../../../../testbed/postgres-held.ts';
import { ask as askOnce } from '../../../../testbed/postgres-subject.ts';
import { postgresUrl } from '../../../../testbed/postgres-url.ts';
import {
  asks,
  client,
  HOLD_MS,
  holderOf,
  LEAVES,
  lockOf,
  releases,
  requestOf,
} from '../../contract/locks/samples.ts';
import {
  advance,
  boot,
  closing,
  commitOne,
  CONTINUE,
  messageTo,
  ORDER,
  planOf,
  startOwned,
  suspension,
} from '../../contract/samples.ts';
import type { LockStore } from '../../port/locks.ts';
import type { Plan, Store } from '../../port/store.ts';
import { retireStatement } from '../engines/incarnations.ts';
import { openPostgres } from '../open-postgres.ts';
import { arrange, commitStatement } from '../runs/commit.ts';
import { lockCalls } from './statements.ts';

const T0 = Date.UTC(2030, 0, 1);

/*
 * Two acts on one lock at once, step by step: the first one's transaction is held open on a connection of its own, the
 * second one runs into its locks, then the first one ends this way or that.
 */
describe.skipIf(postgresUrl === undefined)('interleavings of locks', () => {
  let database: TestDatabase;
  let store: Store;
  let first: HeldTransaction;
  let held: LockStore;
  let now = T0;

  beforeAll(async () => {
    database = await createDatabase(postgresUrl ?? '');
    store = await openPostgres({ url: database.url, hintsUrl: false, now: () => now });
    await store.migrate();
  });
  beforeEach(async () => {
    now = T0;
    await askOnce(database.url, 'TRUNCATE millrace.locks, millrace.lock_waiters');
    first = await beginHeld(database.url);
    const calls = {
      write: first.hold,
      read: first.hold,
      hold: () => Promise.reject(new Error()),
      close: () => Promise.resolve(),
    };
    held = lockCalls(calls, () => now);
  });
  afterEach(() => first.close());
  afterAll(async () => {
    await store.close();
    await database.drop();
  });

  const hold = (plans: Plan[]) => first.hold(commitStatement(arrange(plans), now));

  test.each([
    ['COMMIT', { outcome: 'waiting', ahead: 0 }],
    ['ROLLBACK', { outcome: 'granted', token: 1 }],
  ])(
    'acquire × acquire of a new lock: after %s the second is answered as if it came after',
    async (end, answer) => {
      expect(await held.acquireLock(requestOf(client()))).toMatchObject({ outcome: 'granted' });
      const second = store.acquireLock(requestOf(client()));
      await first.untilBlocked();
      await first.end(end);
      expect(await second).toMatchObject(answer);
    },
  );

  test.each([
    ['COMMIT', { outcome: 'granted', token: 2 }],
    ['ROLLBACK', { outcome: 'waiting', ahead: 0 }],
  ])('release × acquire: after %s the second is answered as if it came after', async (end, answer) => {
    const request = requestOf(client());
    await store.acquireLock(request);
    await held.releaseLock(request);
    const second = store.acquireLock(requestOf(client()));
    await first.untilBlocked();
    await first.end(end);
    expect(await second).toMatchObject(answer);
  });

  test('acquire × release: who was about to wait is granted it', async () => {
    const [request, next] = [requestOf(client()), requestOf(client())];
    await store.acquireLock(request);
    expect(await held.acquireLock(next)).toMatchObject({ outcome: 'waiting' });
    const released = store.releaseLock(request);
    await first.untilBlocked();
    await first.end('COMMIT');
    expect(await released).toMatchObject({ held: true, grants: [{ holder: next.holder, token: 2 }] });
  });

  test.each([
    ['COMMIT', { outcome: 'waiting' }],
    ['ROLLBACK', { outcome: 'granted', token: 2 }],
  ])('renew × expiry: after %s of the renewal', async (end, answer) => {
    const request = requestOf(client());
    await store.acquireLock(request);
    now = T0 + HOLD_MS - 1;
    expect(await held.renewLock(request, HOLD_MS)).toBe(now + HOLD_MS);
    now += 1;
    const second = store.acquireLock(requestOf(client()));
    await first.untilBlocked();
    await first.end(end);
    expect(await second).toMatchObject(answer);
  });

  test('expiry × renew: who was late by a moment does not hold it any more', async () => {
    const [request, next] = [requestOf(client()), requestOf(client())];
    await store.acquireLock(request);
    now = T0 + HOLD_MS;
    expect(await held.acquireLock(next)).toMatchObject({ outcome: 'granted', token: 2 });
    now -= 1; // It was sent in time.
    const renewed = store.renewLock(request, HOLD_MS);
    await first.untilBlocked();
    await first.end('COMMIT');
    expect(await renewed).toBeUndefined();
    expect(await holderOf(store)).toEqual([next.holder.id, 2]);
  });

  test('release by a plan × close of the run that waits: the close is unread', async () => {
    const engineId = await boot(store);
    const holder = await advance(store, await startOwned(store, engineId), CONTINUE, asks());
    const waiter = await advance(store, await startOwned(store, engineId), CONTINUE, asks());
    await hold([planOf({ ...holder, inboxSeq: 1 }, CONTINUE, releases())]);
    const closed = commitOne(store, planOf(waiter, closing(waiter), LEAVES));
    await first.untilBlocked();
    await first.end('COMMIT');
    expect(await closed).toEqual({ outcome: 'unread', inboxSeq: 1 });
    expect(await holderOf(store)).toEqual([waiter.runId, 2]);
  });

  test('close of a run that waits × release by a plan: the next one gets it', async () => {
    const engineId = await boot(store);
    const holder = await advance(store, await startOwned(store, engineId), CONTINUE, asks());
    const waiter = await advance(store, await startOwned(store, engineId), CONTINUE, asks());
    const last = await advance(store, await startOwned(store, engineId), CONTINUE, asks());
    await hold([planOf(waiter, closing(waiter, 'cancelled'), LEAVES)]);
    const released = commitOne(store, planOf({ ...holder, inboxSeq: 1 }, CONTINUE, releases()));
    await first.untilBlocked();
    await first.end('COMMIT');
    expect(await released).toMatchObject({ grants: [{ holder: { id: last.runId }, token: 2 }] });
    expect((await lockOf(store))?.waiters).toEqual([]);
  });

  test('acquire × retire: what was granted a moment before is released with the rest (L3)', async () => {
    const engineId = await boot(store);
    const how = { limit: 9, deathLimit: 3, harmless: false };
    await held.acquireLock(requestOf({ kind: 'engine', id: engineId }));
    const retired = store.retire(engineId, undefined, how);
    await first.untilBlocked();
    await first.end('COMMIT');
    expect(await retired).toMatchObject({ retired: true, locks: ['default/door'] });
    expect(await lockOf(store)).toBeUndefined();
  });

  test('retire × acquire: who was declared dead a moment before gets nothing (I9)', async () => {
    const engineId = await boot(store);
    await first.hold(retireStatement(engineId, undefined, { limit: 9, deathLimit: 3, harmless: false }, now));
    const asked = store.acquireLock(requestOf({ kind: 'engine', id: engineId }));
    await first.untilBlocked();
    await first.end('COMMIT');
    expect(await asked).toEqual({ outcome: 'retired', grants: [] });
  });

  test('wakeDue passes over a lock that somebody is about to change, without waiting', async () => {
    const request = requestOf(client());
    await store.acquireLock(request);
    const run = await startOwned(store, await boot(store));
    const asked = await advance(store, run, CONTINUE, asks());
    await advance(store, asked, suspension(asked));
    now = T0 + HOLD_MS;
    await held.acquireLock(requestOf(client(), { waitMs: 0 }));
    expect(await store.wakeDue({ workflows: [], limit: 9, adopter: undefined })).not.toHaveProperty('grants');
    await first.end('ROLLBACK');
    const { grants } = await store.wakeDue({ workflows: [], limit: 9, adopter: undefined });
    expect(grants).toMatchObject([{ holder: { id: run.runId } }]);
  });

  test('plans, processes and retirements that want the same locks in any order never wait in a circle', async () => {
    await first.end('ROLLBACK');
    const names = ['a', 'b', 'c'];
    const deadlocks = async (): Promise<number> => {
      await askOnce(database.url, 'SELECT pg_stat_force_next_flush()');
      const text = 'SELECT deadlocks::text FROM pg_stat_database WHERE datname = current_database()';
      const [row] = (await askOnce(database.url, text)) as { deadlocks: string }[];
      return Number(row?.deadlocks);
    };
    const before = await deadlocks();
    const engineId = await boot(store);
    const runIds = [(await startOwned(store, engineId)).runId];
    const game = { over: false };

    const claimAll = () => store.claimRuns({ engineId, workflows: [ORDER], limit: 99, suspects: false });
    const play = async (seed: number): Promise<void> => {
      const pick = (n: number): string => names[(seed + n) % names.length] as string;
      for (let round = 0; round < 8; round += 1) {
        const mortal = await boot(store);
        const plans: Plan[] = [];
        for (let n = 0; n < 3; n += 1) {
          const run = await startOwned(store, n === 1 ? mortal : engineId, {
            queue: `${seed} ${round} ${n}`,
          });
          runIds.push(run.runId);
          const locks = [0, 1].flatMap((m) => asks(pick(n + m), String(m)).locks ?? []);
          plans.push(planOf(run, CONTINUE, { locks }));
        }
        await store.acquireLock(requestOf({ kind: 'engine', id: mortal }, { name: pick(round) }));
        const retired = store.retire(mortal, undefined, { limit: 9, deathLimit: 3, harmless: true });
        await Promise.all([store.commit(plans.toReversed()), retired]);
        await Promise.all(plans.map(({ runId }) => leave(runId)));
      }
    };
    const leave = async (runId: string): Promise<void> => {
      for (;;) {
        const [row] = await store.readRuns([{ runId }]);
        if (row === undefined) throw new Error('a run is gone');
        // That of the dead, whoever comes first; a claim passes over what a message is being delivered to.
        if (row.status === 'queued') await claimAll();
        const owned = { ...row, engineId };
        const result = await commitOne(store, planOf(owned, closing(owned), LEAVES));
        if (result.outcome === 'ok') return;
      }
    };
    /** Takes rows of many runs at once, as messages do. */
    const disturb = async (): Promise<void> => {
      while (!game.over) await store.deliver(runIds.slice(-24).map((runId) => messageTo(runId)));
    };
    const disturbed = disturb();
    try {
      await Promise.all([0, 1, 2, 3].map((seed) => play(seed)));
    } finally {
      game.over = true;
      await disturbed;
    }
    expect((await store.listLocks({ namespace: 'default', limit: 9 })).locks).toEqual([]);
    expect(await deadlocks()).toBe(before);
  }, 60_000);
});
