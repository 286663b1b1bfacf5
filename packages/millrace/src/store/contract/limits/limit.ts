import { expect } from 'vitest';
import {
  advance,
  boot,
  bytes,
  claim,
  claimedIds,
  claimOne,
  closing,
  messageTo,
  newCommitId,
  newId,
  ORDER,
  type Owned,
  planOf,
  startOf,
  startOne,
  startOwned,
  startQueued,
  statusesOf,
  suspension,
  commitOne,
} from '../samples.ts';
import type { Store } from '../../port/store.ts';
import type { Promises } from '../subject.ts';

export const QUEUE = { namespace: 'default', kind: 'queue', name: 'default' } as const;

/** Starts so many runs that nobody owns; their ids in the order in which they are claimed. */
export async function startSome(store: Store, count: number, more: object = {}): Promise<string[]> {
  const requests = Array.from({ length: count }, () => startOf(more));
  await store.startRuns(requests);
  return requests.map(({ runId }) => runId);
}

/** Claims all that can be claimed, as often as the store asks for. */
export async function claimAll(
  store: Store,
  engineId: string,
  limit = 100,
): Promise<(Owned & { runId: string })[]> {
  const all: Owned[] = [];
  for (;;) {
    // oxlint-disable-next-line no-await-in-loop -- each claim sees what the one before has left
    const runs = await claim(store, engineId, { limit });
    all.push(...runs.map((run) => ({ ...run, engineId })));
    if (runs.askAgainMs !== 0 && runs.length < limit) return all;
  }
}

export async function close(store: Store, run: Owned): Promise<void> {
  await advance(store, run, closing(run));
}

const idsOf = (runs: readonly { runId: string }[]): string[] => runs.map(({ runId }) => runId);

