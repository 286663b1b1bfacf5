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
  startOf,
  startOwned,
  startQueued,
  suspension,
} from '../samples.ts';
import type { Promises, Subject } from '../subject.ts';

export const deliverPromises: Promises = {
  'a delivered message is in the inbox, byte for byte': async ({ store }) => {
    const runId = await startQueued(store);
    const body = Uint8Array.from([0, 255, 1, 0]);
    expect(await store.deliver([{ target: { runId }, dedup: 'd', body }])).toEqual([
      { outcome: 'delivered', runId, seq: 1, adopted: undefined, ownerId: undefined },
    ]);
    const [row] = await store.readInbox(runId);
    expect(row).toMatchObject({ seq: 1, dedup: 'd' });
    expect([...(row?.body ?? [])]).toEqual([0, 255, 1, 0]);
    expect((await rowOf(store, runId)).inboxSeq).toBe(1);
  },
  'no messages give no results': async ({ store }) => {
    expect(await store.deliver([])).toEqual([]);
  },
  'messages of one call are numbered in their order': async ({ store }) => {
    const runId = await startQueued(store);
    await store.deliver(['c', 'a', 'b'].map((dedup) => messageTo(runId, dedup)));
    expect((await store.readInbox(runId)).map((row) => [row.seq, row.dedup])).toEqual([
      [1, 'c'],
      [2, 'a'],
      [3, 'b'],
    ]);
  },
  'results come in message order': async ({ store }) => {
    const [first, second] = [await startQueued(store), await startQueued(store)];
    const missing = newId();
    const results = await store.deliver([
      messageTo(second),
      messageTo(missing),
      messageTo(first),
      messageTo(second, 'm2'),
      messageTo(second, 'm2'),
    ]);
    expect(results).toMatchObject([
      { outcome: 'delivered', runId: second, seq: 1 },
      { outcome: 'not-found' },
      { outcome: 'delivered', runId: first, seq: 1 },
      { outcome: 'delivered', runId: second, seq: 2 },
      { outcome: 'duplicate', runId: second },
    ]);
  },
  'a message that is sent twice is there once (I7)': async ({ store }) => {
    const runId = await startQueued(store);
    await store.deliver([messageTo(runId, 'm1', 'first')]);
    expect(await store.deliver([messageTo(runId, 'm1', 'again')])).toEqual([{ outcome: 'duplicate', runId }]);
    expect(await store.readInbox(runId)).toMatchObject([{ seq: 1, body: bytes('first') }]);
    expect((await rowOf(store, runId)).inboxSeq).toBe(1);
  },
  'one dedup key for two runs is two messages': async ({ store }) => {
    const [first, second] = [await startQueued(store), await startQueued(store)];
    const results = await store.deliver([messageTo(first), messageTo(second)]);
    expect(results.map((result) => result.outcome)).toEqual(['delivered', 'delivered']);
  },
  'numbers are not used again after messages were consumed (I7)': async ({ store }) => {
    const run = await startOwned(store, await boot(store));
    await store.deliver([messageTo(run.runId)]);
    await advance(store, run, CONTINUE, { consumed: [1] });
    expect(await store.deliver([messageTo(run.runId, 'm2')])).toMatchObject([{ seq: 2 }]);
  },
  'a message to a run that does not exist is not found': async ({ store }) => {
    const results = await store.deliver([
      messageTo(newId()),
      { target: { namespace: 'default', key: 'nobody' }, dedup: 'd', body: bytes('x') },
    ]);
    expect(results).toEqual([{ outcome: 'not-found' }, { outcome: 'not-found' }]);
  },
  'a message reaches a run by its key': async ({ store }) => {
    const runId = await startQueued(store, { namespace: 'tenant', key: 'k' });
    const target = { namespace: 'tenant', key: 'k' };
    expect(await store.deliver([{ target, dedup: 'd', body: bytes('x') }])).toMatchObject([
      { runId, seq: 1 },
    ]);
  },
  'a message wakes a waiting run into its queue': async ({ store, clock }) => {
    const run = await waitingRun({ store, clock }, clock.now() + 9999);
    clock.advance(50);
    await store.deliver([messageTo(run.runId)]);
    expect(await rowOf(store, run.runId)).toMatchObject({
      status: 'queued',
      wakeAt: undefined,
      waits: undefined,
      readyAt: clock.now(),
      epoch: run.epoch,
      version: run.version,
    });
  },
  'a woken run ranks by the time of its waking': async ({ store, clock }) => {
    const run = await waitingRun({ store, clock });
    clock.advance(10);
    const before = await startQueued(store);
    clock.advance(10);
    await store.deliver([messageTo(run.runId)]);
    clock.advance(10);
    const after = await startQueued(store);
    const engineId = await boot(store);
    const order = await store.claimRuns({
      engineId,
      workflows: [{ workflow: 'order', version: '1' }],
      limit: 9,
      suspects: false,
    });
    expect(order.map((claimed) => claimed.runId)).toEqual([before, run.runId, after]);
  },
  'a message to a running run names its owner': async ({ store }) => {
    const run = await startOwned(store, await boot(store));
    expect(await store.deliver([messageTo(run.runId)])).toMatchObject([
      { outcome: 'delivered', ownerId: run.engineId, adopted: undefined },
    ]);
    expect(await rowOf(store, run.runId)).toMatchObject({ status: 'running', epoch: run.epoch, version: 0 });
  },
  'a message does not unblock a blocked run': async ({ store }) => {
    const run = await startOwned(store, await boot(store));
    await advance(store, run, blocking('X'));
    expect(await store.deliver([messageTo(run.runId)])).toMatchObject([{ outcome: 'delivered', seq: 1 }]);
    expect(await rowOf(store, run.runId)).toMatchObject({ status: 'blocked', inboxSeq: 1 });
  },
  'a deliverer adopts the run that it wakes': async ({ store, clock }) => {
    const run = await waitingRun({ store, clock });
    const [result] = await store.deliver([messageTo(run.runId)], adopterOf(run.engineId));
    expect(result).toMatchObject({
      outcome: 'delivered',
      seq: 1,
      adopted: {
        runId: run.runId,
        epoch: run.epoch + 1,
        version: run.version,
        events: run.events,
        inboxSeq: 1,
      },
    });
    expect(await rowOf(store, run.runId)).toMatchObject({
      status: 'running',
      ownerId: run.engineId,
      wakeAt: undefined,
    });
  },
  'an adopted run can be committed by its adopter': async ({ store, clock }) => {
    const run = await waitingRun({ store, clock });
    await store.deliver([messageTo(run.runId)], adopterOf(run.engineId));
    const adopted = { ...run, epoch: run.epoch + 1, inboxSeq: 1 };
    await advance(store, adopted, closing(adopted), { consumed: [1] });
  },
  'an adopter takes no more than it has room for': async ({ store, clock }) => {
    const engineId = await boot(store);
    const runs = [];
    for (let made = 0; made < 3; made += 1)
      runs.push(await waitingRun({ store, clock }, undefined, engineId));
    const results = await store.deliver(
      runs.map((run) => messageTo(run.runId)),
      { engineId, limit: 2 },
    );
    expect(results.map((result) => result.outcome === 'delivered' && result.adopted !== undefined)).toEqual([
      true,
      true,
      false,
    ]);
    expect((await rowOf(store, runs[2]?.runId ?? '')).status).toBe('queued');
  },
  'an adopter without room adopts nothing': async ({ store, clock }) => {
    const run = await waitingRun({ store, clock });
    await store.deliver([messageTo(run.runId)], { engineId: run.engineId, limit: 0 });
    expect((await rowOf(store, run.runId)).status).toBe('queued');
  },
  'an adopter leaves the runs of others to the queue': async ({ store, clock }) => {
    const run = await waitingRun({ store, clock });
    await store.deliver([messageTo(run.runId)], adopterOf(await boot(store)));
    expect(await rowOf(store, run.runId)).toMatchObject({ status: 'queued', ownerId: undefined });
  },
  'a retired adopter adopts nothing, and the message is delivered (I9)': async ({ store, clock }) => {
    const run = await waitingRun({ store, clock });
    await store.retire(run.engineId, undefined, { limit: 9, deathLimit: 3, harmless: true });
    const [result] = await store.deliver([messageTo(run.runId)], adopterOf(run.engineId));
    expect(result).toMatchObject({ outcome: 'delivered', adopted: undefined });
    expect(await rowOf(store, run.runId)).toMatchObject({ status: 'queued', ownerId: undefined });
  },
  'a second message to an adopted run finds its owner': async ({ store, clock }) => {
    const run = await waitingRun({ store, clock });
    const results = await store.deliver(
      [messageTo(run.runId), messageTo(run.runId, 'm2')],
      adopterOf(run.engineId),
    );
    expect(results).toMatchObject([
      { adopted: { runId: run.runId } },
      { adopted: undefined, ownerId: run.engineId },
    ]);
    expect((await rowOf(store, run.runId)).epoch).toBe(run.epoch + 1);
  },
  'a plan delivers its messages': async ({ store, clock }) => {
    const target = await waitingRun({ store, clock });
    const run = await startOwned(store, await boot(store));
    const result = await commitOne(store, planOf(run, CONTINUE, { messages: [messageTo(target.runId)] }));
    expect(result).toMatchObject({
      outcome: 'ok',
      deliveries: [{ outcome: 'delivered', runId: target.runId, seq: 1 }],
    });
    expect((await rowOf(store, target.runId)).status).toBe('queued');
  },
  'a plan can keep the run that its message wakes': async ({ store, clock }) => {
    const target = await waitingRun({ store, clock });
    const run = await startOwned(store, target.engineId);
    const plan = planOf(run, closing(run), {
      messages: [messageTo(target.runId)],
      adopter: adopterOf(target.engineId),
    });
    expect(await commitOne(store, plan)).toMatchObject({
      outcome: 'ok',
      deliveries: [{ adopted: { runId: target.runId, epoch: target.epoch + 1 } }],
    });
  },
  'the room of an adopter is shared by the plans of a batch': async ({ store, clock }) => {
    const engineId = await boot(store);
    const plans = [];
    for (let made = 0; made < 3; made += 1) {
      const target = await waitingRun({ store, clock }, undefined, engineId);
      const run = await startOwned(store, engineId);
      const adopter = { engineId, limit: 2 };
      plans.push(planOf(run, closing(run), { messages: [messageTo(target.runId)], adopter }));
    }
    const results = await store.commit(plans);
    const adopted = results.flatMap((result) =>
      result.outcome === 'ok'
        ? result.deliveries.filter((one) => one.outcome === 'delivered' && one.adopted)
        : [],
    );
    expect(adopted).toHaveLength(2);
  },
  'a message to a closed or missing run does not fail the plan': async ({ store }) => {
    const engineId = await boot(store);
    const gone = await startOwned(store, engineId);
    await advance(store, gone, closing(gone));
    const run = await startOwned(store, engineId);
    const messages = [messageTo(gone.runId), messageTo(newId())];
    expect(await commitOne(store, planOf(run, CONTINUE, { messages }))).toMatchObject({
      outcome: 'ok',
      deliveries: [{ outcome: 'run-closed', status: 'completed' }, { outcome: 'not-found' }],
    });
  },
  'a child that closes and its parent that suspends in one batch do not miss each other': async ({
    store,
  }) => {
    const engineId = await boot(store);
    const parent = await startOwned(store, engineId);
    const child = await startOwned(store, engineId, { parentRunId: parent.runId });
    const plans = [
      planOf(child, closing(child), { messages: [messageTo(parent.runId)] }),
      planOf(parent, suspension(parent)),
    ];
    const results = await store.commit(plans);
    expect(results[0]).toMatchObject({ outcome: 'ok', deliveries: [{ outcome: 'delivered', seq: 1 }] });
    const row = await rowOf(store, parent.runId);
    // Either the parent saw that it has unread messages, or the message woke it.
    expect(results[1]?.outcome === 'unread' ? row.status === 'running' : row.status === 'queued').toBe(true);
  },
  'a message reaches a child that the same plan starts': async ({ store }) => {
    const run = await startOwned(store, await boot(store));
    const child = startOf();
    const plan = planOf(run, CONTINUE, { starts: [child], messages: [messageTo(child.runId)] });
    expect(await commitOne(store, plan)).toMatchObject({
      deliveries: [{ outcome: 'delivered', runId: child.runId }],
    });
  },
  'a message begins a delayed run early': async ({ store, clock }) => {
    const runId = await startDelayed({ store, clock });
    await store.deliver([messageTo(runId)]);
    expect(await rowOf(store, runId)).toMatchObject({ status: 'queued', inboxSeq: 1 });
    expect(await claimOne(store, await boot(store))).toMatchObject({ runId, version: 0, inboxSeq: 1 });
  },
};

type Where = Pick<Subject, 'store' | 'clock'>;

function adopterOf(engineId: string) {
  return { engineId, limit: 10 };
}

async function startDelayed({ store, clock }: Where): Promise<string> {
  return startQueued(store, { startAt: clock.now() + 1000 });
}

/** A run that waits, with its last owner. */
async function waitingRun({ store }: Where, wakeAt?: number, engineId?: string): Promise<Owned> {
  const run = await startOwned(store, engineId ?? (await boot(store)));
  return advance(store, run, suspension(run, wakeAt));
}
