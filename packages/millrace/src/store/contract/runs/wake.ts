import { expect } from 'vitest';
import {
  advance,
  boot,
  claim,
  claimedIds,
  closing,
  messageTo,
  ORDER,
  rowOf,
  startOwned,
  startQueued,
  statusesOf,
  suspension,
} from '../samples.ts';
import type { Promises, Subject } from '../subject.ts';

export const wakePromises: Promises = {
  'a run is not woken before its time': async ({ store, clock }) => {
    const runId = await waiting({ store, clock }, 1000);
    clock.advance(999);
    expect(await wake(store)).toMatchObject({ adopted: [], queued: 0, nextWakeAt: clock.now() + 1 });
    expect((await rowOf(store, runId)).status).toBe('waiting');
  },
  'a run is woken at its time': async ({ store, clock }) => {
    const runId = await waiting({ store, clock }, 1000);
    clock.advance(1000);
    expect(await wake(store)).toMatchObject({ queued: 1, nextWakeAt: undefined, storeTime: clock.now() });
    expect(await rowOf(store, runId)).toMatchObject({
      status: 'queued',
      wakeAt: undefined,
      waits: undefined,
    });
  },
  'a woken run has been ready since its time came': async ({ store, clock }) => {
    const wakeAt = clock.now() + 1000;
    const runId = await waiting({ store, clock }, 1000);
    clock.advance(5000);
    await wake(store);
    expect((await rowOf(store, runId)).readyAt).toBe(wakeAt);
  },
  'a run is woken once': async ({ store, second, clock }) => {
    await waiting({ store, clock }, 0);
    expect((await wake(store)).queued).toBe(1);
    expect((await wake(second)).queued).toBe(0);
  },
  'runs that wait for messages only are not woken': async ({ store, clock }) => {
    const runId = await waiting({ store, clock });
    clock.advance(1_000_000_000);
    expect(await wake(store)).toMatchObject({ queued: 0, nextWakeAt: undefined });
    expect((await rowOf(store, runId)).status).toBe('waiting');
  },
  'runs are woken in the order of their times, no more than the limit': async ({ store, clock }) => {
    const late = await waiting({ store, clock }, 30);
    const soon = await waiting({ store, clock }, 10);
    const then = await waiting({ store, clock }, 20);
    clock.advance(100);
    expect(await wake(store, { limit: 2 })).toMatchObject({ queued: 2, nextWakeAt: clock.now() - 70 });
    expect(await statusesOf(store, [soon, then, late])).toEqual(['queued', 'queued', 'waiting']);
  },
  'woken runs are claimed in the order of their times': async ({ store, clock }) => {
    const late = await waiting({ store, clock }, 30);
    const soon = await waiting({ store, clock }, 10);
    clock.advance(100);
    await wake(store);
    expect(await claimedIds(store, await boot(store))).toEqual([soon, late]);
  },
  'the next time is told when nothing is due': async ({ store, clock }) => {
    await waiting({ store, clock }, 500);
    await waiting({ store, clock }, 300);
    expect((await wake(store)).nextWakeAt).toBe(clock.now() + 300);
  },
  'a fraction of a millisecond is rounded up: never early': async ({ store, clock }) => {
    const runId = await waiting({ store, clock }, 10.2);
    clock.advance(10);
    expect((await wake(store)).queued).toBe(0);
    clock.advance(1);
    expect((await wake(store)).queued).toBe(1);
    expect((await rowOf(store, runId)).status).toBe('queued');
  },
  'a delayed start begins at its time': async ({ store, clock }) => {
    const runId = await startQueued(store, { startAt: clock.now() + 1000 });
    clock.advance(999);
    expect((await wake(store)).queued).toBe(0);
    clock.advance(1);
    expect((await wake(store)).queued).toBe(1);
    const [claimed] = await claim(store, await boot(store));
    expect(claimed).toMatchObject({ runId, version: 0 });
    expect(claimed?.history).toBeDefined();
  },
  'a waker adopts what it has room for': async ({ store, clock }) => {
    const engineId = await boot(store);
    const runIds = [];
    for (const delay of [1, 2, 3]) runIds.push(await waiting({ store, clock }, delay, engineId));
    clock.advance(10);
    const adopter = { engineId, limit: 2 };
    const result = await wake(store, { adopter });
    expect(result.adopted.map((run) => run.runId)).toEqual(runIds.slice(0, 2));
    expect(result.queued).toBe(1);
    expect(await rowOf(store, runIds[0] ?? '')).toMatchObject({ status: 'running', ownerId: engineId });
  },
  'an adopted run has a new epoch, and its adopter can commit it': async ({ store, clock }) => {
    const engineId = await boot(store);
    const runId = await waiting({ store, clock }, 1, engineId);
    const before = await rowOf(store, runId);
    clock.advance(1);
    const { adopted } = await wake(store, { adopter: { engineId, limit: 1 } });
    expect(adopted).toMatchObject([
      { runId, epoch: before.epoch + 1, version: before.version, events: before.events },
    ]);
    const [run] = adopted;
    if (run === undefined) throw new Error('not adopted');
    await advance(store, { ...run, engineId }, closing({ ...run, engineId }));
  },
  'a waker adopts only workflows that it has': async ({ store, clock }) => {
    const engineId = await boot(store);
    const runId = await waiting({ store, clock }, 0, engineId);
    const adopter = { engineId, limit: 9 };
    const result = await wake(store, { adopter, workflows: [{ workflow: 'order', version: '2' }] });
    expect(result).toMatchObject({ adopted: [], queued: 1 });
    expect((await rowOf(store, runId)).status).toBe('queued');
  },
  'what another engine owned last is queued and assigned to it (I10)': async ({ store, clock }) => {
    const [engineId, other] = [await boot(store), await boot(store)];
    const own = await waiting({ store, clock }, 0, engineId);
    const foreign = await waiting({ store, clock }, 0, other);
    const result = await wake(store, { adopter: { engineId, limit: 9 }, windowMs: 200 });
    expect(result.adopted.map((run) => run.runId)).toEqual([own]);
    expect(result).toMatchObject({ queued: 0, assigned: [other] });
    expect(await rowOf(store, foreign)).toMatchObject({
      ...{ status: 'queued', assignedTo: other, assignedUntil: clock.now() + 200 },
    });
    expect(await claimedIds(store, engineId)).toEqual([]);
    expect(await claimedIds(store, other)).toEqual([foreign]);
  },
  'without a window what another engine owned last is queued for all': async ({ store, clock }) => {
    const engineId = await boot(store);
    const runId = await waiting({ store, clock }, 0);
    expect(await wake(store, { adopter: { engineId, limit: 9 } })).toMatchObject({ adopted: [], queued: 1 });
    expect(await claimedIds(store, engineId)).toEqual([runId]);
  },
  'who asks for nobody assigns to the last owners': async ({ store, clock }) => {
    const engineId = await boot(store);
    await waiting({ store, clock }, 0, engineId);
    expect(await wake(store, { windowMs: 200 })).toMatchObject({ queued: 0, assigned: [engineId] });
  },
  'what nobody owned yet, or an engine that is retired, is adopted': async ({ store, clock }) => {
    const engineId = await boot(store);
    const former = await boot(store);
    const orphan = await waiting({ store, clock }, 1, former);
    const delayed = await startQueued(store, { startAt: clock.now() + 2 });
    await store.retire(former, undefined, { limit: 9, deathLimit: 3, harmless: true });
    clock.advance(2);
    const result = await wake(store, { adopter: { engineId, limit: 9 }, windowMs: 200 });
    expect(result.adopted.map((run) => run.runId)).toEqual([orphan, delayed]);
    expect(result).toMatchObject({ queued: 0, assigned: [] });
  },
  'what the asker has no room for is for all': async ({ store, clock }) => {
    const engineId = await boot(store);
    const runId = await waiting({ store, clock }, 0, engineId);
    const result = await wake(store, { adopter: { engineId, limit: 0 }, windowMs: 200 });
    expect(result).toMatchObject({ adopted: [], queued: 1, assigned: [] });
    expect(await claimedIds(store, await boot(store))).toEqual([runId]);
  },
  'runs of other namespaces and queues are woken, and not adopted': async ({ store, clock }) => {
    const engineId = await boot(store);
    const startAt = clock.now() + 1;
    const tenant = await startQueued(store, { startAt, namespace: 'tenant' });
    const slow = await startQueued(store, { startAt, queue: 'slow' });
    const own = await startQueued(store, { startAt });
    clock.advance(1);
    const scope = { namespace: 'default', queues: ['default'], windowMs: 200 };
    const result = await wake(store, { adopter: { engineId, limit: 9 }, ...scope });
    expect(result.adopted.map((run) => run.runId)).toEqual([own]);
    expect(result).toMatchObject({ queued: 2, assigned: [] });
    expect(await statusesOf(store, [tenant, slow])).toEqual(['queued', 'queued']);
  },
  'a run of another namespace is assigned to its engine': async ({ store, clock }) => {
    const other = await boot(store);
    const run = await startOwned(store, other, { namespace: 'tenant' });
    await advance(store, run, suspension(run, clock.now()));
    const adopter = { engineId: await boot(store), limit: 9 };
    const result = await wake(store, { adopter, namespace: 'default', windowMs: 200 });
    expect(result).toMatchObject({ adopted: [], queued: 0, assigned: [other] });
  },
  'the runs of others count later in when to ask again, those of the asker do not': async ({
    store,
    clock,
  }) => {
    const [engineId, other] = [await boot(store), await boot(store)];
    const ask = { adopter: { engineId, limit: 9 }, windowMs: 200, headStartMs: 50 };
    await waiting({ store, clock }, 100, other);
    expect((await wake(store, ask)).nextWakeAt).toBe(clock.now() + 150);
    await waiting({ store, clock }, 120, engineId);
    expect((await wake(store, ask)).nextWakeAt).toBe(clock.now() + 120);
    expect((await wake(store, { ...ask, adopter: undefined })).nextWakeAt).toBe(clock.now() + 150);
    expect((await wake(store)).nextWakeAt).toBe(clock.now() + 100);
    await store.retire(other, undefined, { limit: 9, deathLimit: 3, harmless: true });
    expect((await wake(store, ask)).nextWakeAt).toBe(clock.now() + 100);
  },
  'when to ask again is not too late, however many runs of others come first': async ({ store, clock }) => {
    const [engineId, other] = [await boot(store), await boot(store)];
    for (let made = 0; made < 110; made += 1) await waiting({ store, clock }, 100, other);
    await waiting({ store, clock }, 101, engineId);
    const ask = { adopter: { engineId, limit: 9 }, windowMs: 200, headStartMs: 50 };
    expect((await wake(store, ask)).nextWakeAt).toBeLessThanOrEqual(clock.now() + 101);
  },
  'a retired waker adopts nothing (I9)': async ({ store, clock }) => {
    const engineId = await boot(store);
    await waiting({ store, clock }, 0, engineId);
    await store.retire(engineId, undefined, { limit: 9, deathLimit: 3, harmless: true });
    const result = await wake(store, { adopter: { engineId, limit: 9 } });
    expect(result).toMatchObject({ adopted: [], queued: 1 });
  },
  'a run that a message woke first is not woken by its time': async ({ store, clock }) => {
    const runId = await waiting({ store, clock }, 10);
    await store.deliver([messageTo(runId)]);
    clock.advance(10);
    expect((await wake(store)).queued).toBe(0);
    expect(await claimedIds(store, await boot(store))).toEqual([runId]);
  },
  'a limit of nothing wakes nothing': async ({ store, clock }) => {
    await waiting({ store, clock }, 0);
    expect(await wake(store, { limit: 0 })).toMatchObject({ queued: 0, nextWakeAt: clock.now() });
  },
};

type Where = Pick<Subject, 'store' | 'clock'>;

async function waiting({ store, clock }: Where, delayMs?: number, engineId?: string): Promise<string> {
  const run = await startOwned(store, engineId ?? (await boot(store)));
  await advance(store, run, suspension(run, delayMs === undefined ? undefined : clock.now() + delayMs));
  return run.runId;
}

async function wake(store: Where['store'], more: Partial<Parameters<Where['store']['wakeDue']>[0]> = {}) {
  return store.wakeDue({ limit: 100, adopter: undefined, workflows: [ORDER], ...more });
}
