import { expect } from 'vitest';
import {
  advance,
  boot,
  bytes,
  closing,
  messageTo,
  newId,
  rowOf,
  startOwned,
  startQueued,
  suspension,
} from '../samples.ts';
import type { Promises } from '../subject.ts';

const HARMLESS = { limit: 100, deathLimit: 3, harmless: true } as const;

export const incarnationPromises: Promises = {
  'a registered engine is seen by all': async ({ store, second, clock }) => {
    const engineId = newId();
    await store.register({ engineId, name: 'alpha', host: 'h', bootId: 'b', pid: 12, profile: bytes('p') });
    const { engines } = await second.beat(await boot(second, 'beta'), bytes(''));
    expect(engines[0]).toMatchObject({
      engineId,
      name: 'alpha',
      host: 'h',
      bootId: 'b',
      pid: 12,
      beatSeq: 0,
      retired: false,
      retiredAt: undefined,
      drain: false,
      session: 'unknown',
      profile: bytes('p'),
      startedAt: clock.now(),
    });
    expect(engines.map((engine) => engine.name)).toEqual(['alpha', 'beta']);
  },
  'an announcement that is sent twice is one engine': async ({ store }) => {
    const engine = { engineId: newId(), name: 'alpha', host: 'h', bootId: 'b', pid: 1, profile: bytes('') };
    await store.register(engine);
    await store.register(engine);
    expect((await store.beat(engine.engineId, bytes(''))).engines).toHaveLength(1);
  },
  'an announcement does not bring a retired incarnation back (I9)': async ({ store }) => {
    const engine = { engineId: newId(), name: 'alpha', host: 'h', bootId: 'b', pid: 1, profile: bytes('') };
    await store.register(engine);
    await store.retire(engine.engineId, undefined, HARMLESS);
    await store.register(engine);
    expect((await store.beat(engine.engineId, bytes(''))).alive).toBe(false);
  },
  'each beat moves the sequence and tells the time': async ({ store, clock }) => {
    const engineId = await boot(store);
    await store.beat(engineId, bytes('a'));
    clock.advance(500);
    const beat = await store.beat(engineId, bytes('load'));
    expect(beat).toMatchObject({ alive: true, storeTime: clock.now() });
    expect(beat.engines).toMatchObject([{ beatSeq: 2, beatAt: clock.now(), load: bytes('load') }]);
  },
  'engines are told in the order of their ids': async ({ store }) => {
    const engineIds = [await boot(store), await boot(store), await boot(store)];
    const { engines } = await store.beat(engineIds[1] ?? '', bytes(''));
    expect(engines.map((engine) => engine.engineId)).toEqual(engineIds);
  },
  'a beat of an engine that is not registered is not alive': async ({ store }) => {
    expect((await store.beat(newId(), bytes(''))).alive).toBe(false);
  },
  'a retired engine is told so by its beat and is seen no more': async ({ store }) => {
    const [engineId, observer] = [await boot(store), await boot(store)];
    await store.retire(engineId, undefined, HARMLESS);
    const beat = await store.beat(engineId, bytes(''));
    expect(beat.alive).toBe(false);
    expect(beat.engines.map((engine) => engine.engineId)).toEqual([observer]);
  },
  'engines are listed without a beat of their own': async ({ store, second, clock }) => {
    const [first, retired, third] = [await boot(store), await boot(store), await boot(store, 'gamma')];
    await store.retire(retired, undefined, HARMLESS);
    const { storeTime, engines } = await second.listEngines();
    expect(storeTime).toBe(clock.now());
    expect(engines.map((engine) => engine.engineId)).toEqual([first, third]);
    expect(engines[1]).toMatchObject({ name: 'gamma', beatSeq: 0, retired: false });
  },
  'an engine is told what it owns, and where that stands': async ({ store }) => {
    const engineId = await boot(store);
    const run = await startOwned(store, engineId);
    const other = await advance(store, await startOwned(store, engineId));
    await startOwned(store, await boot(store));
    const closed = await startOwned(store, engineId);
    await advance(store, closed, closing(closed));
    const waiting = await startOwned(store, engineId);
    await advance(store, waiting, suspension(waiting));
    await store.deliver([messageTo(run.runId)]);
    expect(await store.listOwned(engineId)).toEqual([
      { runId: run.runId, epoch: run.epoch, version: 0, inboxSeq: 1 },
      { runId: other.runId, epoch: other.epoch, version: 1, inboxSeq: 0 },
    ]);
    expect(await store.listOwned(newId())).toEqual([]);
  },
  'an engine whose beat moved on is not retired': async ({ store }) => {
    const engineId = await boot(store);
    const run = await startOwned(store, engineId);
    await store.beat(engineId, bytes(''));
    expect(await store.retire(engineId, 0, HARMLESS)).toMatchObject({
      retired: false,
      requeued: 0,
      remaining: false,
    });
    expect((await store.beat(engineId, bytes(''))).alive).toBe(true);
    expect((await rowOf(store, run.runId)).status).toBe('running');
  },
  'an engine whose beat stands still is retired': async ({ store }) => {
    const engineId = await boot(store);
    await store.beat(engineId, bytes(''));
    expect(await store.retire(engineId, 1, HARMLESS)).toMatchObject({ retired: true });
  },
  'of two observers one retires': async ({ store, second }) => {
    const engineId = await boot(store);
    expect((await store.retire(engineId, 0, HARMLESS)).retired).toBe(true);
    expect((await second.retire(engineId, 0, HARMLESS)).retired).toBe(false);
  },
  'an engine that is not registered cannot be retired': async ({ store }) => {
    expect(await store.retire(newId(), undefined, HARMLESS)).toEqual({
      retired: false,
      requeued: 0,
      quarantined: [],
      remaining: false,
    });
  },
  'retiring requeues what the engine owned, with a new epoch': async ({ store }) => {
    const run = await startOwned(store, await boot(store));
    expect(await store.retire(run.engineId, undefined, HARMLESS)).toEqual({
      retired: true,
      requeued: 1,
      quarantined: [],
      remaining: false,
    });
    expect(await rowOf(store, run.runId)).toMatchObject({
      status: 'queued',
      ownerId: undefined,
      epoch: run.epoch + 1,
      version: run.version,
      engineName: 'alpha',
    });
  },
  'retiring leaves the runs of others alone': async ({ store }) => {
    const run = await startOwned(store, await boot(store));
    const closed = await startOwned(store, await boot(store));
    await advance(store, closed, closing(closed));
    const queued = await startQueued(store);
    await store.retire(await boot(store), undefined, HARMLESS);
    expect(await rowOf(store, run.runId)).toMatchObject({ status: 'running', epoch: run.epoch });
    expect((await rowOf(store, queued)).status).toBe('queued');
  },
  'a requeued run goes before runs that became ready after it': async ({ store, clock }) => {
    const run = await startOwned(store, await boot(store));
    clock.advance(1);
    const later = await startQueued(store);
    await store.retire(run.engineId, undefined, HARMLESS);
    const engineId = await boot(store);
    const workflows = [{ workflow: 'order', version: '1' }];
    const claimed = await store.claimRuns({ engineId, workflows, limit: 9, suspects: false });
    expect(claimed.map((one) => one.runId)).toEqual([run.runId, later]);
  },
  'retiring works in chunks until nothing remains': async ({ store }) => {
    const engineId = await boot(store);
    for (let made = 0; made < 5; made += 1) await startOwned(store, engineId);
    const options = { ...HARMLESS, limit: 2 };
    expect(await store.retire(engineId, undefined, options)).toMatchObject({
      retired: true,
      requeued: 2,
      remaining: true,
    });
    expect(await store.retire(engineId, undefined, options)).toMatchObject({
      retired: false,
      requeued: 2,
      remaining: true,
    });
    expect(await store.retire(engineId, undefined, options)).toMatchObject({ requeued: 1, remaining: false });
    expect(await store.retire(engineId, undefined, options)).toMatchObject({ requeued: 0, remaining: false });
  },
  'a retired engine cannot release its runs (I9)': async ({ store }) => {
    const run = await startOwned(store, await boot(store));
    await store.retire(run.engineId, undefined, { ...HARMLESS, limit: 0 });
    expect(await store.release([run])).toBe(0);
    expect(await rowOf(store, run.runId)).toMatchObject({ status: 'running', epoch: run.epoch });
  },
  'anybody can go on requeuing for an engine that is retired': async ({ store, second }) => {
    const run = await startOwned(store, await boot(store));
    await store.retire(run.engineId, undefined, { ...HARMLESS, limit: 0 });
    expect((await rowOf(store, run.runId)).status).toBe('running');
    expect(await second.retire(run.engineId, 99, HARMLESS)).toMatchObject({ retired: false, requeued: 1 });
    expect((await rowOf(store, run.runId)).status).toBe('queued');
  },
  'a retired engine is seen while it still owns runs, so that somebody goes on': async ({
    store,
    second,
  }) => {
    const run = await startOwned(store, await boot(store));
    const observer = await boot(store);
    await store.retire(run.engineId, undefined, { ...HARMLESS, limit: 0 });
    const seen = (await second.beat(observer, bytes(''))).engines.map(({ engineId, retired }) => ({
      engineId,
      retired,
    }));
    expect(seen).toEqual([
      { engineId: run.engineId, retired: true },
      { engineId: observer, retired: false },
    ]);
    await second.retire(run.engineId, undefined, HARMLESS);
    expect((await store.beat(observer, bytes(''))).engines).toHaveLength(1);
  },
};
