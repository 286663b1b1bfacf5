import { expect } from 'vitest';
import type { PausedRecord, PauseRequest, Store } from '../../port/store.ts';
import {
  advance,
  blocking,
  boot,
  bytes,
  claim,
  claimedIds,
  claimOne,
  closedRun,
  closing,
  commitOne,
  CONTINUE,
  messageTo,
  newCommitId,
  newId,
  type Owned,
  planOf,
  rowOf,
  SILENT,
  startOf,
  startOwned,
  startQueued,
  suspension,
  texts,
} from '../samples.ts';
import type { Promises } from '../subject.ts';

async function pause(store: Store, runId: string, more: Partial<PauseRequest> = {}) {
  return store.pauseRun({ runId, by: undefined, reason: undefined, ...more });
}

/** What the engine records that still executes attempts of it. */
function recordOf(run: Owned, more: Partial<PausedRecord> = {}): PausedRecord {
  const { runId, engineId, epoch, version, events: seq } = run;
  const event = { count: 1, history: bytes('outcome') };
  return { runId, engineId, epoch, version, seq, commitId: newCommitId(), ...event, done: false, ...more };
}

const RETIRE = { limit: 100, deathLimit: 3, harmless: false };
const QUEUED = { outcome: 'resumed', status: 'queued', ownerId: undefined, wakeAt: undefined };

