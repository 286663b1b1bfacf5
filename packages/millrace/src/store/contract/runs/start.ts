import { expect } from 'vitest';
import {
  advance,
  boot,
  bytes,
  claim,
  claimOne,
  closing,
  messageTo,
  newId,
  rowOf,
  startOf,
  startOne,
  startOwned,
  startQueued,
  text,
} from '../samples.ts';
import type { Promises } from '../subject.ts';

export const startPromises: Promises = {
  'a started run is queued and can be read at once': async ({ store, clock }) => {
    const runId = await startQueued(store);
    expect(await rowOf(store, runId)).toMatchObject({
      status: 'queued',
      version: 0,
      events: 1,
      inboxSeq: 0,
      createdAt: clock.now(),
      readyAt: clock.now(),
    });
  },
  'everything that a start says is kept': async ({ store, clock }) => {
    const parentRunId = newId();
    const request = startOf({
      namespace: 'tenant',
      workflow: 'ship',
      workflowVersion: '2.1',
      queue: 'slow',
      priority: 'high',
      tags: ['b', 'a'],
      key: 'k',
      fingerprint: 'f',
      deadlineAt: clock.now() + 5000,
      parentRunId,
      parentOrdinal: 3,
    });
    await store.startRuns([request]);
    expect(await rowOf(store, request.runId)).toMatchObject({
      namespace: 'tenant',
      workflow: 'ship',
      workflowVersion: '2.1',
      queue: 'slow',
      priority: 'high',
      tags: ['b', 'a'],
      key: 'k',
      deadlineAt: clock.now() + 5000,
      parentRunId,
      parentOrdinal: 3,
    });
  },
  'what a start leaves out stays undefined': async ({ store }) => {
    expect(await rowOf(store, await startQueued(store))).toMatchObject({
      key: undefined,
      tags: [],
      parentRunId: undefined,
      parentOrdinal: undefined,
      deadlineAt: undefined,
      ownerId: undefined,
      wakeAt: undefined,
      waits: undefined,
      blockCode: undefined,
      closedAt: undefined,
      startedAt: undefined,
      successor: undefined,
      suspectGroup: undefined,
      lastChunk: undefined,
      deaths: 0,
    });
  },
  'the first history chunk is stored with the run': async ({ store }) => {
    const runId = await startQueued(store, { history: bytes('the beginning') });
    const [chunk, ...others] = await store.readHistory(runId);
    expect(chunk).toMatchObject({ seq: 0, count: 1 });
    expect(text(chunk?.data)).toBe('the beginning');
    expect(others).toEqual([]);
  },
  'no requests give no results': async ({ store }) => {
    expect(await store.startRuns([])).toEqual([]);
  },
  'results come in request order': async ({ store }) => {
    const requests = [startOf(), startOf(), startOf()].toReversed();
    const results = await store.startRuns(requests);
    expect(results.map((result) => result.runId)).toEqual(requests.map((request) => request.runId));
  },
  'a batch of 500 starts is stored whole': async ({ store }) => {
    const requests = Array.from({ length: 500 }, () => startOf());
    const results = await store.startRuns(requests);
    expect(results.filter((result) => result.outcome === 'started')).toHaveLength(500);
    expect((await store.readRuns(requests.map(({ runId }) => ({ runId })))).every(Boolean)).toBe(true);
  },
  'a refused start does not stop the others of its batch': async ({ store }) => {
    const held = await startQueued(store, { key: 'k', fingerprint: 'a' });
    const results = await store.startRuns([startOf(), startOf({ key: 'k', fingerprint: 'b' }), startOf()]);
    expect(results.map((result) => result.outcome)).toEqual(['started', 'key-in-use', 'started']);
    expect(results[1]).toMatchObject({ runId: held, status: 'queued' });
  },
  'an eager start is owned by a registered engine': async ({ store, clock }) => {
    const engineId = await boot(store);
    const { runId } = await startOwned(store, engineId);
    expect(await rowOf(store, runId)).toMatchObject({
      status: 'running',
      ownerId: engineId,
      engineName: 'alpha',
      startedAt: clock.now(),
    });
  },
  'an eager start can be committed without a claim': async ({ store }) => {
    const run = await startOwned(store, await boot(store));
    await advance(store, run, closing(run));
    expect((await rowOf(store, run.runId)).status).toBe('completed');
  },
  'an eager start for an engine that is not registered is unowned': async ({ store }) => {
    expect(await startOne(store, { owner: newId() })).toMatchObject({ outcome: 'started', owned: false });
  },
  'an eager start for a retired engine is unowned (I9)': async ({ store }) => {
    const engineId = await boot(store);
    await store.retire(engineId, undefined, { limit: 10, deathLimit: 3, harmless: true });
    expect(await startOne(store, { owner: engineId })).toMatchObject({ outcome: 'started', owned: false });
  },
  'an eager start does not overtake a queued run': async ({ store }) => {
    await startQueued(store);
    expect(await startOne(store, { owner: await boot(store) })).toMatchObject({ owned: false });
  },
  'an eager start does not overtake an older run of lower priority that has aged': async ({
    store,
    clock,
  }) => {
    await startQueued(store, { priority: 'low' });
    clock.advance(60_001);
    expect(await startOne(store, { owner: await boot(store) })).toMatchObject({ owned: false });
  },
  'a backlog in another queue or namespace does not hinder an eager start': async ({ store }) => {
    await startQueued(store, { queue: 'slow' });
    await startQueued(store, { namespace: 'tenant' });
    expect(await startOne(store, { owner: await boot(store) })).toMatchObject({ owned: true });
  },
  'an eager start follows a backlog that has been claimed': async ({ store }) => {
    const engineId = await boot(store);
    await startQueued(store);
    await claim(store, engineId);
    expect(await startOne(store, { owner: engineId })).toMatchObject({ owned: true });
  },
  'a start that is sent twice is one run': async ({ store }) => {
    const request = startOf();
    const [first] = await store.startRuns([request]);
    const [second] = await store.startRuns([request]);
    expect(second).toEqual(first);
    expect(await store.readHistory(request.runId)).toHaveLength(1);
  },
  'an eager start whose answer was lost is answered as owned when it is sent again': async ({ store }) => {
    const request = startOf({ owner: await boot(store), key: 'k', fingerprint: 'f' });
    const [first] = await store.startRuns([request]);
    const [second] = await store.startRuns([request]);
    expect(first).toMatchObject({ outcome: 'started', owned: true });
    expect(second).toEqual(first);
  },
  'a start that is sent again after its run went on is only existing': async ({ store }) => {
    const engineId = await boot(store);
    const request = startOf({ owner: engineId });
    await store.startRuns([request]);
    const run = { runId: request.runId, engineId, epoch: 1, version: 0, events: 1, inboxSeq: 0 };
    await advance(store, { ...run, epoch: (await rowOf(store, request.runId)).epoch });
    expect(await store.startRuns([request])).toEqual([
      { outcome: 'existing', runId: request.runId, status: 'running' },
    ]);
  },
  'a start that is sent again after somebody claimed its run is only existing': async ({ store }) => {
    const request = startOf();
    await store.startRuns([request]);
    await claimOne(store, await boot(store));
    expect(await store.startRuns([request])).toMatchObject([{ outcome: 'existing', status: 'running' }]);
  },
  'a start that is sent again after its own engine claimed the run is only existing': async ({ store }) => {
    const engineId = await boot(store);
    await startQueued(store);
    const request = startOf({ owner: engineId });
    expect(await store.startRuns([request])).toMatchObject([{ outcome: 'started', owned: false }]);
    await claim(store, engineId);
    expect(await store.startRuns([request])).toMatchObject([{ outcome: 'existing', status: 'running' }]);
  },
  'a start that is sent again after its run closed is existing': async ({ store }) => {
    const engineId = await boot(store);
    const request = startOf({ owner: engineId });
    const [result] = await store.startRuns([request]);
    if (result?.outcome !== 'started') throw new Error('not started');
    const run = { ...result, engineId, events: 1 };
    await advance(store, run, closing(run));
    expect(await store.startRuns([request])).toMatchObject([{ outcome: 'existing', status: 'completed' }]);
  },
  'another start that takes the id of a run is refused': async ({ store }) => {
    const runId = await startQueued(store);
    expect(await startOne(store, { runId, workflow: 'other' })).toMatchObject({
      outcome: 'key-in-use',
      runId,
    });
    expect((await rowOf(store, runId)).workflow).toBe('order');
  },
  'a delayed start waits until its time': async ({ store, clock }) => {
    const startAt = clock.now() + 1000;
    const result = await startOne(store, { startAt, owner: await boot(store) });
    expect(result).toMatchObject({ outcome: 'started', owned: false });
    expect(await rowOf(store, result.runId)).toMatchObject({ status: 'waiting', wakeAt: startAt });
    expect(await claim(store, await boot(store))).toEqual([]);
  },
  'a start whose time is not in the future is queued at once': async ({ store, clock }) => {
    const runId = await startQueued(store, { startAt: clock.now() });
    expect(await rowOf(store, runId)).toMatchObject({ status: 'queued', wakeAt: undefined });
  },
  'a start can enclose a message': async ({ store }) => {
    const result = await startOne(store, { message: { dedup: 's1', body: bytes('hi') } });
    expect(result).toMatchObject({ outcome: 'started', inboxSeq: 1 });
    expect(await store.readInbox(result.runId)).toMatchObject([{ seq: 1, dedup: 's1', body: bytes('hi') }]);
    expect((await rowOf(store, result.runId)).status).toBe('queued');
  },
  'an enclosed message does not begin a delayed start early': async ({ store, clock }) => {
    const message = { dedup: 's1', body: bytes('hi') };
    const { runId } = await startOne(store, { startAt: clock.now() + 1000, message });
    expect(await rowOf(store, runId)).toMatchObject({ status: 'waiting', inboxSeq: 1 });
  },
  'an enclosed message is there once although the start is sent twice': async ({ store }) => {
    const request = startOf({ message: { dedup: 's1', body: bytes('hi') } });
    await store.startRuns([request]);
    await store.startRuns([request]);
    expect(await store.readInbox(request.runId)).toHaveLength(1);
  },
  'an enclosed message reaches the run that already has the key': async ({ store }) => {
    const held = await startQueued(store, { key: 'k' });
    const result = await startOne(store, { key: 'k', message: { dedup: 's1', body: bytes('hi') } });
    expect(result).toMatchObject({
      outcome: 'existing',
      runId: held,
      delivery: { outcome: 'delivered', seq: 1 },
    });
    expect(await store.readInbox(held)).toHaveLength(1);
  },
  'an enclosed message wakes the run that already has the key': async ({ store }) => {
    const run = await startOwned(store, await boot(store), { key: 'k' });
    await advance(store, run, { kind: 'suspend', inboxSeq: 0, wakeAt: undefined, waits: bytes('w') });
    const result = await startOne(store, { key: 'k', message: { dedup: 's1', body: bytes('hi') } });
    expect(result).toMatchObject({ outcome: 'existing', status: 'queued' });
  },
  'a run that was started with a message takes further messages': async ({ store }) => {
    const { runId } = await startOne(store, { message: { dedup: 's1', body: bytes('hi') } });
    expect(await store.deliver([messageTo(runId, 's1'), messageTo(runId, 's2')])).toMatchObject([
      { outcome: 'duplicate' },
      { outcome: 'delivered', seq: 2 },
    ]);
  },
};