export const limitPromises: Promises = {
  'no more runs of a queue hold a grant than its limit says, and a close makes room (L1)': async ({
    store,
  }) => {
    const engineId = await boot(store);
    await store.setLimit({ ...QUEUE, maxConcurrent: 2 });
    const runIds = await startSome(store, 4);
    const [first, ...others] = await claimAll(store, engineId);
    expect(idsOf([first, ...others] as Owned[])).toEqual(runIds.slice(0, 2));
    expect(await claimedIds(store, engineId)).toEqual([]);
    const closed = await commitOne(store, planOf(first as Owned, closing(first as Owned)));
    expect(closed).toMatchObject({ outcome: 'ok', freed: true });
    expect(await claimedIds(store, engineId)).toEqual([runIds[2]]);
  },
  'a close without a limit frees nothing': async ({ store }) => {
    const run = await startOwned(store, await boot(store));
    expect(await commitOne(store, planOf(run, closing(run)))).not.toHaveProperty('freed');
  },
  'what a run demands holds where limits do': async ({ store }) => {
    const engineId = await boot(store);
    await store.setLimit({ ...QUEUE, maxConcurrent: 1 });
    const [demanding] = await startSome(store, 2, { workflowVersion: '1+gpu' });
    const [plain] = await startSome(store, 1);
    const run = await claimOne(store, engineId);
    expect(run.runId).toBe(plain);
    await close(store, run);
    expect(await claimedIds(store, engineId, { traits: ['gpu'] })).toEqual([demanding]);
  },
  'a limit holds over all engines': async ({ store, second }) => {
    await store.setLimit({ ...QUEUE, maxConcurrent: 3 });
    await startSome(store, 10);
    expect(await claimedIds(store, await boot(store), { limit: 2 })).toHaveLength(2);
    expect(await claimAll(second, await boot(second, 'beta'))).toHaveLength(1);
  },
  'where a limit applies no start is owned at once (L4)': async ({ store }) => {
    const engineId = await boot(store);
    await store.setLimit({ ...QUEUE, maxConcurrent: 5 });
    expect(await startOne(store, { owner: engineId })).toMatchObject({ outcome: 'started', owned: false });
    await store.setLimit({ ...QUEUE, maxConcurrent: null });
    expect(await store.readLimits('default')).toEqual([]);
    expect(await startOne(store, { owner: engineId, queue: 'other' })).toMatchObject({ owned: true });
    await store.setLimit({ ...QUEUE, kind: 'workflow', name: 'order', maxConcurrent: 1 });
    expect(await startOne(store, { owner: engineId, queue: 'other' })).toMatchObject({ owned: false });
    await store.setLimit({ ...QUEUE, kind: 'workflow', name: 'order', maxConcurrent: null });
    await store.setLimit({ ...QUEUE, kind: 'global', name: '', maxConcurrent: 1 });
    expect(await startOne(store, { owner: engineId, queue: 'third' })).toMatchObject({ owned: false });
  },
  'a delayed start that is due is granted by a claim, not by waking (L4)': async ({ store, clock }) => {
    const engineId = await boot(store);
    await store.setLimit({ ...QUEUE, maxConcurrent: 1 });
    const runIds = await startSome(store, 2, { startAt: clock.now() + 10 });
    clock.advance(10);
    const adopter = { engineId, limit: 10 };
    const woken = await store.wakeDue({ workflows: [ORDER], limit: 10, adopter });
    expect(woken).toMatchObject({ adopted: [], queued: 2 });
    expect(await claimedIds(store, engineId)).toEqual(runIds.slice(0, 1));
  },
  'a run keeps its grant while it waits, and is not held back when it is ready again': async ({ store }) => {
    const [one, two] = [await boot(store), await boot(store, 'beta')];
    await store.setLimit({ ...QUEUE, maxConcurrent: 1 });
    const [runId] = await startSome(store, 3);
    const run = await claimOne(store, one);
    await advance(store, run, suspension(run));
    expect(await claimedIds(store, two)).toEqual([]);
    await store.setLimit({ ...QUEUE, paused: true });
    await store.deliver([messageTo(run.runId)]);
    expect(await claimedIds(store, two)).toEqual([runId]);
  },
  'a run whose engine died keeps its grant: it goes on, and nobody else gets its place': async ({
    store,
  }) => {
    const [one, two] = [await boot(store), await boot(store, 'beta')];
    await store.setLimit({ ...QUEUE, maxConcurrent: 1 });
    const [runId] = await startSome(store, 2);
    await claimOne(store, one);
    await store.retire(one, undefined, { limit: 10, deathLimit: 3, harmless: false });
    expect(await claimedIds(store, two)).toEqual([]);
    expect(await claimedIds(store, two, { suspects: true })).toEqual([runId]);
  },
  'runs on their way are counted when a limit is made (L2)': async ({ store }) => {
    const engineId = await boot(store);
    const running = await startOwned(store, engineId);
    const waiting = await startOwned(store, engineId);
    const parked = await advance(store, waiting, suspension(waiting));
    const other = await startOwned(store, engineId, { queue: 'other' });
    await store.setLimit({ ...QUEUE, maxConcurrent: 2 });
    const runIds = await startSome(store, 2);
    expect(await store.readLimits('default')).toMatchObject([
      { name: 'default', max: 2, inUse: 2, holders: [running.runId, parked.runId] },
    ]);
    expect(await claimedIds(store, engineId)).toEqual([]);
    await close(store, other);
    expect(await claimedIds(store, engineId)).toEqual([]);
    await close(store, running);
    expect(await claimedIds(store, engineId)).toEqual(runIds.slice(0, 1));
  },
  'a limit that is lowered takes nothing away, and grants nothing before there is room': async ({
    store,
  }) => {
    const engineId = await boot(store);
    await store.setLimit({ ...QUEUE, maxConcurrent: 3 });
    const runIds = await startSome(store, 5);
    const [one, two, three] = (await claimAll(store, engineId)) as [Owned, Owned, Owned];
    await store.setLimit({ ...QUEUE, maxConcurrent: 1 });
    await close(store, one);
    await close(store, two);
    expect(await claimedIds(store, engineId)).toEqual([]);
    await close(store, three);
    expect(await claimedIds(store, engineId)).toEqual([runIds[3]]);
    await store.setLimit({ ...QUEUE, maxConcurrent: 2 });
    expect(await claimedIds(store, engineId)).toEqual([runIds[4]]);
  },
  'limits of all, of a queue and of a workflow hold together': async ({ store }) => {
    const engineId = await boot(store);
    const workflows = [ORDER, { workflow: 'mail', version: '1' }];
    await store.setLimit({ ...QUEUE, kind: 'global', name: '', maxConcurrent: 3 });
    await store.setLimit({ ...QUEUE, maxConcurrent: 1 });
    await store.setLimit({ ...QUEUE, kind: 'workflow', name: 'mail', maxConcurrent: 1 });
    const first = await startSome(store, 2);
    const mails = await startSome(store, 2, { queue: 'post', workflow: 'mail' });
    const posted = await startSome(store, 2, { queue: 'post' });
    const claimed = await claimedIds(store, engineId, { workflows });
    expect(claimed).toEqual([first[0], mails[0], posted[0]]);
    expect((await store.readLimits('default')).map(({ kind, inUse }) => `${kind} ${inUse}`)).toEqual([
      'global 3',
      'queue 1',
      'workflow 1',
    ]);
  },
  'limits of one namespace are not those of another': async ({ store }) => {
    const engineId = await boot(store);
    await store.setLimit({ ...QUEUE, kind: 'global', name: '', maxConcurrent: 1 });
    const [mine] = await startSome(store, 2);
    const [theirs, more] = await startSome(store, 2, { namespace: 'tenant' });
    expect(await claimedIds(store, engineId)).toEqual([mine, theirs, more]);
  },
  'a full queue does not hold up others behind it': async ({ store, clock }) => {
    const engineId = await boot(store);
    await store.setLimit({ ...QUEUE, maxConcurrent: 1 });
    const [first] = await startSome(store, 300);
    clock.advance(1_000);
    const later = await startQueued(store, { queue: 'other' });
    expect(await claimedIds(store, engineId, { limit: 2 })).toEqual([first, later]);
  },
  'an assigned run that has no grant is held back like any other': async ({ store }) => {
    const engineId = await boot(store);
    const run = await startOwned(store, engineId);
    await advance(store, run, suspension(run));
    await store.deliver([{ ...messageTo(run.runId), windowMs: 1_000 }]);
    await store.setLimit({ ...QUEUE, paused: true });
    // It had begun: it is granted, paused or not.
    expect(await claimedIds(store, engineId)).toEqual([run.runId]);
  },
  'a successor takes its place anew': async ({ store }) => {
    const engineId = await boot(store);
    await store.setLimit({ ...QUEUE, maxConcurrent: 1 });
    await startSome(store, 1);
    const run = await claimOne(store, engineId);
    const successor = startOf({ owner: engineId });
    const plan = planOf(run, closing(run, 'continued', successor.runId), { starts: [successor] });
    expect(await commitOne(store, plan)).toMatchObject({ starts: [{ owned: false }], freed: true });
    expect(await claimedIds(store, engineId)).toEqual([successor.runId]);
  },
  'a run that is retried takes its place anew': async ({ store }) => {
    const engineId = await boot(store);
    await store.setLimit({ ...QUEUE, maxConcurrent: 1 });
    const [runId, other] = await startSome(store, 2);
    const run = await claimOne(store, engineId);
    const failed = await advance(store, run, closing(run, 'failed'));
    expect(await claimedIds(store, engineId)).toEqual([other]);
    const { version, events: seq } = failed;
    const reopened = {
      runId: runId as string,
      version,
      from: 'failed',
      seq,
      count: 1,
      history: bytes('retried'),
    } as const;
    expect(await store.reopen({ ...reopened, commitId: newCommitId() })).toBe('ok');
    expect(await claimedIds(store, engineId)).toEqual([]);
  },
  'a paused queue grants nothing new and says who paused it; resumed it goes on': async ({
    store,
    clock,
  }) => {
    const engineId = await boot(store);
    const runIds = await startSome(store, 2);
    const at = clock.now();
    expect(await store.setLimit({ ...QUEUE, paused: true, by: 'ada' })).toMatchObject({
      ...{ paused: true, pausedBy: 'ada', pausedAt: at },
    });
    clock.advance(5);
    await store.setLimit({ ...QUEUE, paused: true, by: 'bob' });
    expect(await store.readLimits('default')).toMatchObject([{ pausedBy: 'ada', pausedAt: at }]);
    expect(await claimedIds(store, engineId)).toEqual([]);
    expect(await store.setLimit({ ...QUEUE, paused: false })).toBeUndefined();
    expect(await claimedIds(store, engineId)).toEqual(runIds);
  },
  'a change leaves alone what it does not name': async ({ store }) => {
    await store.setLimit({ ...QUEUE, maxConcurrent: 7, ratePerSecond: 0.5 });
    await store.setLimit({ ...QUEUE, maxDepth: 9 });
    expect(await store.setLimit({ ...QUEUE, paused: true })).toMatchObject({
      ...{ maxConcurrent: 7, ratePerSecond: 0.5, maxDepth: 9, paused: true },
    });
  },
  'numbers that no limit can have are refused': async ({ store }) => {
    for (const wrong of [
      { maxConcurrent: 0 },
      { maxConcurrent: 1.5 },
      { maxDepth: -1 },
      { ratePerSecond: 0 },
    ])
      // oxlint-disable-next-line no-await-in-loop -- one after the other
      await expect(store.setLimit({ ...QUEUE, ...wrong })).rejects.toThrow('allowed');
    expect(await store.readLimits('default')).toEqual([]);
  },
  'limitsOf names what applies to a run, widest first, and who holds it': async ({ store }) => {
    const engineId = await boot(store);
    await store.setLimit({ ...QUEUE, kind: 'workflow', name: 'order', maxConcurrent: 9 });
    await store.setLimit({ ...QUEUE, maxConcurrent: 1 });
    await store.setLimit({ ...QUEUE, name: 'other', maxConcurrent: 1 });
    const [held, waits] = await startSome(store, 2);
    await claimOne(store, engineId);
    expect(await store.limitsOf(waits as string)).toMatchObject({
      ...{ granted: false, keys: [], parkedOn: undefined },
      limits: [
        { kind: 'queue', name: 'default', max: 1, inUse: 1, holders: [held] },
        { kind: 'workflow', name: 'order', max: 9, inUse: 1, holders: [held] },
      ],
    });
    expect(await store.limitsOf(newId())).toBeUndefined();
  },
  'queues tell their depth, their age and what is running': async ({ store, clock }) => {
    const engineId = await boot(store);
    const since = clock.now();
    await startSome(store, 3);
    clock.advance(50);
    await startSome(store, 1, { queue: 'slow' });
    await claimedIds(store, engineId, { limit: 1 });
    expect(await store.readQueues('default')).toEqual([
      { queue: 'default', open: 3, depth: 2, oldestReadyAt: since, running: 1 },
      { queue: 'slow', open: 1, depth: 1, oldestReadyAt: since + 50, running: 0 },
    ]);
    expect(await store.readQueues('tenant')).toEqual([]);
  },
  'a full queue refuses starts from outside, each alone, and stores nothing of them': async ({ store }) => {
    const engineId = await boot(store);
    await store.setLimit({ ...QUEUE, maxDepth: 2 });
    const requests = [startOf({ key: 'a' }), startOf(), startOf({ key: 'c' }), startOf({ queue: 'other' })];
    const results = await store.startRuns(requests);
    expect(results.map(({ outcome }) => outcome)).toEqual(['started', 'started', 'queue-full', 'started']);
    expect(results[2]).toMatchObject({ runId: requests[2]?.runId, maxDepth: 2 });
    expect(await statusesOf(store, idsOf(requests))).toEqual(['queued', 'queued', undefined, 'queued']);
    // A start that is there already is answered, full or not.
    expect(await startOne(store, { key: 'a' })).toMatchObject({
      outcome: 'existing',
      runId: requests[0]?.runId,
    });
    await claimedIds(store, engineId, { limit: 1 });
    expect(await startOne(store, { key: 'c' })).toMatchObject({ outcome: 'started' });
  },
  'a full queue tells the pace at which it was served lately': async ({ store, clock }) => {
    const engineId = await boot(store);
    await store.setLimit({ ...QUEUE, maxDepth: 10 });
    const refused = async () =>
      (await store.startRuns([startOf(), startOf({ queue: 'other' }), startOf()]))[2];
    await startSome(store, 10);
    expect(await refused(), 'of what has just come nothing is known').toMatchObject({
      heldMs: 0,
      stepMs: undefined,
    });
    clock.advance(5_000);
    expect(await refused()).toMatchObject({ outcome: 'queue-full', heldMs: 0, stepMs: 500 });
    const served = await claim(store, engineId, { limit: 6 });
    expect(served).toHaveLength(6);
    clock.advance(1_000);
    await startSome(store, 3, { workflowVersion: '2' });
    clock.advance(600);
    await startSome(store, 3, { workflowVersion: '2' });
    clock.advance(400);
    // Four that have stood for 7 s, and six of another version, the first of them for one.
    expect(await refused()).toMatchObject({ stepMs: Math.ceil(1 / (4 / 7_000 + 6 / 1_000)) });
  },
  'runs that are parked on a key are part of that pace': async ({ store, clock }) => {
    const engineId = await boot(store);
    await store.setLimit({ ...QUEUE, maxDepth: 4 });
    await startSome(store, 4, { limits: [{ key: 'k', max: 1 }] });
    await claimAll(store, engineId);
    await startSome(store, 1, { limits: [{ key: 'k', max: 1 }] });
    clock.advance(2_000);
    expect(await startOne(store)).toMatchObject({ outcome: 'queue-full', heldMs: 0 });
    await claimAll(store, engineId);
    expect(await startOne(store)).toMatchObject({ outcome: 'queue-full', stepMs: 500 });
  },
  'a full queue tells how long its rate, that of all, or a pause lets nothing begin': async ({
    store,
    clock,
  }) => {
    const engineId = await boot(store);
    const all = { ...QUEUE, kind: 'global', name: '' } as const;
    await store.setLimit({ ...QUEUE, maxDepth: 2, ratePerSecond: 0.5 });
    await startSome(store, 1);
    await claimOne(store, engineId);
    await startSome(store, 2);
    clock.advance(300);
    expect(await startOne(store)).toMatchObject({ outcome: 'queue-full', heldMs: 1_700 });
    await store.setLimit({ ...all, ratePerSecond: 0.25 });
    expect(await startOne(store), 'there is a token of all').toMatchObject({ heldMs: 1_700 });
    clock.advance(1_700);
    expect(await startOne(store)).toMatchObject({ heldMs: 0 });
    await claimOne(store, engineId);
    await startSome(store, 1);
    expect(await startOne(store), 'the longer of both').toMatchObject({ heldMs: 4_000 });
    await store.setLimit({ ...QUEUE, paused: true });
    expect(await startOne(store)).toMatchObject({ heldMs: 86_400_000 });
  },
  'a full queue refuses neither children nor delayed starts': async ({ store, clock }) => {
    const engineId = await boot(store);
    const parent = await startOwned(store, engineId, { queue: 'other' });
    await store.setLimit({ ...QUEUE, maxDepth: 1 });
    await startSome(store, 1);
    const child = startOf({ parentRunId: parent.runId, parentOrdinal: 1 });
    const committed = await commitOne(store, planOf(parent, { kind: 'continue' }, { starts: [child] }));
    expect(committed).toMatchObject({ starts: [{ outcome: 'started' }] });
    expect(await startOne(store, { startAt: clock.now() + 1 })).toMatchObject({ outcome: 'started' });
    expect(await startOne(store)).toMatchObject({ outcome: 'queue-full' });
  },
};