/** P1–P5. */
export const pausePromises: Promises = {
  'a paused run says since when, by whom and why, also in a list': async ({ store, clock }) => {
    const runId = await startQueued(store);
    expect((await rowOf(store, runId)).pause).toBeUndefined();
    expect(await pause(store, runId, { by: 'ada', reason: 'audit' })).toEqual({
      ...{ outcome: 'paused', engineId: undefined },
    });
    const told = { at: clock.now(), by: 'ada', reason: 'audit', engineId: undefined };
    expect(await rowOf(store, runId)).toMatchObject({ status: 'paused', pause: told });
    const { runs } = await store.listRuns({ namespace: 'default', status: ['paused'], limit: 9 });
    expect(runs).toMatchObject([{ runId, pause: told }]);
  },

  'paused again it stays as it is; resumed when it is not paused it stays as it is': async ({
    store,
    clock,
  }) => {
    const runId = await startQueued(store);
    expect(await store.resumeRun(runId)).toEqual({ outcome: 'open' });
    await pause(store, runId, { by: 'ada' });
    const before = await rowOf(store, runId);
    clock.advance(1_000);
    expect(await pause(store, runId, { by: 'bob' })).toEqual({ outcome: 'paused', engineId: undefined });
    expect(await rowOf(store, runId)).toEqual(before);
    await store.resumeRun(runId);
    const { status, pause: none } = await rowOf(store, runId);
    expect([status, none]).toEqual(['queued', undefined]);
    expect(await store.resumeRun(runId)).toEqual({ outcome: 'open' });
  },

  'a run that has closed, or is not there, is neither paused nor resumed': async ({ store }) => {
    const { runId } = await closedRun(store);
    const closed = { outcome: 'run-closed', status: 'completed', successor: undefined };
    expect(await pause(store, runId)).toEqual(closed);
    expect(await store.resumeRun(runId)).toEqual(closed);
    expect(await pause(store, newId())).toEqual({ outcome: 'not-found' });
    expect(await store.resumeRun(newId())).toEqual({ outcome: 'not-found' });
    const engineId = await boot(store);
    const run = await startOwned(store, engineId);
    const successor = startOf();
    const next = closing(run, 'continued', successor.runId);
    await commitOne(store, planOf(run, next, { starts: [successor] }));
    expect(await pause(store, run.runId)).toMatchObject({ successor: successor.runId });
  },

  'a queued one is claimed by nobody, and keeps its place': async ({ store, clock }) => {
    const engineId = await boot(store);
    const runId = await startQueued(store);
    clock.advance(10);
    const later = await startQueued(store);
    await pause(store, runId);
    expect(await store.countAhead(later, 10)).toBe(0);
    expect(await claimedIds(store, engineId)).toEqual([later]);
    expect(await store.resumeRun(runId)).toEqual(QUEUED);
    const last = await startQueued(store);
    expect(await claimedIds(store, engineId, { limit: 1 })).toEqual([runId]);
    expect(await claimedIds(store, engineId)).toEqual([last]);
  },

  'one that was kept for an engine is kept for nobody any more': async ({ store, clock }) => {
    const [first, second] = [await boot(store), await boot(store, 'beta')];
    const assignTo = { engineId: first, windowMs: 1_000 };
    const run = startOf({ assignTo });
    await store.startRuns([run]);
    await pause(store, run.runId);
    expect(await rowOf(store, run.runId)).toMatchObject({ assignedTo: undefined, assignedUntil: undefined });
    clock.advance(2_000);
    expect(await claim(store, first)).toEqual([]);
    await store.resumeRun(run.runId);
    expect(await claimedIds(store, second)).toEqual([run.runId]);
  },

  'one that waits is woken by no time, and goes on waiting for the same': async ({ store, clock }) => {
    const engineId = await boot(store);
    const run = await startOwned(store, engineId);
    const wakeAt = clock.now() + 1_000;
    await advance(store, run, suspension(run, wakeAt));
    await pause(store, run.runId);
    const asked = { limit: 9, adopter: undefined, workflows: [] };
    expect((await store.wakeDue(asked)).nextWakeAt).toBeUndefined();
    const back = { outcome: 'resumed', status: 'waiting', ownerId: undefined, wakeAt };
    expect(await store.resumeRun(run.runId)).toEqual(back);
    expect(await rowOf(store, run.runId)).toMatchObject({ status: 'waiting', wakeAt, waits: bytes('waits') });
    expect((await store.wakeDue(asked)).nextWakeAt).toBe(wakeAt);
  },

  'what came due meanwhile is queued at once, as ready since then': async ({ store, clock }) => {
    const engineId = await boot(store);
    const run = await startOwned(store, engineId);
    const wakeAt = clock.now() + 1_000;
    await advance(store, run, suspension(run, wakeAt));
    await pause(store, run.runId);
    clock.advance(5_000);
    expect(await store.wakeDue({ limit: 9, adopter: undefined, workflows: [] })).toMatchObject({ queued: 0 });
    expect(await store.resumeRun(run.runId)).toEqual(QUEUED);
    expect(await rowOf(store, run.runId)).toMatchObject({ readyAt: wakeAt, wakeAt: undefined });
    expect(await claimedIds(store, engineId)).toEqual([run.runId]);
  },

  'messages are kept, and act when it is resumed': async ({ store, clock }) => {
    const engineId = await boot(store);
    const run = await startOwned(store, engineId);
    await advance(store, run, suspension(run, clock.now() + 60_000));
    await pause(store, run.runId);
    const adopter = { engineId, limit: 9 };
    expect(await store.deliver([messageTo(run.runId)], adopter)).toMatchObject([
      { outcome: 'delivered', adopted: undefined, ownerId: undefined, assignedTo: undefined },
    ]);
    expect((await rowOf(store, run.runId)).status).toBe('paused');
    clock.advance(10);
    expect(await store.resumeRun(run.runId)).toEqual(QUEUED);
    const claimed = await claimOne(store, engineId);
    expect(claimed).toMatchObject({ runId: run.runId, inboxSeq: 1 });
    const [loaded] = await store.loadRuns([{ runId: run.runId, epoch: claimed.epoch, fromSeq: 0 }]);
    expect(loaded?.inbox).toHaveLength(1);
  },

  'a message that cancels ends the pause with it': async ({ store, clock }) => {
    const engineId = await boot(store);
    const waiting = await startOwned(store, engineId);
    await advance(store, waiting, suspension(waiting, clock.now() + 60_000));
    const queued = await startQueued(store);
    for (const { runId } of [waiting, { runId: queued }]) {
      // oxlint-disable no-await-in-loop -- one after the other
      await pause(store, runId);
      await store.deliver([messageTo(runId, 'signal:cancel:1')]);
      expect((await rowOf(store, runId)).status).toBe('paused');
      expect(await store.deliver([messageTo(runId, 'cancel:1')])).toMatchObject([{ outcome: 'delivered' }]);
      expect(await rowOf(store, runId)).toMatchObject({ status: 'queued', pause: undefined, inboxSeq: 2 });
      // oxlint-enable no-await-in-loop
    }
    expect((await claimedIds(store, engineId)).toSorted()).toEqual([waiting.runId, queued].toSorted());
  },

  'so does one that comes with a plan': async ({ store }) => {
    const engineId = await boot(store);
    const [parent, child] = [await startOwned(store, engineId), await startQueued(store)];
    await pause(store, child);
    await advance(store, parent, closing(parent), { messages: [messageTo(child, 'cancel:parent')] });
    expect((await rowOf(store, child)).status).toBe('queued');
  },

  'no plan of a paused run is applied, and its engine is remembered': async ({ store }) => {
    const engineId = await boot(store);
    const run = await startOwned(store, engineId);
    expect(await pause(store, run.runId)).toEqual({ outcome: 'paused', engineId });
    expect(await rowOf(store, run.runId)).toMatchObject({ ownerId: undefined, pause: { engineId } });
    expect(await store.listOwned(engineId)).toEqual([]);
    expect(await store.loadRuns([{ runId: run.runId, epoch: run.epoch, fromSeq: 0 }])).toEqual([]);
    expect(await store.release([run])).toBe(0);
    const nexts = [CONTINUE, suspension(run), closing(run), blocking('X')];
    for (const next of nexts) {
      // oxlint-disable-next-line no-await-in-loop -- one after the other
      expect(await commitOne(store, planOf(run, next))).toEqual({ outcome: 'conflict' });
    }
    expect(texts(await store.readHistory(run.runId))).toEqual(['started']);
  },

  'outcomes of attempts that ran are added by that engine, each once': async ({ store }) => {
    const engineId = await boot(store);
    const run = await startOwned(store, engineId);
    await pause(store, run.runId);
    const record = recordOf(run);
    expect(await store.recordPaused(record)).toBe('ok');
    expect(await store.recordPaused(record)).toBe('already');
    expect(await store.recordPaused(recordOf(run))).toBe('conflict');
    const later = { ...run, version: run.version + 1, events: 2 };
    const other = await boot(store, 'beta');
    expect(await store.recordPaused(recordOf({ ...later, engineId: other }))).toBe('conflict');
    expect(await store.recordPaused(recordOf({ ...later, epoch: 9 }))).toBe('conflict');
    expect(await store.recordPaused(recordOf({ ...later, events: 1 }))).toBe('conflict');
    expect(await store.recordPaused(recordOf(later, { ...SILENT, done: true }))).toBe('ok');
    expect(texts(await store.readHistory(run.runId))).toEqual(['started', 'outcome']);
    expect(await rowOf(store, run.runId)).toMatchObject({
      ...{ status: 'paused', events: 2, version: 2, pause: { engineId: undefined } },
    });
    expect(await store.recordPaused(recordOf({ ...later, version: 2 }))).toBe('conflict');
    const without = recordOf(later, { history: undefined });
    await expect(store.recordPaused(without)).rejects.toThrow(/a plan of 1 events without history/);
  },

  'resumed while attempts of it run it is that engine’s again, with the next epoch': async ({ store }) => {
    const engineId = await boot(store);
    const run = await startOwned(store, engineId);
    await pause(store, run.runId);
    await store.recordPaused(recordOf(run));
    const back = { outcome: 'resumed', status: 'running', ownerId: engineId, wakeAt: undefined };
    expect(await store.resumeRun(run.runId)).toEqual(back);
    const now = { ...run, epoch: run.epoch + 1, version: 1, events: 2 };
    const owned = [{ runId: run.runId, epoch: now.epoch, version: 1, inboxSeq: 0 }];
    expect(await store.listOwned(engineId)).toEqual(owned);
    expect(await commitOne(store, planOf({ ...now, epoch: run.epoch }, CONTINUE))).toEqual({
      outcome: 'conflict',
    });
    expect(await store.recordPaused(recordOf(now))).toBe('conflict');
    await advance(store, now);
  },

  'else it is queued: nothing runs there any more, or the engine is gone': async ({ store }) => {
    const [first, second] = [await boot(store), await boot(store, 'beta')];
    const [done, orphan] = [await startOwned(store, first), await startOwned(store, first)];
    await pause(store, done.runId);
    await store.recordPaused(recordOf(done, { ...SILENT, done: true }));
    expect(await store.resumeRun(done.runId)).toEqual(QUEUED);
    await pause(store, orphan.runId);
    await store.retire(first, undefined, RETIRE);
    expect(await rowOf(store, orphan.runId)).toMatchObject({ status: 'paused', deaths: 0 });
    expect(await store.recordPaused(recordOf(orphan))).toBe('conflict');
    expect(await store.resumeRun(orphan.runId)).toEqual(QUEUED);
    expect((await claimedIds(store, second)).toSorted()).toEqual([done.runId, orphan.runId].toSorted());
  },

  'a blocked one stays blocked, but for a program that may have been put right': async ({ store }) => {
    const engineId = await boot(store);
    for (const [code, status] of [
      ['QUARANTINED', 'blocked'],
      ['NON_DETERMINISTIC', 'queued'],
    ] as const) {
      // oxlint-disable no-await-in-loop -- one after the other
      const run = await startOwned(store, engineId);
      await advance(store, run, blocking(code));
      await pause(store, run.runId);
      expect(await store.unblock({ code, workflows: [{ workflow: 'order', version: '1' }] })).toBe(0);
      expect(await store.resumeRun(run.runId)).toMatchObject({ status });
      const blockCode = status === 'blocked' ? code : undefined;
      expect(await rowOf(store, run.runId)).toMatchObject({ status, blockCode });
      // oxlint-enable no-await-in-loop
    }
  },

  'a suspect stays one': async ({ store }) => {
    const engineId = await boot(store);
    const runs = [await startOwned(store, engineId), await startOwned(store, engineId)];
    await store.retire(engineId, undefined, RETIRE);
    const [{ runId }] = runs as [Owned, Owned];
    await pause(store, runId);
    await store.resumeRun(runId);
    expect((await rowOf(store, runId)).suspectGroup).toBeDefined();
  },

  'tasks that nobody has begun are paused and resumed with it': async ({ store }) => {
    const engineId = await boot(store);
    const [run, workflow] = [await startOwned(store, engineId), '$task/pay'];
    const begun = await startQueued(store, { workflow, parentRunId: run.runId });
    const scope = { workflows: [{ workflow, version: '1' }] };
    expect(await claimedIds(store, engineId, scope)).toEqual([begun]);
    const [task, child, other] = [
      await startQueued(store, { workflow, parentRunId: run.runId }),
      await startQueued(store, { parentRunId: run.runId }),
      await startQueued(store, { workflow }),
    ];
    await pause(store, run.runId, { by: 'ada' });
    expect((await rowOf(store, task)).pause).toMatchObject({ by: 'ada', reason: 'its caller is paused' });
    expect((await rowOf(store, begun)).status).toBe('running');
    expect(await claimedIds(store, engineId, scope)).toEqual([other]);
    expect(await claimedIds(store, engineId)).toEqual([child]);
    await store.resumeRun(run.runId);
    expect(await claimedIds(store, engineId, scope)).toEqual([task]);
  },

  'it keeps its key and its grant': async ({ store }) => {
    const engineId = await boot(store);
    const scope = { namespace: 'default', kind: 'queue', name: 'default' } as const;
    await store.setLimit({ ...scope, maxConcurrent: 1 });
    const [first, second] = [await startQueued(store, { key: 'k' }), await startQueued(store)];
    expect(await claimedIds(store, engineId)).toEqual([first]);
    await pause(store, first);
    expect(await claimedIds(store, engineId)).toEqual([]);
    expect(await store.startRuns([startOf({ key: 'k' })])).toMatchObject([
      { outcome: 'existing', runId: first, status: 'paused' },
    ]);
    expect((await rowOf(store, second)).status).toBe('queued');
  },

  'a run that its key held back queues again': async ({ store }) => {
    const engineId = await boot(store);
    const limits = [{ key: 'ada', max: 1 }];
    const [first, second] = [await startQueued(store, { limits }), await startQueued(store, { limits })];
    expect(await claimedIds(store, engineId)).toEqual([first]);
    expect(await store.limitsOf(second)).toMatchObject({ parkedOn: 'ada' });
    await pause(store, second);
    const [row] = await store.listOwned(engineId);
    const run = { ...row, engineId, events: 1 } as Owned;
    await advance(store, run, closing(run));
    expect(await claimedIds(store, engineId)).toEqual([]);
    await store.resumeRun(second);
    expect(await claimedIds(store, engineId)).toEqual([second]);
  },

  'who pauses while its engine commits gets one or the other': async ({ store, second }) => {
    const engineId = await boot(store);
    for (let round = 0; round < 10; round++) {
      // oxlint-disable no-await-in-loop -- one race after the other
      const run = await startOwned(store, engineId);
      const [result] = await Promise.all([commitOne(store, planOf(run, CONTINUE)), pause(second, run.runId)]);
      const { status, version, events } = await rowOf(store, run.runId);
      expect(['ok', 'conflict']).toContain(result.outcome);
      expect([status, version, events]).toEqual(
        result.outcome === 'ok' ? ['paused', 1, 2] : ['paused', 0, 1],
      );
      // oxlint-enable no-await-in-loop
    }
  },
};
