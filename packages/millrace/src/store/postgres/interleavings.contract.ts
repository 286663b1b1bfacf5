import { Client } from 'pg';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { createDatabase, type TestDatabase } from '../../../testbed/postgres-database.ts';
import { beginHeld, type HeldTransaction } from '../../../testbed/postgres-held.ts';
import { postgresUrl } from '../../../testbed/postgres-url.ts';
import {
  boot,
  bytes,
  closedRun,
  closing,
  commitOne,
  messageTo,
  ORDER,
  planOf,
  startOf,
  startOwned,
  startQueued,
  suspension,
} from '../contract/samples.ts';
import type { ReopenRequest, Store } from '../port/store.ts';
import { ask } from './database/connect.ts';
import { retireStatement } from './engines/incarnations.ts';
import { openPostgres } from './open-postgres.ts';
import { arrange, commitStatement } from './runs/commit.ts';
import { claimStatement, deliverStatement } from './runs/ownership.ts';
import { reopenStatement } from './runs/reopen.ts';
import { startStatement } from './runs/start.ts';

/*
 * Two acts at once, step by step: the first one's transaction is held open on a connection of its own, the
 * second one runs into its locks, then the first one ends this way or that.
 */
describe.skipIf(postgresUrl === undefined)('interleavings', () => {
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
  afterEach(() => first.close());
  afterAll(async () => {
    await store.close();
    await database.drop();
  });

  test('claim × claim: what one is taking the other passes over without waiting', async () => {
    const [one, other] = [await boot(store), await boot(store)];
    const queue = 'claims';
    const ids = [
      await startQueued(store, { queue }),
      await startQueued(store, { queue }),
      await startQueued(store, { queue }),
    ];
    const request = { queues: [queue], workflows: [ORDER], limit: 2, suspects: false };
    await first.hold(claimStatement({ ...request, engineId: one }, undefined));
    const rest = await store.claimRuns({ ...request, engineId: other });
    expect(rest.map(({ runId }) => runId)).toEqual([ids[2]]);
    await first.end('ROLLBACK');
    const again = await store.claimRuns({ ...request, engineId: other });
    expect(again.map(({ runId }) => runId)).toEqual([ids[0], ids[1]]);
  });

  test('claim × claim at the end of a window: one gets the run, the other one does not wait', async () => {
    const [owner, one, other] = [await boot(store), await boot(store), await boot(store)];
    const [queues, workflows] = [['windows'], [ORDER]];
    const run = await startOwned(store, owner, { queue: 'windows' });
    await commitOne(store, planOf(run, suspension(run)));
    await store.deliver([{ ...messageTo(run.runId), windowMs: 1 }]);
    const request = { queues, workflows, limit: 9, suspects: false };
    let taken: unknown[] = [];
    while (taken.length === 0)
      taken = await first.hold(claimStatement({ ...request, engineId: one }, undefined));
    expect(await store.claimRuns({ ...request, engineId: owner })).toEqual([]);
    expect(await store.claimRuns({ ...request, engineId: other })).toEqual([]);
    await first.end('COMMIT');
    expect(await store.readRuns([{ runId: run.runId }])).toMatchObject([
      { ownerId: one, assignedTo: undefined },
    ]);
  });

  test('claim × deliver: a message that waited for the claim of an assigned run finds its owner', async () => {
    const [owner, other] = [await boot(store), await boot(store)];
    const run = await startOwned(store, owner, { queue: 'claimed' });
    await commitOne(store, planOf(run, suspension(run)));
    await store.deliver([{ ...messageTo(run.runId), windowMs: 60_000 }]);
    const request = { queues: ['claimed'], workflows: [ORDER], limit: 9, suspects: false };
    await first.hold(claimStatement({ ...request, engineId: owner }, undefined));
    const message = { ...messageTo(run.runId, 'm2'), windowMs: 60_000 };
    const delivered = store.deliver([message], { engineId: other, limit: 9 });
    await first.untilBlocked();
    await first.end('COMMIT');
    expect(await delivered).toMatchObject([{ adopted: undefined, ownerId: owner, assignedTo: undefined }]);
  });

  test('deliver × commit: a suspension that waited for a message is unread', async () => {
    const run = await startOwned(store, await boot(store));
    await first.hold(
      deliverStatement(
        [{ target: { runId: run.runId }, dedup: 'm', body: bytes('x') }],
        undefined,
        undefined,
      ),
    );
    const suspended = commitOne(store, planOf(run, suspension(run)));
    await first.untilBlocked();
    await first.end('COMMIT');
    expect(await suspended).toEqual({ outcome: 'unread', inboxSeq: 1 });
  });

  test('commit × deliver: a message that waited for a suspension wakes the run', async () => {
    const run = await startOwned(store, await boot(store));
    await first.hold(commitStatement(arrange([planOf(run, suspension(run))]), undefined));
    const delivered = store.deliver([{ target: { runId: run.runId }, dedup: 'm', body: bytes('x') }]);
    await first.untilBlocked();
    await first.end('COMMIT');
    expect(await delivered).toMatchObject([{ outcome: 'delivered', seq: 1 }]);
    expect(await store.readRuns([{ runId: run.runId }])).toMatchObject([{ status: 'queued' }]);
  });

  test('commit × deliver: a message that waited for a close finds the run closed', async () => {
    const run = await startOwned(store, await boot(store), { queue: 'close' });
    await first.hold(commitStatement(arrange([planOf(run, closing(run))]), undefined));
    const delivered = store.deliver([{ target: { runId: run.runId }, dedup: 'm', body: bytes('x') }]);
    await first.untilBlocked();
    await first.end('COMMIT');
    expect(await delivered).toMatchObject([{ outcome: 'run-closed', status: 'completed' }]);
  });

  /** A run that was cancelled, as a retry sees it. */
  async function cancelledRun(queue: string): Promise<ReopenRequest> {
    const { runId, version, events: seq } = await closedRun(store, { queue }, 'cancelled');
    return { runId, version, from: 'cancelled', seq, count: 1, history: bytes('retried'), commitId: 17 };
  }

  test('deliver × reopen: a run is opened again only when what it refused is over', async () => {
    const request = await cancelledRun('refused');
    const message = { target: { runId: request.runId }, dedup: 'm', body: bytes('x') };
    const [refused] = await first.hold(deliverStatement([message], undefined, undefined));
    expect(refused).toBeDefined();
    const reopened = store.reopen(request);
    await first.untilBlocked();
    expect(await store.readRuns([{ runId: request.runId }])).toMatchObject([{ status: 'cancelled' }]);
    await first.end('COMMIT');
    expect(await reopened).toBe('ok');
    expect(await store.readInbox(request.runId)).toEqual([]);
  });

  test('reopen × deliver: a message that waited for a run to be opened reaches it', async () => {
    const request = await cancelledRun('opened');
    const message = { target: { runId: request.runId }, dedup: 'm', body: bytes('x') };
    await first.hold(reopenStatement(request, undefined));
    const delivered = store.deliver([message]);
    await first.untilBlocked();
    await first.end('COMMIT');
    expect(await delivered).toMatchObject([{ outcome: 'delivered', seq: 1 }]);
  });

  test('commit × deliver: a message by key that waited for a continued run reaches the successor', async () => {
    const run = await startOwned(store, await boot(store), { key: 'cont', queue: 'cont' });
    const successor = startOf({ key: 'cont' });
    const plan = planOf(run, closing(run, 'continued', successor.runId), { starts: [successor] });
    await first.hold(commitStatement(arrange([plan]), undefined));
    const target = { namespace: 'default', key: 'cont' };
    const delivered = store.deliver([{ target, dedup: 'm', body: bytes('x') }]);
    await first.untilBlocked();
    await first.end('COMMIT');
    expect(await delivered).toMatchObject([{ outcome: 'delivered', runId: successor.runId }]);
  });

  test('commit × start: a start with a message that waited for the close of its key is told so', async () => {
    const run = await startOwned(store, await boot(store), { key: 'closing', queue: 'closing' });
    await first.hold(commitStatement(arrange([planOf(run, closing(run))]), undefined));
    const message = { dedup: 'm', body: bytes('x') };
    const started = store.startRuns([startOf({ key: 'closing', reuse: 'allow', message })]);
    await first.untilBlocked();
    await first.end('COMMIT');
    const { runId } = run;
    expect(await started).toMatchObject([
      { outcome: 'existing', runId, status: 'completed', delivery: { outcome: 'run-closed', runId } },
    ]);
  });

  test('start × start with one key: the second finds the first when that commits', async () => {
    const winner = startOf({ key: 'race', fingerprint: 'f' });
    await first.hold(startStatement([winner], { now: undefined, unowned: false }));
    const second = store.startRuns([startOf({ key: 'race', fingerprint: 'f' })]);
    await first.untilBlocked();
    await first.end('COMMIT');
    expect(await second).toEqual([{ outcome: 'existing', runId: winner.runId, status: 'queued' }]);
  });

  test('start × start with one key: the second is started when the first is rolled back', async () => {
    await first.hold(startStatement([startOf({ key: 'undone' })], { now: undefined, unowned: false }));
    const second = store.startRuns([startOf({ key: 'undone' })]);
    await first.untilBlocked();
    await first.end('ROLLBACK');
    expect(await second).toMatchObject([{ outcome: 'started' }]);
  });

  test('reopen × start: a key that a reopened run keeps is not given away', async () => {
    const run = await startOwned(store, await boot(store), { key: 'again', queue: 'again' });
    await commitOne(store, planOf(run, closing(run, 'failed')));
    await first.hold({
      text: 'SELECT millrace.reopen_v1(NULL, $1, 1, 11, 2, 0, NULL, 4711)',
      values: [run.runId],
    });
    const second = store.startRuns([startOf({ key: 'again', reuse: 'allow' })]);
    await first.untilBlocked();
    await first.end('COMMIT');
    expect(await second).toEqual([{ outcome: 'existing', runId: run.runId, status: 'queued' }]);
  });

  test('retire × commit: a plan that waited for the retirement is a conflict (I9)', async () => {
    const engineId = await boot(store);
    const run = await startOwned(store, engineId, { queue: 'retire' });
    const options = { limit: 0, deathLimit: 3, harmless: true };
    await first.hold(retireStatement(engineId, undefined, options, undefined));
    const committed = commitOne(store, planOf(run, { kind: 'continue' }));
    await first.untilBlocked();
    await first.end('COMMIT');
    expect(await committed).toEqual({ outcome: 'conflict' });
    expect(await store.readRuns([{ runId: run.runId }])).toMatchObject([{ status: 'running', version: 0 }]);
  });

  test('commit × retire: a retirement waits for the plan that found the incarnation alive', async () => {
    const engineId = await boot(store);
    const run = await startOwned(store, engineId, { queue: 'retire' });
    await first.hold(commitStatement(arrange([planOf(run, { kind: 'continue' })]), undefined));
    const retired = store.retire(engineId, undefined, { limit: 10, deathLimit: 3, harmless: true });
    await first.untilBlocked();
    await first.end('COMMIT');
    expect(await retired).toMatchObject({ retired: true, requeued: 1 });
    expect(await store.readRuns([{ runId: run.runId }])).toMatchObject([
      { status: 'queued', version: 1, epoch: 2 },
    ]);
  });

  test('commit × retire: who takes over does not wait for a COMMIT that never comes', async () => {
    const engineId = await boot(store);
    const run = await startOwned(store, engineId, { queue: 'cut off' });
    const lost = new Client(database.url);
    const ends: unknown[] = [];
    lost.on('error', (error) => ends.push(error));
    await lost.connect();
    await lost.query('BEGIN');
    await ask(lost, commitStatement(arrange([planOf(run, { kind: 'continue' })]), undefined));
    const retired = await store.retire(engineId, undefined, { limit: 10, deathLimit: 3, harmless: true });
    expect(retired).toMatchObject({ retired: true, requeued: 1 });
    expect(await store.readRuns([{ runId: run.runId }])).toMatchObject([{ status: 'queued', version: 0 }]);
    expect(ends).not.toEqual([]);
  });

  test('two flushes with messages to each other do not wait in a circle', async () => {
    const engineId = await boot(store);
    const runs = await Promise.all(
      Array.from({ length: 20 }, (_, i) => startOwned(store, engineId, { queue: `ring${i}` })),
    );
    const plans = runs.map((run, i) => {
      const target = { runId: runs[(i + 7) % runs.length]?.runId ?? '' };
      return planOf(run, { kind: 'continue' }, { messages: [{ target, dedup: 'm', body: bytes('x') }] });
    });
    const halves = [plans.filter((_, i) => i % 2 === 0), plans.filter((_, i) => i % 2 === 1)];
    const results = await Promise.all(halves.map((half) => store.commit(half)));
    expect(results.flat().every(({ outcome }) => outcome === 'ok')).toBe(true);
  });
});
