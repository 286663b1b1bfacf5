import { expect } from 'vitest';
import { MAX_FAILOVER_RUNS } from '../../port/cluster.ts';
import type { RetireOptions, Store } from '../../port/store.ts';
import { boot, bytes, newId, startOf, startOwned } from '../samples.ts';
import type { Promises } from '../subject.ts';

const DEATH: RetireOptions = { limit: 100, deathLimit: 3, harmless: false };
const DAY_MS = 86_400_000;

export const failoverPromises: Promises = {
  'a take-over is recorded with who, whom, when and what (K3)': async ({ store, second, clock }) => {
    const [dead, taker] = [await boot(store, 'alpha'), await boot(second, 'beta')];
    const runs = [await startOwned(store, dead), await startOwned(store, dead)];
    clock.advance(7);
    await second.retire(dead, 0, { ...DEATH, by: taker, silentMs: 1234.6 });
    expect(await store.listFailovers({ limit: 9 })).toEqual([
      {
        eventId: dead,
        kind: 'detected',
        engineName: 'alpha',
        profile: bytes('profile'),
        takeoverProfile: bytes('profile'),
        takeoverId: taker,
        takeoverName: 'beta',
        detectedAt: clock.now(),
        finishedAt: clock.now(),
        silentMs: 1235,
        runs: 2,
        runIds: runs.map(({ runId }) => runId),
        quarantined: [],
        locks: [],
      },
    ]);
  },
  'an operator who declares an engine dead is recorded too': async ({ store }) => {
    const dead = await boot(store);
    await store.retire(dead, undefined, { ...DEATH, harmless: true });
    expect(await store.listFailovers({ limit: 9 })).toMatchObject([
      {
        eventId: dead,
        kind: 'declared',
        takeoverId: undefined,
        takeoverName: undefined,
        silentMs: undefined,
        runs: 0,
      },
    ]);
  },
  'an engine that leaves by itself is no failover, whoever ends it': async ({ store, second }) => {
    const leaving = await boot(store);
    await startOwned(store, leaving);
    await store.retire(leaving, undefined, { ...DEATH, limit: 0, harmless: true, by: leaving });
    await second.retire(leaving, 0, { ...DEATH, by: await boot(second) });
    expect(await store.listFailovers({ limit: 9 })).toEqual([]);
  },
  'the chunks of one take-over are one failover, finished with the last (K3)': async ({
    store,
    second,
    clock,
  }) => {
    const [dead, first, other] = [await boot(store), await boot(store, 'one'), await boot(store, 'two')];
    const runs = [];
    for (let made = 0; made < 5; made += 1) runs.push((await startOwned(store, dead)).runId);
    await store.retire(dead, 0, { ...DEATH, limit: 2, by: first });
    const detectedAt = clock.now();
    expect(await store.listFailovers({ limit: 9 })).toMatchObject([{ runs: 2, finishedAt: undefined }]);
    clock.advance(10);
    await second.retire(dead, 0, { ...DEATH, limit: 2, by: other });
    clock.advance(10);
    await second.retire(dead, 0, { ...DEATH, limit: 2, by: other });
    const finished = { takeoverName: 'one', detectedAt, finishedAt: clock.now(), runs: 5, runIds: runs };
    expect(await store.listFailovers({ limit: 9 })).toMatchObject([finished]);
    clock.advance(10);
    await second.retire(dead, 0, { ...DEATH, by: other });
    expect(await store.listFailovers({ limit: 9 }), 'nothing is added to what is finished').toMatchObject([
      finished,
    ]);
  },
  'of two who take over at once one is recorded': async ({ store, second }) => {
    const [dead, one, two] = [await boot(store), await boot(store), await boot(store)];
    await startOwned(store, dead);
    await Promise.all([
      store.retire(dead, 0, { ...DEATH, by: one }),
      second.retire(dead, 0, { ...DEATH, by: two }),
    ]);
    const [event, ...others] = await store.listFailovers({ limit: 9 });
    expect(others).toEqual([]);
    expect(event).toMatchObject({ runs: 1, finishedAt: expect.any(Number) as number });
  },
  'a beat that moved on is no failover': async ({ store }) => {
    const [alive, by] = [await boot(store), await boot(store)];
    await store.beat(alive, bytes(''));
    await store.retire(alive, 0, { ...DEATH, by });
    expect(await store.listFailovers({ limit: 9 })).toEqual([]);
  },
  'runs that are quarantined are named': async ({ store }) => {
    const [dead, by] = [await boot(store), await boot(store)];
    const { runId } = await startOwned(store, dead);
    await store.retire(dead, 0, { ...DEATH, deathLimit: 0, by });
    expect(await store.listFailovers({ limit: 9 })).toMatchObject([{ quarantined: [runId], runs: 0 }]);
  },
  'so many runs are counted, and only the first are named': async ({ store }) => {
    const dead = await boot(store);
    const size = MAX_FAILOVER_RUNS + 20;
    await store.startRuns(Array.from({ length: size }, () => startOf({ owner: dead, queue: newId() })));
    const how = { ...DEATH, limit: 700, by: await boot(store) };
    while ((await store.retire(dead, 0, how)).remaining);
    const [event] = await store.listFailovers({ limit: 9 });
    expect(event?.runs).toBe(size);
    expect(new Set(event?.runIds).size).toBe(MAX_FAILOVER_RUNS);
  },
  'failovers are listed newest first, page by page': async ({ store, clock }) => {
    const ids = await fail(store, 2);
    clock.advance(5);
    ids.push(...(await fail(store, 3)));
    const newest = ids.toReversed();
    const eventsOf = async (limit: number, before?: string): Promise<string[]> =>
      (await store.listFailovers({ limit, before })).map(({ eventId }) => eventId);
    expect(await eventsOf(9)).toEqual(newest);
    expect(await eventsOf(2)).toEqual(newest.slice(0, 2));
    expect(await eventsOf(2, newest[1])).toEqual(newest.slice(2, 4));
    expect(await eventsOf(9, newest[4])).toEqual([]);
  },
  'engines that were retired of late are listed when asked for': async ({ store, second, clock }) => {
    const old = await boot(store);
    await store.retire(old, undefined, DEATH);
    clock.advance(1_000);
    const [late, alive] = [await boot(store), await boot(store)];
    await store.retire(late, undefined, DEATH);
    const retiredAt = clock.now();
    clock.advance(999);
    const listed = async (filter?: { retiredMs: number }) =>
      (await second.listEngines(filter)).engines.map(({ engineId }) => engineId);
    expect(await listed({ retiredMs: 1_000 })).toEqual([late, alive]);
    expect(await listed({ retiredMs: 5_000 })).toEqual([old, late, alive]);
    expect(await listed()).toEqual([alive]);
    const { engines } = await second.listEngines({ retiredMs: 1_000 });
    expect(engines[0]).toMatchObject({ retired: true, retiredAt });
  },
  'old engines and failovers are pruned, in portions': async ({ store, clock }) => {
    const failed = await fail(store, 3);
    const request = { limit: 2, enginesMs: DAY_MS, failoversMs: 2 * DAY_MS };
    clock.advance(DAY_MS);
    expect(await store.prune(request), 'not yet').toEqual({ engines: 0, failovers: 0 });
    clock.advance(1);
    const alive = await boot(store);
    expect(await store.prune(request)).toEqual({ engines: 2, failovers: 0 });
    expect(await store.prune(request)).toEqual({ engines: 1, failovers: 0 });
    expect(
      (await store.listEngines({ retiredMs: 9 * DAY_MS })).engines.map(({ engineId }) => engineId),
    ).toEqual([alive]);
    expect((await store.listFailovers({ limit: 9 })).map(({ eventId }) => eventId)).toEqual(
      failed.toReversed(),
    );
    clock.advance(DAY_MS);
    expect(await store.prune({ ...request, limit: 9 })).toEqual({ engines: 0, failovers: 3 });
    expect((await store.beat(failed[0] ?? '', bytes(''))).alive, 'one that is pruned stays dead').toBe(false);
    expect((await store.beat(alive, bytes(''))).alive).toBe(true);
  },
  'a retired engine that still owns runs is not pruned': async ({ store, clock }) => {
    const dead = await boot(store);
    await startOwned(store, dead);
    await store.retire(dead, undefined, { ...DEATH, limit: 0 });
    clock.advance(DAY_MS);
    const request = { limit: 9, enginesMs: 1, failoversMs: 2 * DAY_MS };
    expect(await store.prune(request)).toMatchObject({ engines: 0 });
    await store.retire(dead, undefined, DEATH);
    expect(await store.prune(request)).toMatchObject({ engines: 1 });
  },
};

async function fail(store: Store, count: number): Promise<string[]> {
  const ids: string[] = [];
  for (let made = 0; made < count; made += 1) {
    const engineId = await boot(store);
    await store.retire(engineId, undefined, DEATH);
    ids.push(engineId);
  }
  return ids;
}
