import { expect } from 'vitest';
import { MAX_SETTING_BYTES } from '../../port/cluster.ts';
import { boot, bytes } from '../samples.ts';
import type { Promises } from '../subject.ts';

const REFUSED = { name: 'StoreError', failure: 'definite' };

export const settingPromises: Promises = {
  'nothing is set at first': async ({ store }) => {
    expect(await store.readSettings()).toEqual({ revision: 0, settings: [] });
    expect((await store.beat(await boot(store), bytes(''))).settings).toBe(0);
  },
  'a setting is read by all, and each change has a revision of its own (K2)': async ({
    store,
    second,
    clock,
  }) => {
    const engineId = await boot(second);
    expect(await store.putSetting('placement', bytes('a'))).toBe('ok');
    const changedAt = clock.now();
    clock.advance(5);
    expect(await second.putSetting('limits', bytes('b'))).toBe('ok');
    expect(await second.readSettings()).toEqual({
      revision: 2,
      settings: [
        { name: 'limits', value: bytes('b'), revision: 2, changedAt: clock.now() },
        { name: 'placement', value: bytes('a'), revision: 1, changedAt },
      ],
    });
    expect((await second.beat(engineId, bytes(''))).settings).toBe(2);
  },
  'a deleted setting keeps its place, so that revisions only grow (K2)': async ({ store }) => {
    await store.putSetting('a', bytes('1'));
    await store.putSetting('b', bytes('2'));
    await store.putSetting('b', undefined);
    const { revision, settings } = await store.readSettings();
    expect(revision).toBe(3);
    expect(settings[1]).toMatchObject({ name: 'b', value: undefined, revision: 3 });
    await store.putSetting('b', bytes(''));
    expect((await store.readSettings()).settings[1]).toMatchObject({ value: bytes(''), revision: 4 });
  },
  'a change that expects another revision is refused': async ({ store }) => {
    expect(await store.putSetting('a', bytes('1'), 1)).toBe('conflict');
    expect(await store.putSetting('a', bytes('1'), 0)).toBe('ok');
    expect(await store.putSetting('a', bytes('2'), 0)).toBe('conflict');
    await store.putSetting('b', bytes('x'));
    expect(await store.putSetting('a', bytes('2'), 2), 'the revision of another').toBe('conflict');
    expect(await store.putSetting('a', bytes('2'), 1)).toBe('ok');
    expect((await store.readSettings()).revision).toBe(3);
  },
  'changes at once have different revisions, and of those that expect the same one is made (K2)': async ({
    store,
    second,
  }) => {
    const names = Array.from({ length: 8 }, (_, at) => `name-${at}`);
    await Promise.all(names.map((name, at) => (at % 2 ? store : second).putSetting(name, bytes(name))));
    const { settings, revision } = await store.readSettings();
    expect(settings.map((setting) => setting.revision).toSorted((a, b) => a - b)).toEqual([
      1, 2, 3, 4, 5, 6, 7, 8,
    ]);
    const outcomes = await Promise.all(
      names.map((name, at) => (at % 2 ? store : second).putSetting('one', bytes(name), 0)),
    );
    expect(outcomes.filter((outcome) => outcome === 'ok')).toHaveLength(1);
    expect((await store.readSettings()).revision).toBe(revision + 1);
  },
  'a name that is none and a value that is too long are refused': async ({ store }) => {
    for (const name of ['', 'Upper', '1st', 'a b', 'a\0', `a${'b'.repeat(64)}`])
      await expect(store.putSetting(name, bytes(''))).rejects.toMatchObject(REFUSED);
    const most = new Uint8Array(MAX_SETTING_BYTES).fill(7);
    await expect(store.putSetting('a', new Uint8Array(MAX_SETTING_BYTES + 1))).rejects.toMatchObject(REFUSED);
    expect(await store.putSetting('a', most)).toBe('ok');
    expect((await store.readSettings()).settings[0]?.value).toEqual(most);
  },
};
