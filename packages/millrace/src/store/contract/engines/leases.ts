import { expect } from 'vitest';
import { boot, bytes, newId } from '../samples.ts';
import type { Promises } from '../subject.ts';

const LEAVE = { limit: 100, deathLimit: 3, harmless: true } as const;

export const leasePromises: Promises = {
  'nobody leads at first, and who asks first does': async ({ store, second, clock }) => {
    const [first, other] = [await boot(store), await boot(store)];
    expect((await store.beat(first, bytes(''))).leader).toBeUndefined();
    const leader = { engineId: first, term: 1, since: clock.now() };
    expect(await store.lead(first)).toEqual(leader);
    clock.advance(10);
    expect(await second.lead(other), 'the lease is taken').toEqual(leader);
    expect(await store.lead(first), 'asking again changes nothing').toEqual(leader);
    expect((await second.beat(other, bytes(''))).leader).toEqual(leader);
    expect((await second.listEngines()).leader).toEqual(leader);
  },
  'the lease of a retired leader is taken with a higher term (K1)': async ({ store, second, clock }) => {
    const [first, other] = [await boot(store), await boot(store)];
    await store.lead(first);
    await store.retire(first, undefined, LEAVE);
    expect((await second.beat(other, bytes(''))).leader, 'as stored').toMatchObject({ engineId: first });
    clock.advance(5);
    expect(await second.lead(other)).toEqual({ engineId: other, term: 2, since: clock.now() });
  },
  'the lease of a leader that was pruned is taken with a higher term (K1)': async ({ store, clock }) => {
    const [first, other] = [await boot(store), await boot(store)];
    await store.lead(first);
    await store.retire(first, undefined, LEAVE);
    clock.advance(1_001);
    expect(await store.prune({ limit: 9, enginesMs: 1_000, failoversMs: 1_000 })).toMatchObject({
      engines: 1,
    });
    expect(await store.lead(other)).toMatchObject({ engineId: other, term: 2 });
  },
  'a retired engine cannot lead (I9)': async ({ store }) => {
    const [retired, other] = [await boot(store), await boot(store)];
    await store.retire(retired, undefined, LEAVE);
    expect(await store.lead(retired)).toBeUndefined();
    expect(await store.lead(newId()), 'nor one that nobody knows').toBeUndefined();
    expect(await store.lead(other)).toMatchObject({ engineId: other, term: 1 });
    expect(await store.lead(retired)).toMatchObject({ engineId: other, term: 1 });
  },
  'of many who ask at once one leads, in one term (K1)': async ({ store, second }) => {
    for (let term = 1; term <= 5; term += 1) {
      const engines = await Promise.all(Array.from({ length: 8 }, () => boot(store)));
      const leases = await Promise.all(engines.map((id, at) => (at % 2 ? store : second).lead(id)));
      expect(new Set(leases.map((lease) => `${lease?.term} ${lease?.engineId}`)).size).toBe(1);
      expect(leases[0]?.term).toBe(term);
      expect(engines).toContain(leases[0]?.engineId);
      await store.retire(leases[0]?.engineId ?? '', undefined, LEAVE);
    }
  },
  'an engine is told to leave, and only one that is there': async ({ store, second }) => {
    const [told, other] = [await boot(store), await boot(store)];
    expect(await second.orderDrain(told)).toBe(true);
    expect(await second.orderDrain(told), 'again').toBe(true);
    const { engines } = await store.beat(told, bytes(''));
    expect(engines.map(({ engineId, drain }) => [engineId, drain])).toEqual([
      [told, true],
      [other, false],
    ]);
    await store.retire(told, undefined, LEAVE);
    expect(await store.orderDrain(told)).toBe(false);
    expect(await store.orderDrain(newId())).toBe(false);
  },
};
