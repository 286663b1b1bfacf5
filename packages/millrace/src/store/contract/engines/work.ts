import { expect } from 'vitest';
import type { Scope, Store, Work } from '../../port/store.ts';
import {
  advance,
  boot,
  bytes,
  claimedIds,
  closing,
  messageTo,
  ORDER,
  startOwned,
  startQueued,
  suspension,
} from '../samples.ts';
import type { Promises } from '../subject.ts';

const HARMFUL = { limit: 100, deathLimit: 3, harmless: false } as const;
const NOTHING: Work = { claimable: false, owns: false, nextWakeAt: undefined };

async function workFor(store: Store, engineId: string, more: Partial<Scope> = {}): Promise<Work | undefined> {
  return (await store.beat(engineId, bytes(''), { workflows: [ORDER], ...more })).work;
}

export const workPromises: Promises = {
  'a beat tells that there is nothing to do': async ({ store }) => {
    const engineId = await boot(store);
    expect(await workFor(store, engineId)).toEqual(NOTHING);
    await startOwned(store, await boot(store));
    expect(await workFor(store, engineId), 'what others own is not its own').toEqual(NOTHING);
  },
  'a beat without a scope tells nothing of work': async ({ store }) => {
    const engineId = await boot(store);
    await startQueued(store);
    expect((await store.beat(engineId, bytes(''))).work).toBeUndefined();
  },
  'a beat tells of queued runs for as long as they are there': async ({ store, second }) => {
    const engineId = await boot(store);
    await startQueued(second);
    expect(await workFor(store, engineId)).toEqual({ ...NOTHING, claimable: true });
    expect(await claimedIds(store, await boot(store))).toHaveLength(1);
    expect(await workFor(store, engineId)).toEqual(NOTHING);
  },
  'a beat tells of no queued runs that the engine cannot execute': async ({ store }) => {
    const engineId = await boot(store);
    await startQueued(store, { queue: 'mail', namespace: 'here' });
    const tells = async (scope: Partial<Scope>) => (await workFor(store, engineId, scope))?.claimable;
    expect(await tells({ namespace: 'here', queues: ['mail'] })).toBe(true);
    expect(await tells({ namespace: 'there' })).toBe(false);
    expect(await tells({ queues: ['default'] })).toBe(false);
    expect(await tells({ workflows: [{ workflow: 'order', version: '2' }] })).toBe(false);
    expect(await tells({ workflows: [] })).toBe(false);
  },
  'a beat tells of suspects that the engine can execute': async ({ store }) => {
    const [engineId, died] = [await boot(store), await boot(store)];
    await startOwned(store, died);
    await store.retire(died, undefined, HARMFUL);
    expect(await workFor(store, engineId)).toEqual({ ...NOTHING, claimable: true });
    expect(await workFor(store, engineId, { queues: ['mail'] })).toEqual(NOTHING);
  },
  'a beat tells of an assigned run whom it is assigned to, and others when its window has passed (I10)':
    async ({ store, clock }) => {
      const [last, other] = [await boot(store), await boot(store)];
      const run = await startOwned(store, last);
      await advance(store, run, suspension(run));
      await store.deliver([{ ...messageTo(run.runId), windowMs: 100 }]);
      expect((await workFor(store, last))?.claimable).toBe(true);
      clock.advance(99);
      expect((await workFor(store, other))?.claimable).toBe(false);
      clock.advance(1);
      expect((await workFor(store, other))?.claimable).toBe(true);
      expect(await claimedIds(store, other)).toEqual([run.runId]);
      expect((await workFor(store, last))?.claimable).toBe(false);
    },
  'a beat tells whether the engine owns runs': async ({ store }) => {
    const engineId = await boot(store);
    const run = await startOwned(store, engineId);
    expect(await workFor(store, engineId)).toEqual({ ...NOTHING, owns: true });
    await advance(store, run, closing(run));
    expect(await workFor(store, engineId)).toEqual(NOTHING);
  },
  'a beat tells when the next run wakes, whoever it is for': async ({ store, clock }) => {
    const [engineId, other] = [await boot(store), await boot(store)];
    const dueAt = clock.now() + 5_000;
    for (const wakeAt of [dueAt + 1, dueAt, undefined]) {
      const run = await startOwned(store, other, { namespace: 'there' });
      await advance(store, run, suspension(run, wakeAt));
    }
    expect(await workFor(store, engineId, { namespace: 'here' })).toEqual({ ...NOTHING, nextWakeAt: dueAt });
    clock.advance(6_000);
    expect((await workFor(store, engineId))?.nextWakeAt, 'past').toBe(dueAt);
  },
};
