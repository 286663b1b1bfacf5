import { expect } from 'vitest';
import type { StartRequest, Store } from '../../port/store.ts';
import {
  advance,
  boot,
  bytes,
  claim,
  claimedIds,
  claimOne,
  closing,
  commitOne,
  messageTo,
  newId,
  ORDER,
  type Owned,
  planOf,
  rowOf,
  SILENT,
  startOf,
  startOne,
  startOwned,
  startQueued,
  suspension,
} from '../samples.ts';
import type { Promises } from '../subject.ts';

const WINDOW_MS = 200;
const GONE = { limit: 99, deathLimit: 3, harmless: true } as const;
const NOBODY = { assignedTo: undefined, assignedUntil: undefined };

/** Runs that are kept for the engine that has them in memory, or that they were placed at (I10). */
export const assignPromises: Promises = {
  // --- messages
  'a message assigns the run that it wakes to its last owner': async ({ store, clock }) => {
    const run = await resting(store);
    expect(await wakeUp(store, run)).toMatchObject({ ownerId: undefined, assignedTo: run.engineId });
    expect(await rowOf(store, run.runId)).toMatchObject({
      ...{ status: 'queued', ownerId: undefined, epoch: run.epoch },
      ...{ assignedTo: run.engineId, assignedUntil: clock.now() + WINDOW_MS },
    });
    const { runs } = await store.listRuns({ namespace: 'default', limit: 9 });
    expect(runs).toMatchObject([{ assignedTo: run.engineId, assignedUntil: clock.now() + WINDOW_MS }]);
  },
  'a deliverer that is not the last owner leaves the run to that': async ({ store }) => {
    const run = await resting(store);
    const adopter = { engineId: await boot(store), limit: 9 };
    expect(await wakeUp(store, run, { adopter })).toMatchObject({
      adopted: undefined,
      assignedTo: run.engineId,
    });
  },
  'what the deliverer owned last and has no room for is for all': async ({ store }) => {
    const run = await resting(store);
    const adopter = { engineId: run.engineId, limit: 0 };
    expect(await wakeUp(store, run, { adopter })).toMatchObject({
      adopted: undefined,
      assignedTo: undefined,
    });
    expect(await claimedIds(store, await boot(store))).toEqual([run.runId]);
  },
  'an adopted run is not assigned': async ({ store }) => {
    const run = await resting(store);
    await wakeUp(store, run, { adopter: { engineId: run.engineId, limit: 1 } });
    expect(await rowOf(store, run.runId)).toMatchObject({ status: 'running', ...NOBODY });
  },
  'nothing is assigned to a retired engine': async ({ store }) => {
    const run = await resting(store);
    await store.retire(run.engineId, undefined, GONE);
    expect(await wakeUp(store, run)).toMatchObject({ assignedTo: undefined });
    expect(await rowOf(store, run.runId)).toMatchObject({ status: 'queued', ...NOBODY });
  },
  'a message without a window wakes the run for all': async ({ store }) => {
    for (const windowMs of [undefined, 0]) {
      const run = await resting(store);
      expect(await wakeUp(store, run, { windowMs })).toMatchObject({ assignedTo: undefined });
      expect(await rowOf(store, run.runId)).toMatchObject(NOBODY);
    }
  },
  'a fraction of a millisecond makes a window longer, not shorter': async ({ store, clock }) => {
    const run = await resting(store);
    await wakeUp(store, run, { windowMs: 10.2 });
    expect((await rowOf(store, run.runId)).assignedUntil).toBe(clock.now() + 11);
  },
  'a delayed start that a message begins is for all': async ({ store, clock }) => {
    const runId = await startQueued(store, { startAt: clock.now() + 1000 });
    expect(await wakeUp(store, { runId })).toMatchObject({ assignedTo: undefined });
  },
  'a suspect is not assigned': async ({ store }) => {
    const run = await suspectAtRest(store);
    expect(await wakeUp(store, run)).toMatchObject({ outcome: 'delivered', assignedTo: undefined });
    expect(await claimedIds(store, await boot(store), { suspects: true })).toEqual([run.runId]);
  },
  'a second message names the assignee and leaves the window alone': async ({ store, clock }) => {
    const run = await resting(store);
    const messages = ['m1', 'm2'].map((dedup) => ({ ...messageTo(run.runId, dedup), windowMs: WINDOW_MS }));
    expect(await store.deliver(messages)).toMatchObject([
      { seq: 1, assignedTo: run.engineId },
      { seq: 2, assignedTo: run.engineId },
    ]);
    const assignedUntil = clock.now() + WINDOW_MS;
    clock.advance(50);
    const [again] = await store.deliver([{ ...messageTo(run.runId, 'm3'), windowMs: WINDOW_MS }]);
    expect(again).toMatchObject({ seq: 3, assignedTo: run.engineId });
    expect(await rowOf(store, run.runId)).toMatchObject({ assignedTo: run.engineId, assignedUntil });
  },
  'messages to runs of several engines in one call go to each': async ({ store }) => {
    const runs = [await resting(store), await resting(store), await resting(store)];
    const [first] = runs;
    if (first === undefined) throw new Error('no run');
    const results = await store.deliver(
      runs.map(({ runId }) => ({ ...messageTo(runId), windowMs: WINDOW_MS })),
      { engineId: first.engineId, limit: 9 },
    );
    expect(results).toMatchObject([
      { adopted: { runId: first.runId }, assignedTo: undefined },
      { adopted: undefined, assignedTo: runs[1]?.engineId },
      { adopted: undefined, assignedTo: runs[2]?.engineId },
    ]);
  },
  'the message of a plan assigns the run that it wakes': async ({ store }) => {
    const target = await resting(store);
    const run = await startOwned(store, await boot(store));
    const messages = [{ ...messageTo(target.runId), windowMs: WINDOW_MS }];
    const adopter = { engineId: run.engineId, limit: 9 };
    expect(await commitOne(store, planOf(run, closing(run), { messages, adopter }))).toMatchObject({
      outcome: 'ok',
      deliveries: [{ adopted: undefined, assignedTo: target.engineId }],
    });
  },
  'the message of a start assigns the run that has the key': async ({ store }) => {
    const run = await resting(store, { key: 'k' });
    const message = { dedup: 's1', body: bytes('hi'), windowMs: WINDOW_MS };
    expect(await startOne(store, { key: 'k', message })).toMatchObject({
      outcome: 'existing',
      delivery: { outcome: 'delivered', assignedTo: run.engineId },
    });
    expect((await rowOf(store, run.runId)).assignedTo).toBe(run.engineId);
  },

  // --- claims
  'an assigned run is claimed by nobody but its assignee': async ({ store }) => {
    const run = await assigned(store);
    expect(await claimedIds(store, await boot(store))).toEqual([]);
    expect(await claimedIds(store, run.engineId)).toEqual([run.runId]);
    expect(await rowOf(store, run.runId)).toMatchObject({
      ...{ status: 'running', ownerId: run.engineId, epoch: run.epoch + 1 },
      ...NOBODY,
    });
  },
  'when its window is over anyone claims it': async ({ store, clock }) => {
    const run = await assigned(store);
    const other = await boot(store);
    clock.advance(WINDOW_MS - 1);
    expect(await claimedIds(store, other)).toEqual([]);
    clock.advance(1);
    expect(await claimedIds(store, other)).toEqual([run.runId]);
    expect(await rowOf(store, run.runId)).toMatchObject({ ownerId: other, ...NOBODY });
  },
  'when its window is over the assignee may still claim it': async ({ store, clock }) => {
    const run = await assigned(store);
    clock.advance(WINDOW_MS * 9);
    expect(await claimedIds(store, run.engineId)).toEqual([run.runId]);
  },
  'engines that claim at the end of windows at once take each run once': async ({ store, second, clock }) => {
    const owner = await boot(store);
    const runs: Owned[] = [];
    for (let made = 0; made < 30; made += 1) runs.push(await assigned(store, owner));
    clock.advance(WINDOW_MS);
    const engines = [owner, await boot(store), await boot(second), await boot(second)];
    const taken: string[] = [];
    for (let round = 0; round < 20 && taken.length < runs.length; round += 1) {
      const claims = engines.map((engineId, at) =>
        claimedIds(at < 2 ? store : second, engineId, { limit: 4 }),
      );
      taken.push(...(await Promise.all(claims)).flat());
    }
    expect(taken.toSorted()).toEqual(runs.map(({ runId }) => runId));
  },
  'what is assigned to an engine is for all when that is retired': async ({ store }) => {
    const run = await assigned(store);
    await store.retire(run.engineId, undefined, GONE);
    expect(await claimedIds(store, await boot(store))).toEqual([run.runId]);
  },
  'priorities hold across assigned and unassigned runs': async ({ store, clock }) => {
    const engineId = await boot(store);
    const first = await startQueued(store);
    clock.advance(1);
    const second = await assigned(store, engineId);
    clock.advance(1);
    const third = await startQueued(store);
    const urgent = await assigned(store, engineId, { priority: 'high' });
    const least = await assigned(store, engineId, { priority: 'low' });
    const order = [urgent.runId, first, second.runId, third, least.runId];
    expect(await claimedIds(store, engineId, { limit: 3 })).toEqual(order.slice(0, 3));
    expect(await claimedIds(store, engineId)).toEqual(order.slice(3));
  },
  'a run whose window is over stands where its rank says': async ({ store, clock }) => {
    const run = await assigned(store);
    clock.advance(WINDOW_MS);
    const later = await startQueued(store);
    const urgent = await startQueued(store, { priority: 'high' });
    expect(await claimedIds(store, await boot(store))).toEqual([urgent, run.runId, later]);
  },
  'a crowd that is assigned to others hides no run behind it': async ({ store, clock }) => {
    const owner = await boot(store);
    for (let made = 0; made < 60; made += 1) await assigned(store, owner);
    clock.advance(1);
    const runId = await startQueued(store);
    expect(await claimedIds(store, await boot(store), { limit: 1 })).toEqual([runId]);
  },
  'an assignee claims what it asks for': async ({ store }) => {
    const engineId = await boot(store);
    await assigned(store, engineId, { queue: 'slow' });
    await assigned(store, engineId, { namespace: 'tenant' });
    await assigned(store, engineId, { workflow: 'ship' });
    const run = await assigned(store, engineId, { queue: 'default' });
    const scope = { namespace: 'default', queues: ['default'], workflows: [ORDER] };
    expect(await claimedIds(store, engineId, scope)).toEqual([run.runId]);
    expect(await claim(store, engineId, { suspects: true })).toEqual([]);
  },
  'a run that is given back is for all': async ({ store }) => {
    const run = await assigned(store);
    const [claimed] = await claim(store, run.engineId);
    await store.release(claimed === undefined ? [] : [claimed]);
    expect(await rowOf(store, run.runId)).toMatchObject({ status: 'queued', ...NOBODY });
    expect(await claimedIds(store, await boot(store))).toEqual([run.runId]);
  },
  'a run of a retired engine is requeued for all': async ({ store }) => {
    const run = await assigned(store);
    await claim(store, run.engineId);
    await store.retire(run.engineId, undefined, GONE);
    expect(await rowOf(store, run.runId)).toMatchObject({ status: 'queued', ...NOBODY });
  },

  // --- placed starts
  'a start is kept for the engine that it was placed at': async ({ store, clock }) => {
    const engineId = await boot(store);
    const placed = await startOne(store, { assignTo: { engineId, windowMs: WINDOW_MS } });
    expect(placed).toMatchObject({ outcome: 'started', owned: false, assignedTo: engineId });
    expect(await rowOf(store, placed.runId)).toMatchObject({
      ...{ status: 'queued', ownerId: undefined, version: 0, readyAt: clock.now() },
      ...{ assignedTo: engineId, assignedUntil: clock.now() + WINDOW_MS },
    });
    const other = await boot(store);
    expect(await claimedIds(store, other)).toEqual([]);
    const [claimed] = await claim(store, engineId);
    expect(claimed).toMatchObject({ runId: placed.runId, version: 0, history: bytes('started') });
    expect(await rowOf(store, placed.runId)).toMatchObject({ ownerId: engineId, ...NOBODY });
  },
  'when the window of a placed start is over anyone claims it': async ({ store, clock }) => {
    const engineId = await boot(store);
    const { runId } = await startOne(store, { assignTo: { engineId, windowMs: 10.2 } });
    const other = await boot(store);
    clock.advance(10);
    expect(await claimedIds(store, other)).toEqual([]);
    clock.advance(1);
    expect(await claimedIds(store, other)).toEqual([runId]);
  },
  'a start that was placed at nobody who is there is for all': async ({ store }) => {
    const retired = await boot(store);
    await store.retire(retired, undefined, GONE);
    for (const engineId of [retired, newId()]) {
      const placed = await startOne(store, { assignTo: { engineId, windowMs: WINDOW_MS } });
      expect(placed).toMatchObject({ outcome: 'started', assignedTo: undefined });
      expect(await rowOf(store, placed.runId)).toMatchObject({ status: 'queued', ...NOBODY });
      expect(await claimedIds(store, await boot(store))).toEqual([placed.runId]);
    }
  },
  'a start without a window is for all': async ({ store }) => {
    const engineId = await boot(store);
    const placed = await startOne(store, { assignTo: { engineId, windowMs: 0 } });
    expect(placed).toMatchObject({ outcome: 'started', assignedTo: undefined });
    expect(await rowOf(store, placed.runId)).toMatchObject(NOBODY);
  },
  'what is placed at an engine is for all when that is retired': async ({ store }) => {
    const engineId = await boot(store);
    const { runId } = await startOne(store, { assignTo: { engineId, windowMs: WINDOW_MS } });
    await store.retire(engineId, undefined, GONE);
    expect(await claimedIds(store, await boot(store))).toEqual([runId]);
  },
  'an owner goes before a place': async ({ store, clock }) => {
    const [engineId, owner] = [await boot(store), await boot(store)];
    const assignTo = { engineId, windowMs: WINDOW_MS };
    const owned = await startOne(store, { owner, assignTo });
    expect(owned).toMatchObject({ owned: true, assignedTo: undefined });
    expect(await rowOf(store, owned.runId)).toMatchObject({ ownerId: owner, ...NOBODY });
    await startQueued(store);
    clock.advance(1);
    const queued = await startOne(store, { owner, assignTo });
    expect(queued).toMatchObject({ owned: false, assignedTo: undefined });
    expect(await rowOf(store, queued.runId)).toMatchObject({ status: 'queued', ...NOBODY });
  },
  'a delayed start is not assigned': async ({ store, clock }) => {
    const assignTo = { engineId: await boot(store), windowMs: WINDOW_MS };
    const later = await startOne(store, { assignTo, startAt: clock.now() + 1 });
    expect(later).toMatchObject({ assignedTo: undefined });
    expect(await rowOf(store, later.runId)).toMatchObject({ status: 'waiting', ...NOBODY });
    expect(await startOne(store, { assignTo, startAt: clock.now() })).toMatchObject({
      assignedTo: assignTo.engineId,
    });
  },
  'starts of one call go each where it was placed': async ({ store }) => {
    const [first, second, owner] = [await boot(store), await boot(store), await boot(store)];
    const gone = newId();
    const wishes = [{ engineId: first }, undefined, { engineId: second }, { engineId: gone }];
    const requests = wishes.map((wish) => startOf({ assignTo: wish && { ...wish, windowMs: WINDOW_MS } }));
    requests.push(startOf({ owner, queue: 'another' }));
    const results = await store.startRuns(requests);
    expect(results.map((result) => result.outcome === 'started' && result.assignedTo)).toEqual([
      ...[first, undefined, second, undefined, undefined],
    ]);
    expect(results.at(-1)).toMatchObject({ owned: true });
    const rows = await Promise.all(requests.map(({ runId }) => rowOf(store, runId)));
    expect(rows.map((row) => row.assignedTo)).toEqual([first, undefined, second, undefined, undefined]);
  },
  'an eager start does not overtake what its own call places at its engine': async ({ store }) => {
    const owner = await boot(store);
    const placed = startOf({ assignTo: { engineId: owner, windowMs: WINDOW_MS }, queue: 'another' });
    const results = await store.startRuns([placed, startOf({ owner })]);
    expect(results).toMatchObject([{ assignedTo: owner }, { owned: false, assignedTo: undefined }]);
  },
  'what its own call places at others does not hinder an eager start': async ({ store }) => {
    const [owner, engineId] = [await boot(store), await boot(store)];
    const placed = startOf({ assignTo: { engineId, windowMs: WINDOW_MS } });
    expect(await store.startRuns([placed, startOf({ owner })])).toMatchObject([
      { assignedTo: engineId },
      { owned: true },
    ]);
  },
  'the starts of a plan go where they were placed': async ({ store }) => {
    const run = await startOwned(store, await boot(store));
    const engineId = await boot(store);
    const child = startOf({ parentRunId: run.runId, assignTo: { engineId, windowMs: WINDOW_MS } });
    expect(await commitOne(store, planOf(run, { kind: 'continue' }, { starts: [child] }))).toMatchObject({
      outcome: 'ok',
      starts: [{ outcome: 'started', owned: false, assignedTo: engineId }],
    });
    expect((await rowOf(store, child.runId)).assignedTo).toBe(engineId);
    expect(await claimedIds(store, engineId)).toEqual([child.runId]);
  },
  'a placed start that is sent twice is answered alike until it is claimed': async ({ store }) => {
    const engineId = await boot(store);
    const request = startOf({ assignTo: { engineId, windowMs: WINDOW_MS } });
    const answer = { outcome: 'started', owned: false, assignedTo: engineId };
    expect(await store.startRuns([request])).toMatchObject([answer]);
    expect(await store.startRuns([request])).toMatchObject([answer]);
    await claim(store, engineId);
    expect(await store.startRuns([request])).toMatchObject([{ outcome: 'existing', status: 'running' }]);
  },
  'a placed start that meets the run of its key assigns nothing': async ({ store }) => {
    const runId = await startQueued(store, { key: 'k', fingerprint: 'f' });
    const assignTo = { engineId: await boot(store), windowMs: WINDOW_MS };
    expect(await startOne(store, { key: 'k', fingerprint: 'f', assignTo })).toMatchObject({
      ...{ outcome: 'existing', runId },
    });
    expect(await rowOf(store, runId)).toMatchObject(NOBODY);
  },
  'a placed start brings its message': async ({ store }) => {
    const engineId = await boot(store);
    const assignTo = { engineId, windowMs: WINDOW_MS };
    const message = { dedup: 's1', body: bytes('hi'), windowMs: WINDOW_MS };
    const placed = await startOne(store, { key: 'k', message, assignTo });
    expect(placed).toMatchObject({ outcome: 'started', assignedTo: engineId, inboxSeq: 1 });
    expect(await claim(store, engineId)).toMatchObject([{ runId: placed.runId, inboxSeq: 1 }]);
  },

  // --- eager starts
  'what is assigned to others does not hinder an eager start': async ({ store, clock }) => {
    await assigned(store);
    clock.advance(1);
    expect(await eager(store, await boot(store))).toBe(true);
  },
  'an eager start does not overtake what is assigned to its engine': async ({ store, clock }) => {
    const run = await assigned(store, undefined, { queue: 'another' });
    clock.advance(1);
    expect(await eager(store, run.engineId)).toBe(false);
    expect(await eager(store, await boot(store), { queue: 'another' })).toBe(true);
  },
  'an urgent eager start goes before what is assigned to its engine': async ({ store }) => {
    const run = await assigned(store);
    expect(await eager(store, run.engineId, { priority: 'high' })).toBe(true);
  },
  'nothing is started eagerly while a window has passed and nobody has claimed since': async ({
    store,
    clock,
  }) => {
    await assigned(store, undefined, { workflow: 'unknown' });
    clock.advance(WINDOW_MS);
    const engineId = await boot(store);
    expect(await eager(store, engineId, { priority: 'high' })).toBe(false);
    expect(await claim(store, engineId)).toHaveLength(1);
    expect(await eager(store, engineId, { priority: 'high' })).toBe(true);
  },
};

