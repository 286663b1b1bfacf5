import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { createDatabase, type TestDatabase } from '../../../../testbed/postgres-database.ts';
import { beginHeld, type HeldTransaction } from '../../../../testbed/postgres-held.ts';
import { ask as askOnce } from '../../../../testbed/postgres-subject.ts';
import { postgresUrl } from '../../../../testbed/postgres-url.ts';
import {
  advance,
  boot,
  claim,
  claimedIds,
  claimOne,
  closing,
  commitOne,
  ORDER,
  planOf,
  startOf,
  startOne,
} from '../../contract/samples.ts';
import { QUEUE, startSome } from '../../contract/limits/limit.ts';
import type { Store } from '../../port/store.ts';
import type { Statement } from '../database/connect.ts';
import { openPostgres } from '../open-postgres.ts';
import { arrange, commitStatement } from '../runs/commit.ts';
import { claimStatement } from '../runs/ownership.ts';
import { startStatement } from '../runs/start.ts';
import { setLimitStatement } from './limits.ts';

const ada = [{ key: 'ada', max: 1 }];

/*
 * Two acts at once where limits count, step by step: the first one's transaction is held open on a connection of its
 * own, the second one runs into its locks, then the first one ends this way or that.
 */
describe.skipIf(postgresUrl === undefined)('interleavings of limits', () => {
  let database: TestDatabase;
  let store: Store;
  let first: HeldTransaction;

  beforeAll(async () => {
    database = await createDatabase(postgresUrl ?? '');
    store = await openPostgres({ url: database.url, hintsUrl: false });
    await store.migrate();
  });
  beforeEach(async () => {
    first = await beginHeld(database.url);
  });
  afterEach(async () => {
    await first.close();
    await askOnce(database.url, 'TRUNCATE millrace.runs, millrace.limits, millrace.run_keys, millrace.keys');
  });
  afterAll(async () => {
    await store.close();
    await database.drop();
  });

  const claiming = (engineId: string): Statement =>
    claimStatement({ engineId, workflows: [ORDER], limit: 9, suspects: false }, undefined);

  test.each([
    ['COMMIT', 0],
    ['ROLLBACK', 1],
  ])(
    'claim × claim for the last place: after the first one has ended with %s the other gets %i',
    async (end, more) => {
      const [one, other] = [await boot(store), await boot(store)];
      await store.setLimit({ ...QUEUE, maxConcurrent: 1 });
      await startSome(store, 3);
      expect(await first.hold(claiming(one))).toHaveLength(1);
      const claimed = claim(store, other);
      await first.untilBlocked();
      await first.end(end);
      expect(await claimed).toHaveLength(more);
    },
  );

  test('close × claim: a place is free when the close has committed, not before', async () => {
    const engineId = await boot(store);
    await store.setLimit({ ...QUEUE, maxConcurrent: 1 });
    const [, next] = await startSome(store, 2);
    const run = await claimOne(store, engineId);
    await first.hold(commitStatement(arrange([planOf(run, closing(run))]), undefined));
    expect(await claimedIds(store, engineId)).toEqual([]);
    await first.end('COMMIT');
    expect(await claimedIds(store, engineId)).toEqual([next]);
  });

  test('claim × close at a key: the close that waited sees what was parked meanwhile (L3)', async () => {
    const engineId = await boot(store);
    await startSome(store, 1, { limits: ada });
    const run = await claimOne(store, engineId);
    const [parked] = await startSome(store, 1, { limits: ada });
    await first.hold(claiming(await boot(store)));
    const closed = commitOne(store, planOf(run, closing(run)));
    await first.untilBlocked();
    await first.end('COMMIT');
    expect(await closed).toMatchObject({ outcome: 'ok', freed: true });
    expect(await claimedIds(store, engineId)).toEqual([parked]);
  });

  test('close × claim at a key: the claim that waited sees the place (L3)', async () => {
    const engineId = await boot(store);
    await startSome(store, 1, { limits: ada });
    const run = await claimOne(store, engineId);
    const [next] = await startSome(store, 1, { limits: ada });
    await first.hold(commitStatement(arrange([planOf(run, closing(run))]), undefined));
    const claimed = claimedIds(store, engineId);
    await first.untilBlocked();
    await first.end('COMMIT');
    expect(await claimed).toEqual([next]);
  });

  test('limit × claim: a limit that is lowered below what is in use lets nobody in', async () => {
    const engineId = await boot(store);
    await store.setLimit({ ...QUEUE, maxConcurrent: 3 });
    await startSome(store, 5);
    await claim(store, engineId, { limit: 2 });
    await first.hold(setLimitStatement({ ...QUEUE, maxConcurrent: 1 }, undefined));
    const claimed = claim(store, engineId);
    await first.untilBlocked();
    await first.end('COMMIT');
    expect(await claimed).toHaveLength(0);
  });

  test('limit × start: a start that waited for a limit to be made is not owned at once (L4)', async () => {
    const engineId = await boot(store);
    await first.hold(setLimitStatement({ ...QUEUE, maxConcurrent: 1 }, undefined));
    const started = startOne(store, { owner: engineId });
    await first.untilBlocked();
    await first.end('COMMIT');
    expect(await started).toMatchObject({ outcome: 'started', owned: false });
  });

  test('start × limit: a limit that waited for a start counts its run (L2)', async () => {
    const owner = await boot(store);
    const request = startOf({ owner });
    await first.hold(startStatement([request], { now: undefined, unowned: false }));
    const made = store.setLimit({ ...QUEUE, maxConcurrent: 1 });
    await first.untilBlocked();
    await first.end('COMMIT');
    await made;
    expect(await store.readLimits('default')).toMatchObject([{ inUse: 1, holders: [request.runId] }]);
  });

  test('claim × limit: a limit that waited for a claim counts its run (L2)', async () => {
    const engineId = await boot(store);
    const [runId] = await startSome(store, 1);
    await first.hold(claiming(engineId));
    const made = store.setLimit({ ...QUEUE, maxConcurrent: 1 });
    await first.untilBlocked();
    await first.end('COMMIT');
    await made;
    expect(await store.readLimits('default')).toMatchObject([{ inUse: 1, holders: [runId] }]);
  });

  test('start × claim: a start in a transaction that stays open holds up nobody at its key', async () => {
    const engineId = await boot(store);
    const [runId] = await startSome(store, 1, { limits: ada });
    await first.hold(startStatement([startOf({ limits: ada })], { now: undefined, unowned: true }));
    const run = await claimOne(store, engineId);
    expect(run.runId).toBe(runId);
    await advance(store, run, closing(run));
    await store.prune({ limit: 10, enginesMs: 1e9, failoversMs: 1e9 });
    await first.end('COMMIT');
    // The key was kept for it.
    expect(await claim(store, engineId)).toHaveLength(1);
    expect(await askOnce(database.url, 'SELECT asked_max FROM millrace.limits')).toEqual([{ asked_max: 1 }]);
  });

  test('start × start for the last place in a queue: the one that waited is refused', async () => {
    await store.setLimit({ ...QUEUE, maxDepth: 2 });
    await startSome(store, 1);
    await first.hold(startStatement([startOf()], { now: undefined, unowned: false }));
    const refused = startOne(store);
    await first.untilBlocked();
    await first.end('COMMIT');
    expect(await refused).toMatchObject({ outcome: 'queue-full', maxDepth: 2 });
  });

  test('many claims and closes at once: never more than the limit, and nothing is left behind', async () => {
    const engines = await Promise.all(Array.from({ length: 6 }, () => boot(store)));
    await store.setLimit({ ...QUEUE, maxConcurrent: 3 });
    const limits = [{ key: 'ada', max: 2 }];
    await Promise.all([startSome(store, 30, { limits }), startSome(store, 30)]);
    let done = 0;
    const work = async (engineId: string): Promise<void> => {
      while (done < 60) {
        // oxlint-disable no-await-in-loop -- each round depends on what the one before found
        const runs = await claim(store, engineId, { limit: 2 });
        const [inUse] = await store.readLimits('default');
        expect(inUse?.inUse).toBeLessThanOrEqual(3);
        for (const run of runs) {
          const owned = { ...run, engineId };
          const ofKey = (await store.limitsOf(run.runId))?.limits.find(({ kind }) => kind === 'key');
          expect(ofKey?.inUse ?? 0).toBeLessThanOrEqual(2);
          await advance(store, owned, closing(owned));
          done += 1;
        }
        // oxlint-enable no-await-in-loop
      }
    };
    await Promise.all(engines.map(work));
    expect(await store.readLimits('default')).toMatchObject([{ inUse: 0 }]);
    expect(await askOnce(database.url, 'SELECT 1 FROM millrace.run_keys')).toEqual([]);
  });
});
