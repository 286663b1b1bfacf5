import { expect } from 'vitest';
import { boot, claim, claimedIds } from '../samples.ts';
import type { Promises } from '../subject.ts';
import { QUEUE, startSome } from './limit.ts';

export const ratePromises: Promises = {
  'a rate grants what a second brings, then one at a time, and says when to ask again': async ({
    store,
    clock,
  }) => {
    const engineId = await boot(store);
    await store.setLimit({ ...QUEUE, ratePerSecond: 4 });
    const runIds = await startSome(store, 10);
    const first = await claim(store, engineId);
    expect(first.map(({ runId }) => runId)).toEqual(runIds.slice(0, 4));
    expect(first.askAgainMs).toBe(250);
    expect((await claim(store, engineId)).askAgainMs).toBe(250);
    clock.advance(249);
    const early = await claim(store, engineId);
    expect(early).toHaveLength(0);
    expect(early.askAgainMs).toBeOneOf([1, 2]);
    clock.advance(1);
    expect(await claimedIds(store, engineId)).toEqual([runIds[4]]);
    clock.advance(60_000);
    expect(await claimedIds(store, engineId)).toEqual(runIds.slice(5, 9));
  },
  'a rate below one a second grants one each so many seconds': async ({ store, clock }) => {
    const engineId = await boot(store);
    await store.setLimit({ ...QUEUE, ratePerSecond: 0.5 });
    await startSome(store, 3);
    const first = await claim(store, engineId);
    expect(first).toMatchObject({ length: 1, askAgainMs: 2_000 });
    clock.advance(2_000);
    expect(await claimedIds(store, engineId)).toHaveLength(1);
  },
  'a rate that is changed keeps what had gathered, and one that is new is full': async ({ store, clock }) => {
    const engineId = await boot(store);
    await store.setLimit({ ...QUEUE, ratePerSecond: 2 });
    await startSome(store, 20);
    expect(await claimedIds(store, engineId)).toHaveLength(2);
    await store.setLimit({ ...QUEUE, ratePerSecond: 10 });
    expect(await claimedIds(store, engineId)).toHaveLength(0);
    clock.advance(500);
    expect(await claimedIds(store, engineId)).toHaveLength(5);
    expect(await store.readLimits('default')).toMatchObject([{ tokens: 0, nextTokenAt: clock.now() + 100 }]);
  },
  'what is held back by something else takes nothing of a rate': async ({ store }) => {
    const engineId = await boot(store);
    await store.setLimit({ ...QUEUE, ratePerSecond: 5, maxConcurrent: 1 });
    await startSome(store, 3);
    expect(await claimedIds(store, engineId)).toHaveLength(1);
    expect(await store.readLimits('default')).toMatchObject([{ tokens: 4 }]);
  },
};
