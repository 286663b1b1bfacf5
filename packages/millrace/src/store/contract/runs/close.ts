import { expect } from 'vitest';
import { CLOSED_STATUSES, type RunStatus } from '../../../core/status.ts';
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
  planOf,
  rowOf,
  SILENT,
  startOf,
  startOwned,
  startQueued,
  statusesOf,
  suspension,
  text,
  texts,
} from '../samples.ts';
import type { Promises } from '../subject.ts';

const discard = (inboxSeq: number) => ({ kind: 'discard', inboxSeq }) as const;

export const closePromises: Promises = {
  'a run closes with each closed status': async ({ store, clock }) => {
    const engineId = await boot(store);
    for (const status of CLOSED_STATUSES) {
      const run = await startOwned(store, engineId);
      await advance(store, run, { kind: 'close', status, inboxSeq: 0, successor: undefined });
      expect(await rowOf(store, run.runId)).toMatchObject({
        status,
        closedAt: clock.now(),
        ownerId: undefined,
        version: 1,
        events: 2,
      });
    }
  },
  'a discarded run leaves nothing behind, whatever it had': async ({ store }) => {
    const engineId = await boot(store);
    const run = await startOwned(store, engineId, { parentRunId: newId(), parentOrdinal: 1 });
    const other = await startOwned(store, engineId);
    await store.deliver([messageTo(run.runId, 'm1'), messageTo(run.runId, 'm2'), messageTo(other.runId)]);
    const read = await advance(store, { ...run, inboxSeq: 2 }, CONTINUE, { consumed: [1] });
    const plan = planOf(read, discard(2), { messages: [messageTo(other.runId, 'ended')] });
    const results = await store.commit([plan, planOf({ ...other, inboxSeq: 2 }, CONTINUE)]);
    expect(results).toMatchObject([
      { outcome: 'ok', deliveries: [{ outcome: 'delivered', ownerId: engineId, seq: 2 }] },
      { outcome: 'ok' },
    ]);
    expect(await store.readRuns([{ runId: run.runId }])).toEqual([undefined]);
    expect(await store.readHistory(run.runId)).toEqual([]);
    expect(await store.readInbox(run.runId)).toEqual([]);
    expect(texts(await store.readHistory(other.runId)), 'of another run').toEqual(['started', 'event']);
    expect(await store.readInbox(other.runId)).toHaveLength(2);
    expect(await store.deliver([messageTo(run.runId, 'late')])).toEqual([{ outcome: 'not-found' }]);
    expect(await commitOne(store, plan), 'sent again').toEqual({ outcome: 'conflict' });
  },
  'a run is discarded by its owner only, when it has read all (I1, I5)': async ({ store }) => {
    const run = await startOwned(store, await boot(store));
    await store.deliver([messageTo(run.runId)]);
    const stranger = { ...run, engineId: await boot(store) };
    expect(await commitOne(store, planOf(stranger, discard(1), SILENT))).toEqual({ outcome: 'conflict' });
    const zombie = { ...run, epoch: run.epoch - 1 };
    expect(await commitOne(store, planOf(zombie, discard(1), SILENT))).toEqual({ outcome: 'conflict' });
    expect(await commitOne(store, planOf(run, discard(0), SILENT))).toEqual({
      outcome: 'unread',
      inboxSeq: 1,
    });
    expect(await rowOf(store, run.runId)).toMatchObject({ status: 'running', version: 0, events: 1 });
    expect(texts(await store.readHistory(run.runId))).toEqual(['started']);
    await advance(store, run, discard(1), SILENT);
    expect(await store.readRuns([{ runId: run.runId }])).toEqual([undefined]);
  },
  'runs are closed, discarded and go on in one commit': async ({ store }) => {
    const engineId = await boot(store);
    const [kept, gone, on] = [
      await startOwned(store, engineId),
      await startOwned(store, engineId),
      await startOwned(store, engineId),
    ];
    const plans = [planOf(on, CONTINUE), planOf(gone, discard(0)), planOf(kept, closing(kept))];
    expect((await store.commit(plans)).map(({ outcome }) => outcome)).toEqual(['ok', 'ok', 'ok']);
    expect(await statusesOf(store, [kept.runId, gone.runId, on.runId])).toEqual([
      'completed',
      undefined,
      'running',
    ]);
    expect(texts(await store.readHistory(kept.runId))).toEqual(['started', 'event']);
    expect(await store.readHistory(gone.runId)).toEqual([]);
  },
  'a closed run keeps what is known about it': async ({ store, clock }) => {
    const engineId = await boot(store);
    const parentRunId = newId();
    const run = await startOwned(store, engineId, {
      namespace: 'tenant',
      workflow: 'ship',
      workflowVersion: '3',
      queue: 'slow',
      priority: 'critical',
      tags: ['t'],
      key: 'k',
      deadlineAt: 5,
      parentRunId,
      parentOrdinal: 6,
    });
    const createdAt = clock.now();
    clock.advance(10);
    await advance(store, run, closing(run, 'failed'));
    expect(await rowOf(store, run.runId)).toMatchObject({
      namespace: 'tenant',
      workflow: 'ship',
      workflowVersion: '3',
      queue: 'slow',
      priority: 'critical',
      tags: ['t'],
      key: 'k',
      deadlineAt: 5,
      parentRunId,
      parentOrdinal: 6,
      createdAt,
      startedAt: createdAt,
      closedAt: clock.now(),
      epoch: run.epoch,
      engineName: 'alpha',
    });
  },
  'a closed run shows its last chunk': async ({ store }) => {
    const run = await startOwned(store, await boot(store));
    const further = await advance(store, run, CONTINUE, { history: bytes('step') });
    await advance(store, further, closing(further), { count: 2, history: bytes('the end') });
    const { lastChunk } = await rowOf(store, run.runId);
    expect(lastChunk).toMatchObject({ seq: 2, count: 2 });
    expect(text(lastChunk?.data)).toBe('the end');
  },
  'the history of a closed run stays': async ({ store }) => {
    const run = await startOwned(store, await boot(store));
    await advance(store, run, closing(run), { history: bytes('end') });
    expect(texts(await store.readHistory(run.runId))).toEqual(['started', 'end']);
  },
  'a closed run takes no plans (I6)': async ({ store }) => {
    const run = await startOwned(store, await boot(store));
    const closed = await advance(store, run, closing(run));
    for (const next of [CONTINUE, suspension(closed), blocking('X'), closing(closed, 'failed')]) {
      expect(await commitOne(store, planOf(closed, next))).toEqual({ outcome: 'conflict' });
    }
    expect(await rowOf(store, run.runId)).toMatchObject({ status: 'completed', version: 1, events: 2 });
  },
  'a closed run takes no messages (I6)': async ({ store }) => {
    const { runId } = await closedRun(store, {}, 'failed');
    expect(await store.deliver([messageTo(runId)])).toEqual([
      { outcome: 'run-closed', runId, status: 'failed', successor: undefined },
    ]);
    expect(await store.readInbox(runId)).toEqual([]);
  },
  'a closed run is not claimed, loaded, woken or requeued': async ({ store, clock }) => {
    const engineId = await boot(store);
    const run = await startOwned(store, engineId);
    await advance(store, run, closing(run));
    clock.advance(1_000_000);
    expect(await claim(store, engineId)).toEqual([]);
    expect(await store.loadRuns([{ runId: run.runId, epoch: run.epoch, fromSeq: 0 }])).toEqual([]);
    expect((await store.wakeDue({ limit: 9, adopter: undefined, workflows: [] })).queued).toBe(0);
    expect(
      (await store.retire(engineId, undefined, { limit: 9, deathLimit: 3, harmless: false })).requeued,
    ).toBe(0);
    expect((await rowOf(store, run.runId)).status).toBe('completed');
  },
  'a message to a continued run names the successor': async ({ store }) => {
    const run = await startOwned(store, await boot(store));
    const successor = startOf();
    await advance(store, run, closing(run, 'continued', successor.runId), { starts: [successor] });
    expect(await store.deliver([messageTo(run.runId)])).toMatchObject([
      { outcome: 'run-closed', status: 'continued', successor: successor.runId },
    ]);
  },
  'a message by key reaches the successor': async ({ store }) => {
    const run = await startOwned(store, await boot(store), { key: 'k' });
    const successor = startOf({ key: 'k' });
    await advance(store, run, closing(run, 'continued', successor.runId), { starts: [successor] });
    const target = { namespace: 'default', key: 'k' };
    expect(await store.deliver([{ target, dedup: 'd', body: bytes('x') }])).toMatchObject([
      { outcome: 'delivered', runId: successor.runId },
    ]);
  },
  'a closing plan can carry messages over to the successor': async ({ store }) => {
    const engineId = await boot(store);
    const run = await startOwned(store, engineId);
    const successor = startOf({ owner: engineId });
    const plan = planOf(run, closing(run, 'continued', successor.runId), {
      starts: [successor],
      messages: [messageTo(successor.runId, 'carried')],
    });
    expect(await commitOne(store, plan)).toMatchObject({
      outcome: 'ok',
      starts: [{ owned: true }],
      deliveries: [{ outcome: 'delivered', runId: successor.runId }],
    });
    expect(await store.readInbox(successor.runId)).toMatchObject([{ dedup: 'carried' }]);
  },
  'a close without events is a close': async ({ store }) => {
    const run = await startOwned(store, await boot(store));
    await advance(store, run, closing(run), SILENT);
    expect(await rowOf(store, run.runId)).toMatchObject({ status: 'completed', events: 1 });
  },
  'a failed run is reopened with one more chunk': async ({ store, clock }) => {
    const run = await closedRun(store, { tags: ['t'], key: 'k' }, 'failed');
    clock.advance(100);
    expect(await store.reopen(reopening(run, 'failed', { count: 1, history: bytes('retried') }))).toBe('ok');
    expect(await rowOf(store, run.runId)).toMatchObject({
      status: 'queued',
      version: run.version + 1,
      events: run.events + 1,
      closedAt: undefined,
      readyAt: clock.now(),
      tags: ['t'],
      key: 'k',
      lastChunk: undefined,
    });
    expect(texts(await store.readHistory(run.runId))).toEqual(['started', 'event', 'retried']);
  },
  'a reopened run goes on under a new owner': async ({ store }) => {
    const run = await closedRun(store, {}, 'failed');
    await store.reopen(reopening(run, 'failed', { count: 1, history: bytes('retried') }));
    const claimed = await claimOne(store, await boot(store));
    expect(claimed.epoch).toBeGreaterThan(run.epoch);
    await advance(store, claimed, closing(claimed));
    expect((await rowOf(store, run.runId)).status).toBe('completed');
  },
  'a reopening that is sent twice is done once': async ({ store }) => {
    const run = await closedRun(store, {}, 'failed');
    const request = reopening(run, 'failed', { count: 1, history: bytes('retried') });
    expect([await store.reopen(request), await store.reopen(request)]).toEqual(['ok', 'ok']);
    expect(await store.readHistory(run.runId)).toHaveLength(3);
  },
  'two people who reopen one run: one succeeds': async ({ store }) => {
    const run = await closedRun(store, {}, 'failed');
    const answers = [
      await store.reopen(reopening(run, 'failed')),
      await store.reopen(reopening(run, 'failed')),
    ];
    expect(answers).toEqual(['ok', 'conflict']);
  },
  'a run that is not as its reopener saw it stays as it is': async ({ store }) => {
    const run = await closedRun(store, {}, 'failed');
    expect(await store.reopen(reopening({ ...run, version: run.version - 1 }, 'failed'))).toBe('conflict');
    expect(await store.reopen(reopening(run, 'completed'))).toBe('conflict');
    const misplaced = reopening({ ...run, events: 7 }, 'failed', { count: 1, history: bytes('x') });
    expect(await store.reopen(misplaced)).toBe('conflict');
    expect((await rowOf(store, run.runId)).status).toBe('failed');
  },
  'a run that is open is not reopened': async ({ store }) => {
    const runId = await startQueued(store);
    const run = { runId, version: 0, events: 1 };
    expect(await store.reopen(reopening(run, 'queued'))).toBe('conflict');
    expect(await store.reopen(reopening(run, 'failed'))).toBe('conflict');
  },
  'a continued run is not reopened: its successor goes on': async ({ store }) => {
    const run = await startOwned(store, await boot(store));
    const successor = startOf();
    const closed = await advance(store, run, closing(run, 'continued', successor.runId), {
      starts: [successor],
    });
    expect(await store.reopen(reopening(closed, 'continued'))).toBe('conflict');
  },
  'a run that does not exist cannot be reopened': async ({ store }) => {
    expect(await store.reopen(reopening({ runId: newId(), version: 0, events: 0 }, 'failed'))).toBe(
      'not-found',
    );
  },
  'a reopened run takes messages again': async ({ store }) => {
    const run = await closedRun(store, {}, 'failed');
    await store.reopen(reopening(run, 'failed'));
    expect(await store.deliver([messageTo(run.runId)])).toMatchObject([{ outcome: 'delivered' }]);
  },
  'a blocked run is queued again by reopen': async ({ store }) => {
    const run = await startOwned(store, await boot(store));
    const blocked = await advance(store, run, blocking('X'));
    expect(await store.reopen(reopening(blocked, 'blocked'))).toBe('ok');
    expect(await rowOf(store, run.runId)).toMatchObject({
      status: 'queued',
      blockCode: undefined,
      waits: undefined,
    });
    expect(await claimedIds(store, await boot(store))).toEqual([run.runId]);
  },
  'unblock frees the runs of a code and of these workflows only': async ({ store }) => {
    const engineId = await boot(store);
    const block = async (code: string, workflow: string) => {
      const run = await startOwned(store, engineId, { workflow });
      await advance(store, run, blocking(code));
      return run.runId;
    };
    const wanted = await block('A', 'order');
    const others = [await block('B', 'order'), await block('A', 'ship')];
    expect(await store.unblock({ code: 'A', workflows: [{ workflow: 'order', version: '1' }] })).toBe(1);
    expect(await rowOf(store, wanted)).toMatchObject({ status: 'queued', blockCode: undefined });
    for (const runId of others) expect((await rowOf(store, runId)).status).toBe('blocked');
  },
  'unblock can be narrowed to a namespace and queues': async ({ store }) => {
    const workflows = [{ workflow: 'order', version: '1' }];
    const places = [{}, { namespace: 'tenant' }, { queue: 'slow' }];
    const runIds: string[] = [];
    for (const place of places) {
      const run = await startOwned(store, await boot(store), place);
      await advance(store, run, blocking('A'));
      runIds.push(run.runId);
    }
    const scope = { namespace: 'default', queues: ['default', 'other'], workflows };
    expect(await store.unblock({ code: 'A', ...scope })).toBe(1);
    expect(await statusesOf(store, runIds)).toEqual(['queued', 'blocked', 'blocked']);
    expect(await store.unblock({ code: 'A', namespace: 'tenant', workflows })).toBe(1);
    expect(await statusesOf(store, runIds)).toEqual(['queued', 'queued', 'blocked']);
  },
  'unblock looks at the version of a workflow': async ({ store }) => {
    const run = await startOwned(store, await boot(store));
    await advance(store, run, blocking('A'));
    expect(await store.unblock({ code: 'A', workflows: [{ workflow: 'order', version: '2' }] })).toBe(0);
    expect(await store.unblock({ code: 'A', workflows: [] })).toBe(0);
  },
};

function reopening(
  run: { runId: string; version: number; events: number },
  from: RunStatus,
  chunk: { count: number; history: Uint8Array | undefined } = SILENT,
) {
  return { runId: run.runId, version: run.version, from, seq: run.events, ...chunk, commitId: newCommitId() };
}