/** A run that waits, with its last owner; in a queue of its own unless told otherwise. */
async function resting(store: Store, more: Partial<StartRequest> = {}, engineId?: string): Promise<Owned> {
  const { runId: queue } = startOf();
  const request = startOf({ queue, ...more });
  await store.startRuns([request]);
  const run = await claimOne(store, engineId ?? (await boot(store)), {
    queues: [request.queue],
    workflows: [{ workflow: request.workflow, version: request.workflowVersion }],
  });
  return advance(store, run, suspension(run));
}

/** A run that a message woke and that is kept for its last owner. */
async function assigned(store: Store, engineId?: string, more: Partial<StartRequest> = {}): Promise<Owned> {
  const run = await resting(store, more, engineId);
  expect(await wakeUp(store, run)).toMatchObject({ assignedTo: run.engineId });
  return run;
}

/** A run that waits and was executing when its process died. */
async function suspectAtRest(store: Store): Promise<Owned> {
  const { engineId: dead } = await startOwned(store, await boot(store));
  await store.retire(dead, undefined, { ...GONE, harmless: false });
  const run = await claimOne(store, await boot(store), { suspects: true });
  return advance(store, run, suspension(run), SILENT);
}

/** Whether a start is owned at once. */
async function eager(store: Store, owner: string, more: Partial<StartRequest> = {}): Promise<boolean> {
  const result = await startOne(store, { owner, ...more });
  return result.outcome === 'started' && result.owned;
}

async function wakeUp(
  store: Store,
  { runId }: Pick<Owned, 'runId'>,
  options: { windowMs?: number | undefined; adopter?: Parameters<Store['deliver']>[1] } = {
    windowMs: WINDOW_MS,
  },
) {
  const windowMs = 'windowMs' in options ? options.windowMs : WINDOW_MS;
  const [result] = await store.deliver([{ ...messageTo(runId), windowMs }], options.adopter);
  return result;
}
