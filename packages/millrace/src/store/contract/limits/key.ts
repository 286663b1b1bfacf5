import { expect } from 'vitest';
import {
  advance,
  boot,
  bytes,
  claim,
  claimedIds,
  claimOne,
  closing,
  commitOne,
  newCommitId,
  ORDER,
  type Owned,
  planOf,
  startOf,
  startOne,
  startQueued,
} from '../samples.ts';
import type { Promises } from '../subject.ts';
import { claimAll, close, QUEUE, startSome } from './limit.ts';

const ada = [{ key: 'ada', max: 1 }];
const KEY = { ...QUEUE, kind: 'key', name: 'ada' } as const;

export const keyLimitPromises: Promises = {
  'of all runs with a key no more than its limit hold a grant; the next by rank follows a close (L3)':
    async ({ store }) => {
      const engineId = await boot(store);
      const runIds = await startSome(store, 3, { limits: ada });
      const low = await startQueued(store, { limits: ada, priority: 'low' });
      const high = await startQueued(store, { limits: ada, priority: 'high' });
      const order: string[] = [];
      for (let round = 0; round < 5; round += 1) {
        // oxlint-disable-next-line no-await-in-loop -- one after the other is what is tested
        const [run, ...others] = await claimAll(store, engineId);
        expect(others).toEqual([]);
        order.push((run as Owned).runId);
        // oxlint-disable-next-line no-await-in-loop -- as above
        await close(store, run as Owned);
      }
      expect(order).toEqual([high, ...runIds, low]);
    },
  'a run with a key is never owned at once (L4)': async ({ store }) => {
    const engineId = await boot(store);
    expect(await startOne(store, { owner: engineId, limits: ada })).toMatchObject({ owned: false });
  },
  'a long line at one key does not hold up others': async ({ store }) => {
    const engineId = await boot(store);
    const [first] = await startSome(store, 500, { limits: ada });
    const other = await startQueued(store, { limits: [{ key: 'bob', max: 1 }], priority: 'low' });
    const free = await startQueued(store, { priority: 'low' });
    const claimed = await claimAll(store, engineId, 10);
    expect(claimed.map(({ runId }) => runId)).toEqual([first, other, free]);
    // What is parked is not looked at again.
    expect(await claim(store, engineId)).toMatchObject({ length: 0 });
    expect((await claim(store, engineId)).askAgainMs).toBeUndefined();
  },
  'a run with several keys needs room in each': async ({ store }) => {
    const engineId = await boot(store);
    const both = [...ada, { key: 'bob', max: 1 }];
    await startSome(store, 1, { limits: [{ key: 'bob', max: 1 }] });
    const bob = await claimOne(store, engineId);
    const [waits] = await startSome(store, 1, { limits: both });
    const [behind] = await startSome(store, 1, { limits: ada });
    expect((await claimAll(store, engineId)).map(({ runId }) => runId)).toEqual([behind]);
    expect(await store.limitsOf(waits as string)).toMatchObject({ keys: ['ada', 'bob'] });
    await close(store, bob);
    expect(await claimAll(store, engineId)).toEqual([]);
    expect(await store.limitsOf(waits as string)).toMatchObject({ parkedOn: 'ada' });
    const adaRun = await store.readRuns([{ runId: behind as string }]);
    await close(store, { ...(adaRun[0] as unknown as Owned), engineId });
    expect((await claimAll(store, engineId)).map(({ runId }) => runId)).toEqual([waits]);
  },
  'a run that moves to another key leaves its place to the next': async ({ store }) => {
    const engineId = await boot(store);
    await startSome(store, 1, { limits: ada });
    const first = await claimOne(store, engineId);
    const bobs = [{ key: 'bob', max: 1 }];
    await startSome(store, 1, { limits: bobs });
    await claimOne(store, engineId);
    // Both are parked on ada; the first needs bob too.
    const [mover] = await startSome(store, 1, { limits: [...ada, ...bobs] });
    const [next] = await startSome(store, 1, { limits: ada });
    expect(await claimAll(store, engineId)).toEqual([]);
    await close(store, first);
    expect((await claimAll(store, engineId)).map(({ runId }) => runId)).toEqual([next]);
    expect(await store.limitsOf(mover as string)).toMatchObject({ parkedOn: 'bob' });
  },
  'a key that has room for runs that nobody here can execute is no obstacle for others': async ({
    store,
  }) => {
    const engineId = await boot(store);
    await startSome(store, 1, { limits: ada });
    const run = await claimOne(store, engineId);
    await startSome(store, 3, { limits: ada, workflow: 'unknown' });
    const [mine] = await startSome(store, 1, { limits: ada });
    const workflows = [
      { workflow: 'order', version: '1' },
      { workflow: 'unknown', version: '1' },
    ];
    expect(await claim(store, engineId, { workflows })).toMatchObject({ length: 0 });
    await close(store, run);
    expect((await claimAll(store, engineId)).map(({ runId }) => runId)).toEqual([mine]);
  },
  'a queue and a key hold together, and a key waits for its queue': async ({ store }) => {
    const engineId = await boot(store);
    await startSome(store, 1, { limits: ada });
    const first = await claimOne(store, engineId);
    const [parked] = await startSome(store, 1, { limits: ada });
    expect(await claimAll(store, engineId)).toEqual([]);
    await store.setLimit({ ...QUEUE, paused: true });
    await close(store, first);
    expect(await claimAll(store, engineId)).toEqual([]);
    await store.setLimit({ ...QUEUE, paused: false });
    expect((await claimAll(store, engineId)).map(({ runId }) => runId)).toEqual([parked]);
  },
  'the latest start says how many a key allows, unless somebody has set it': async ({ store }) => {
    const engineId = await boot(store);
    const runIds = await startSome(store, 6, { limits: ada });
    expect(await claimAll(store, engineId)).toHaveLength(1);
    runIds.push(await startQueued(store, { limits: [{ key: 'ada', max: 3 }] }));
    expect((await claimAll(store, engineId)).map(({ runId }) => runId)).toEqual(runIds.slice(1, 3));
    await store.setLimit({ ...KEY, maxConcurrent: 5 });
    expect(await claimAll(store, engineId)).toHaveLength(2);
    await startSome(store, 1, { limits: [{ key: 'ada', max: 9 }] });
    expect(await claimAll(store, engineId)).toEqual([]);
    expect(await store.readLimits('default')).toMatchObject([{ max: 5, askedMax: 9, inUse: 5 }]);
    await store.setLimit({ ...KEY, maxConcurrent: null });
    expect(await claimAll(store, engineId)).toHaveLength(3);
    expect(await store.readLimits('default')).toEqual([]);
  },
  'a key may have a rate and be paused': async ({ store, clock }) => {
    const engineId = await boot(store);
    await store.setLimit({ ...KEY, ratePerSecond: 1, paused: true });
    const runIds = await startSome(store, 3, { limits: [{ key: 'ada', max: 9 }] });
    expect(await claimAll(store, engineId)).toEqual([]);
    await store.setLimit({ ...KEY, paused: false });
    expect((await claimAll(store, engineId)).map(({ runId }) => runId)).toEqual(runIds.slice(0, 1));
    expect((await claim(store, engineId)).askAgainMs).toBe(1_000);
    clock.advance(1_000);
    expect((await claimAll(store, engineId)).map(({ runId }) => runId)).toEqual(runIds.slice(1, 2));
  },
  'a successor and a retried run have the keys of before': async ({ store }) => {
    const engineId = await boot(store);
    await startSome(store, 1, { limits: ada });
    const run = await claimOne(store, engineId);
    const successor = startOf({ owner: engineId });
    const plan = planOf(run, closing(run, 'continued', successor.runId), { starts: [successor] });
    expect(await commitOne(store, plan)).toMatchObject({ starts: [{ owned: false }] });
    const next = await claimOne(store, engineId);
    expect(await store.limitsOf(next.runId)).toMatchObject({ keys: ['ada'], granted: true });
    const { version, events: seq } = await advance(store, next, closing(next, 'failed'));
    const [other] = await startSome(store, 1, { limits: ada });
    expect(await claimedIds(store, engineId)).toEqual([other]);
    const again = { runId: next.runId, version, from: 'failed', seq, count: 1, history: bytes('x') } as const;
    await store.reopen({ ...again, commitId: newCommitId() });
    expect(await claimAll(store, engineId)).toEqual([]);
    expect(await store.limitsOf(next.runId)).toMatchObject({ parkedOn: 'ada' });
  },
  'a beat tells of runs that are parked on a key with room': async ({ store }) => {
    const engineId = await boot(store);
    const scope = { workflows: [ORDER] };
    await startSome(store, 2, { limits: ada });
    const run = await claimOne(store, engineId);
    await claimAll(store, engineId);
    expect(await store.beat(engineId, bytes('load'), scope)).toMatchObject({ work: { claimable: false } });
    await close(store, run);
    expect(await store.beat(engineId, bytes('load'), scope)).toMatchObject({ work: { claimable: true } });
  },
  'keys that no run has are pruned': async ({ store }) => {
    const engineId = await boot(store);
    await startSome(store, 1, { limits: ada });
    const run = await claimOne(store, engineId);
    const prune = { limit: 10, enginesMs: 1_000, failoversMs: 1_000 };
    await store.prune(prune);
    expect(await store.limitsOf(run.runId)).toMatchObject({ limits: [{ name: 'ada', inUse: 1 }] });
    await close(store, run);
    await store.prune(prune);
    // Without a limit in the store a start is owned at once again.
    expect(await startOne(store, { owner: engineId })).toMatchObject({ owned: true });
  },
};
