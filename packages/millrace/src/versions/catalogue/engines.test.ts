import { expect, it } from 'vitest';
import { decodeProfile, encodeProfile } from '../../core/cluster/profile.ts';
import type { EngineRow, Store } from '../../store/port/store.ts';
import { createEngineLook } from './engines.ts';

const NOTHING = { namespace: 'default', versions: [] };

/** Engines of the namespace, by name. */
function rowOf(engineId: string): EngineRow {
  const profile = encodeProfile(decodeProfile(new TextEncoder().encode('{}')));
  return { engineId, name: engineId, profile, load: new Uint8Array() } as EngineRow;
}

it('engines are asked for once a second, and known between', async () => {
  let now = 0;
  let there = ['one'];
  let asked = 0;
  const store = {
    listEngines: async () => (asked++, { engines: there.map(rowOf), storeTime: 0, leader: undefined }),
  } as unknown as Store;
  const clock = { mono: () => now, wall: () => now };
  const look = createEngineLook(store, { stored: () => NOTHING }, { clock });
  const names = (views: Awaited<ReturnType<typeof look.read>> | undefined) =>
    views?.map(({ engineId }) => engineId);

  expect(look.known()).toBeUndefined();
  const reading = look.read();
  expect(look.known(), 'the answer is on its way').toBeUndefined();
  const first = await reading;
  expect(look.known()).toBe(first);
  there = ['one', 'two'];
  now = 999;
  expect(await look.read()).toBe(first);
  now = 1_000;
  expect(look.known()).toBeUndefined();
  expect(names(await look.read())).toEqual(['one', 'two']);
  expect(names(look.known())).toEqual(['one', 'two']);
  expect(asked).toBe(2);
});

it('engines are asked for again after a failure', async () => {
  let fails = true;
  const store = {
    listEngines: async () => {
      if (fails) throw new Error('away');
      return { engines: [rowOf('one')], storeTime: 0, leader: undefined };
    },
  } as unknown as Store;
  const look = createEngineLook(
    store,
    { stored: () => NOTHING },
    { clock: { mono: () => 0, wall: () => 0 } },
  );
  await expect(look.read()).rejects.toThrow('away');
  expect(look.known()).toBeUndefined();
  fails = false;
  expect(await look.read()).toHaveLength(1);
});
