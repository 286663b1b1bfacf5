import { expect } from 'vitest';
import {
  advance,
  blocking,
  boot,
  bytes,
  claimOne,
  closing,
  commitOne,
  CONTINUE,
  messageTo,
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

export const commitPromises: Promises = {
  'a plan appends its events and counts them': async ({ store }) => {
    const run = await startOwned(store, await boot(store));
    await advance(store, run, CONTINUE, { count: 3, history: bytes('three') });
    expect(await rowOf(store, run.runId)).toMatchObject({ status: 'running', version: 1, events: 4 });
    expect(await store.readHistory(run.runId)).toMatchObject([
      { seq: 0, count: 1 },
      { seq: 1, count: 3 },
    ]);
  },
  'plans follow one another': async ({ store }) => {
    let run = await startOwned(store, await boot(store));
    for (const event of ['a', 'b', 'c']) run = await advance(store, run, CONTINUE, { history: bytes(event) });
    expect(texts(await store.readHistory(run.runId))).toEqual(['started', 'a', 'b', 'c']);
  },
  'a plan without events moves the version only': async ({ store }) => {
    const run = await startOwned(store, await boot(store));
    await advance(store, run, CONTINUE, SILENT);
    expect(await rowOf(store, run.runId)).toMatchObject({ version: 1, events: 1 });
    expect(await store.readHistory(run.runId)).toHaveLength(1);
  },
  'no plans give no results': async ({ store }) => {
    expect(await store.commit([])).toEqual([]);
  },
  'more than 500 plans at once are refused': async ({ store }) => {
    const run = await startOwned(store, await boot(store));
    const plans = Array.from({ length: 501 }, () => planOf(run, CONTINUE));
    await expect(store.commit(plans)).rejects.toMatchObject({ name: 'StoreError', failure: 'definite' });
    expect((await rowOf(store, run.runId)).version).toBe(0);
  },
  '500 plans at once are committed': async ({ store }) => {
    const engineId = await boot(store);
    const runs = await startMany(store, engineId, 500);
    const results = await store.commit(runs.map((run) => planOf(run, CONTINUE)));
    expect(results.filter((result) => result.outcome === 'ok')).toHaveLength(500);
  },
  'a plan for a run that does not exist is a conflict': async ({ store }) => {
    const engineId = await boot(store);
    const run = { runId: newId(), engineId, epoch: 1, version: 0, events: 1, inboxSeq: 0 };
    expect(await commitOne(store, planOf(run, CONTINUE))).toEqual({ outcome: 'conflict' });
  },
  'a plan for a run that is queued is a conflict': async ({ store }) => {
    const runId = await startQueued(store);
    const { epoch } = await rowOf(store, runId);
    const run = { runId, engineId: await boot(store), epoch, version: 0, events: 1, inboxSeq: 0 };
    expect(await commitOne(store, planOf(run, CONTINUE))).toEqual({ outcome: 'conflict' });
    expect(await store.readHistory(runId)).toHaveLength(1);
  },
  'an old epoch is a conflict': async ({ store }) => {
    const run = await startOwned(store, await boot(store));
    await refused(store, run, { ...run, epoch: run.epoch - 1 });
  },
  'an epoch that is yet to come is a conflict': async ({ store }) => {
    const run = await startOwned(store, await boot(store));
    await refused(store, run, { ...run, epoch: run.epoch + 1 });
  },
  'an old version is a conflict': async ({ store }) => {
    const run = await advance(store, await startOwned(store, await boot(store)));
    await refused(store, run, { ...run, version: run.version - 1 });
  },
  'a version that is yet to come is a conflict': async ({ store }) => {
    const run = await startOwned(store, await boot(store));
    await refused(store, run, { ...run, version: run.version + 1 });
  },
  'another engine than the owner is a conflict': async ({ store }) => {
    const run = await startOwned(store, await boot(store));
    await refused(store, run, { ...run, engineId: await boot(store, 'beta') });
  },
  'another history position is a conflict (I4)': async ({ store }) => {
    const run = await startOwned(store, await boot(store));
    await refused(store, run, { ...run, events: run.events + 1 });
    await refused(store, run, { ...run, events: run.events - 1 });
  },
  'every kind of plan by a stale owner is a conflict': async ({ store }) => {
    const run = await startOwned(store, await boot(store));
    const stale = { ...run, epoch: run.epoch - 1 };
    for (const next of [CONTINUE, suspension(stale), blocking('X'), closing(stale)]) {
      expect(await commitOne(store, planOf(stale, next))).toEqual({ outcome: 'conflict' });
    }
    expect(await rowOf(store, run.runId)).toMatchObject({ status: 'running', version: 0 });
  },
  'a retired incarnation cannot commit, even before its runs are requeued (I9)': async ({ store }) => {
    const engineId = await boot(store);
    const run = await startOwned(store, engineId);
    await store.retire(engineId, undefined, { limit: 0, deathLimit: 3, harmless: true });
    for (const next of [CONTINUE, suspension(run), blocking('X'), closing(run)]) {
      expect(await commitOne(store, planOf(run, next))).toEqual({ outcome: 'conflict' });
    }
    expect(await rowOf(store, run.runId)).toMatchObject({ version: 0, events: 1 });
  },
  'a refused plan leaves nothing behind (I2)': async ({ store }) => {
    const engineId = await boot(store);
    const run = await startOwned(store, engineId);
    const target = await startOwned(store, engineId);
    await store.deliver([messageTo(run.runId)]);
    const child = startOf();
    const plan = planOf({ ...run, version: 5 }, CONTINUE, {
      consumed: [1],
      starts: [child],
      messages: [messageTo(target.runId)],
    });
    expect(await commitOne(store, plan)).toEqual({ outcome: 'conflict' });
    expect(await store.readHistory(run.runId)).toHaveLength(1);
    expect(await store.readInbox(run.runId)).toHaveLength(1);
    expect(await store.readInbox(target.runId)).toEqual([]);
    expect(await store.readRuns([{ runId: child.runId }])).toEqual([undefined]);
  },
  'a conflict does not stop the other plans of its batch': async ({ store }) => {
    const engineId = await boot(store);
    const [first, second, third] = await startMany(store, engineId, 3);
    if (!first || !second || !third) throw new Error('three runs');
    const results = await store.commit([
      planOf(first, CONTINUE),
      planOf({ ...second, epoch: 9 }, CONTINUE),
      planOf(third, closing(third)),
    ]);
    expect(results.map((result) => result.outcome)).toEqual(['ok', 'conflict', 'ok']);
    expect((await rowOf(store, third.runId)).status).toBe('completed');
  },
  'a plan that is sent twice is applied once (I3)': async ({ store }) => {
    const run = await startOwned(store, await boot(store));
    const plan = planOf(run, CONTINUE);
    expect(await commitOne(store, plan)).toMatchObject({ outcome: 'ok' });
    expect(await commitOne(store, plan)).toEqual({ outcome: 'already' });
    expect(await rowOf(store, run.runId)).toMatchObject({ version: 1, events: 2 });
  },
  'each kind of plan that is sent twice is applied once (I3)': async ({ store }) => {
    const engineId = await boot(store);
    for (const kind of [suspension, () => blocking('X'), closing]) {
      const run = await startOwned(store, engineId);
      const plan = planOf(run, kind(run));
      expect(await commitOne(store, plan)).toMatchObject({ outcome: 'ok' });
      expect(await commitOne(store, plan)).toEqual({ outcome: 'already' });
      expect(await rowOf(store, run.runId)).toMatchObject({ version: 1, events: 2 });
    }
  },
  'a plan that is sent twice starts its children and sends its messages once': async ({ store }) => {
    const engineId = await boot(store);
    const run = await startOwned(store, engineId);
    const target = await startOwned(store, engineId);
    const child = startOf();
    const plan = planOf(run, CONTINUE, { starts: [child], messages: [messageTo(target.runId)] });
    await commitOne(store, plan);
    expect(await commitOne(store, plan)).toEqual({ outcome: 'already' });
    expect(await store.readInbox(target.runId)).toHaveLength(1);
    expect(await store.readHistory(child.runId)).toHaveLength(1);
  },
  'a lost answer is known after the run was taken over (I3)': async ({ store }) => {
    const former = await boot(store);
    const run = await startOwned(store, former);
    const plan = planOf(run, CONTINUE);
    await commitOne(store, plan);
    await store.retire(former, undefined, { limit: 10, deathLimit: 3, harmless: true });
    await claimOne(store, await boot(store));
    expect(await commitOne(store, plan)).toEqual({ outcome: 'already' });
  },
  'another plan at the same version is a conflict, not already': async ({ store }) => {
    const run = await startOwned(store, await boot(store));
    await advance(store, run);
    expect(await commitOne(store, planOf(run, CONTINUE))).toEqual({ outcome: 'conflict' });
  },
  'the commit id of an earlier plan does not pass for a later one': async ({ store }) => {
    const run = await startOwned(store, await boot(store));
    const plan = planOf(run, CONTINUE);
    await commitOne(store, plan);
    await advance(store, { ...run, version: 1, events: 2 });
    expect(await commitOne(store, plan)).toEqual({ outcome: 'conflict' });
  },
  'the commit id of the last plan does not pass for a plan at another version': async ({ store }) => {
    const run = await startOwned(store, await boot(store));
    const plan = planOf(run, CONTINUE);
    await commitOne(store, plan);
    expect(await commitOne(store, { ...plan, version: 5 })).toEqual({ outcome: 'conflict' });
  },
  'a commit id may be as large as a safe integer': async ({ store }) => {
    const run = await startOwned(store, await boot(store));
    const plan = planOf(run, CONTINUE, { commitId: Number.MAX_SAFE_INTEGER - 1 });
    await commitOne(store, plan);
    expect(await commitOne(store, plan)).toEqual({ outcome: 'already' });
  },
  'a suspended run is waiting and unowned, and says for what': async ({ store, clock }) => {
    const engineId = await boot(store);
    const run = await startOwned(store, engineId);
    await advance(store, run, suspension(run, clock.now() + 10));
    expect(await rowOf(store, run.runId)).toMatchObject({
      status: 'waiting',
      ownerId: undefined,
      engineName: 'alpha',
      wakeAt: clock.now() + 10,
      waits: bytes('waits'),
      readyAt: undefined,
    });
    expect(
      (await store.retire(engineId, undefined, { limit: 9, deathLimit: 3, harmless: true })).requeued,
    ).toBe(0);
  },
  'a run that waits without a time has none': async ({ store }) => {
    const run = await startOwned(store, await boot(store));
    await advance(store, run, suspension(run));
    expect((await rowOf(store, run.runId)).wakeAt).toBeUndefined();
  },
  'a suspension that has not seen a message is unread (I5)': async ({ store }) => {
    const run = await startOwned(store, await boot(store));
    await store.deliver([messageTo(run.runId)]);
    expect(await commitOne(store, planOf(run, suspension(run)))).toEqual({ outcome: 'unread', inboxSeq: 1 });
    expect(await rowOf(store, run.runId)).toMatchObject({ status: 'running', version: 0, epoch: run.epoch });
  },
  'a close that has not seen a message is unread (I5)': async ({ store }) => {
    const run = await startOwned(store, await boot(store));
    await store.deliver([messageTo(run.runId), messageTo(run.runId, 'm2')]);
    expect(await commitOne(store, planOf(run, closing(run)))).toEqual({ outcome: 'unread', inboxSeq: 2 });
    expect(await rowOf(store, run.runId)).toMatchObject({ status: 'running', version: 0, events: 1 });
    expect(await store.readHistory(run.runId)).toHaveLength(1);
  },
  'an unread plan succeeds once the messages are seen': async ({ store }) => {
    const run = await startOwned(store, await boot(store));
    await store.deliver([messageTo(run.runId)]);
    await commitOne(store, planOf(run, suspension(run)));
    await advance(store, run, suspension({ ...run, inboxSeq: 1 }), { consumed: [1] });
    expect((await rowOf(store, run.runId)).status).toBe('waiting');
  },
  'an unread plan of a stale owner is a conflict': async ({ store }) => {
    const run = await startOwned(store, await boot(store));
    await store.deliver([messageTo(run.runId)]);
    const stale = { ...run, epoch: run.epoch - 1 };
    expect(await commitOne(store, planOf(stale, closing(stale)))).toEqual({ outcome: 'conflict' });
  },
  'a plan that goes on may leave messages unread': async ({ store }) => {
    const run = await startOwned(store, await boot(store));
    await store.deliver([messageTo(run.runId)]);
    await advance(store, run);
    expect(await store.readInbox(run.runId)).toHaveLength(1);
  },
  'a plan takes the messages that it consumed and no others': async ({ store }) => {
    const run = await startOwned(store, await boot(store));
    await store.deliver(['m1', 'm2', 'm3'].map((dedup) => messageTo(run.runId, dedup)));
    await advance(store, run, CONTINUE, { consumed: [1, 3] });
    expect(await store.readInbox(run.runId)).toMatchObject([{ seq: 2, dedup: 'm2' }]);
    expect((await rowOf(store, run.runId)).inboxSeq).toBe(3);
  },
  'a blocked run says why and nobody owns it': async ({ store }) => {
    const run = await startOwned(store, await boot(store));
    await advance(store, run, blocking('NON_DETERMINISTIC'));
    expect(await rowOf(store, run.runId)).toMatchObject({
      status: 'blocked',
      blockCode: 'NON_DETERMINISTIC',
      waits: bytes('why'),
      ownerId: undefined,
      wakeAt: undefined,
    });
  },
  'a plan can block with messages unread': async ({ store }) => {
    const run = await startOwned(store, await boot(store));
    await store.deliver([messageTo(run.runId)]);
    await advance(store, run, blocking('X'));
    expect(await store.readInbox(run.runId)).toHaveLength(1);
  },
  'children are inserted with the plan': async ({ store }) => {
    const run = await startOwned(store, await boot(store));
    const child = startOf({ parentRunId: run.runId, parentOrdinal: 2, history: bytes('child') });
    const result = await commitOne(store, planOf(run, CONTINUE, { starts: [child] }));
    expect(result).toMatchObject({
      outcome: 'ok',
      starts: [{ outcome: 'started', runId: child.runId, owned: false }],
    });
    expect(await rowOf(store, child.runId)).toMatchObject({
      parentRunId: run.runId,
      parentOrdinal: 2,
      status: 'queued',
    });
    expect(texts(await store.readHistory(child.runId))).toEqual(['child']);
  },
  'a child can be owned at once': async ({ store }) => {
    const engineId = await boot(store);
    const run = await startOwned(store, engineId);
    const child = startOf({ owner: engineId });
    const result = await commitOne(store, planOf(run, CONTINUE, { starts: [child] }));
    expect(result).toMatchObject({ starts: [{ outcome: 'started', owned: true }] });
    expect((await rowOf(store, child.runId)).ownerId).toBe(engineId);
  },
  'a child whose key is taken does not fail the plan': async ({ store }) => {
    const held = await startQueued(store, { key: 'k', fingerprint: 'a' });
    const run = await startOwned(store, await boot(store), { queue: 'other' });
    const starts = [startOf({ key: 'k', fingerprint: 'b' })];
    const result = await commitOne(store, planOf(run, CONTINUE, { starts }));
    expect(result).toMatchObject({ outcome: 'ok', starts: [{ outcome: 'key-in-use', runId: held }] });
    expect((await rowOf(store, run.runId)).version).toBe(1);
  },
  'a plan that says it has events but brings none is refused': async ({ store }) => {
    const run = await startOwned(store, await boot(store));
    await expect(store.commit([planOf(run, CONTINUE, { history: undefined })])).rejects.toMatchObject({
      failure: 'definite',
    });
    await expect(store.commit([planOf(run, CONTINUE, { count: 0 })])).rejects.toMatchObject({
      failure: 'definite',
    });
  },
  'a plan that sends a message to its own run is refused': async ({ store }) => {
    const run = await startOwned(store, await boot(store));
    const plan = planOf(run, CONTINUE, { messages: [messageTo(run.runId)] });
    await expect(store.commit([plan])).rejects.toMatchObject({ failure: 'definite' });
    expect((await rowOf(store, run.runId)).version).toBe(0);
  },
};

async function startMany(
  store: Parameters<typeof boot>[0],
  engineId: string,
  count: number,
): Promise<Owned[]> {
  const requests = Array.from({ length: count }, () => startOf({ owner: engineId }));
  const results = await store.startRuns(requests);
  return results.map((result) => {
    if (result.outcome !== 'started') throw new Error('not started');
    return { ...result, engineId, events: 1 };
  });
}

/** A plan made from `claimed` is a conflict and leaves `run` as it is. */
async function refused(store: Parameters<typeof boot>[0], run: Owned, claimed: Owned): Promise<void> {
  expect(await commitOne(store, planOf(claimed, CONTINUE))).toEqual({ outcome: 'conflict' });
  const { epoch, version, events } = run;
  expect(await rowOf(store, run.runId)).toMatchObject({ epoch, version, events, status: 'running' });
  expect((await store.readHistory(run.runId)).reduce((sum, chunk) => sum + chunk.count, 0)).toBe(events);
}
