import { expect } from 'vitest';
import { DEFINITIONS_SETTING, MAX_DEFINITION_BYTES, MAX_ROUTE_BYTES } from '../../port/definitions.ts';
import { boot, bytes } from '../samples.ts';
import type { Promises } from '../subject.ts';
import { definitionOf, draftOf, FLOW, readOne, revisionOf } from './samples.ts';

const REFUSED = { name: 'StoreError', failure: 'definite', retryable: false };

export const definitionPromises: Promises = {
  'a definition is read by all, byte for byte, with who stored it and when': async ({
    store,
    second,
    clock,
  }) => {
    const body = Uint8Array.from({ length: 700 }, (_, at) => at % 256);
    const request = definitionOf('', { body, by: 'ada' });
    expect(await store.putDefinition(request)).toEqual({ outcome: 'stored', routed: false });
    const { hash } = request;
    const row = { ...FLOW, hash, bytes: 700, draft: false, storedAt: clock.now(), storedBy: 'ada' };
    expect(await readOne(second)).toEqual({ ...row, body });
    expect(await second.listDefinitions('default')).toEqual({ revision: 1, definitions: [row], routes: [] });
  },
  'definitions are read in the order of the references, and missing ones are undefined': async ({
    store,
  }) => {
    await store.putDefinition(definitionOf('a'));
    await store.putDefinition(definitionOf('b', { version: '2' }));
    await store.putDefinition(definitionOf('c', { namespace: 'tenant' }));
    const refs = [
      { ...FLOW, version: '2' },
      { ...FLOW, name: 'none' },
      FLOW,
      { ...FLOW, namespace: 'tenant' },
      FLOW,
    ];
    const found = await store.readDefinitions(refs);
    expect(found.map((row) => row && new TextDecoder().decode(row.body))).toEqual([
      'b',
      undefined,
      'a',
      'c',
      'a',
    ]);
    expect(await store.readDefinitions([])).toEqual([]);
  },
  'a list has what its namespace has, by name and instant, without bodies': async ({ store, clock }) => {
    expect(await store.listDefinitions('default')).toEqual({ revision: 0, definitions: [], routes: [] });
    for (const [name, version] of [
      ['zebra', '1'],
      ['flow', '9'],
      ['flow', '10'],
      ['Alpha', '1'],
    ] as const) {
      await store.putDefinition(definitionOf(version, { name, version, firstRoute: bytes(name) }));
      clock.advance(1);
    }
    await store.putDefinition(definitionOf('x', { namespace: 'tenant', firstRoute: bytes('y') }));
    const { definitions, routes } = await store.listDefinitions('default');
    expect(definitions.map(({ name, version }) => `${name}@${version}`)).toEqual([
      'Alpha@1',
      'flow@9',
      'flow@10',
      'zebra@1',
    ]);
    expect(routes.map(({ name }) => name)).toEqual(['Alpha', 'flow', 'zebra']);
    expect(definitions[0]).not.toHaveProperty('body');
  },
  'the same content again changes nothing (D1)': async ({ store, second, clock }) => {
    await store.putDefinition(definitionOf('a', { by: 'ada' }));
    const [before, revision] = [await readOne(store), await revisionOf(store)];
    clock.advance(5);
    for (const again of [definitionOf('a', { by: 'bob' }), draftOf('a', { by: 'bob' })])
      expect(await second.putDefinition(again)).toEqual({ outcome: 'same', routed: false });
    expect(await readOne(store)).toEqual(before);
    expect(await revisionOf(store)).toBe(revision);
  },
  'other content for a version that was deployed is refused, with what is there (D1)': async ({ store }) => {
    const deployed = definitionOf('a');
    await store.putDefinition(deployed);
    const { hash, body } = deployed;
    for (const other of [definitionOf('b', { firstRoute: bytes('r') }), draftOf('b')]) {
      const exists = { outcome: 'exists', hash, body, draft: false, openRuns: 0 };
      expect(await store.putDefinition(other)).toEqual(exists);
    }
    expect(await readOne(store)).toMatchObject({ hash });
    expect((await store.listDefinitions('default')).routes, 'nothing of what is refused').toEqual([]);
    expect(await revisionOf(store)).toBe(1);
  },
  'the first route of a name comes with its definition, and later ones change nothing (D2)': async ({
    store,
    clock,
  }) => {
    const first = definitionOf('a', { firstRoute: bytes('1') });
    expect(await store.putDefinition(first)).toEqual({ outcome: 'stored', routed: true });
    const route = { namespace: 'default', name: 'flow', value: bytes('1'), changedAt: clock.now() };
    clock.advance(5);
    const next = definitionOf('b', { version: '2', firstRoute: bytes('2') });
    expect(await store.putDefinition(next)).toEqual({ outcome: 'stored', routed: false });
    expect(await store.putDefinition(first), 'sent again').toEqual({ outcome: 'same', routed: true });
    expect((await store.listDefinitions('default')).routes).toEqual([{ ...route, revision: 1 }]);
  },
  'a definition that is there can still get the first route (D2)': async ({ store }) => {
    await store.putDefinition(draftOf('a'));
    const again = draftOf('a', { firstRoute: bytes('1') });
    expect(await store.putDefinition(again)).toEqual({ outcome: 'same', routed: true });
    const { routes, revision } = await store.listDefinitions('default');
    expect(routes).toMatchObject([{ name: 'flow', value: bytes('1'), revision: 2 }]);
    expect(revision).toBe(2);
  },
  'every change gives the settings a new revision, and nothing else of them changes (D4)': async ({
    store,
    second,
  }) => {
    const engineId = await boot(second);
    await store.putSetting('placement', bytes('a'));
    await store.putDefinition(definitionOf('a', { firstRoute: bytes('1') }));
    expect((await second.beat(engineId, bytes(''))).settings).toBe(2);
    await store.putDefinition(definitionOf('b', { version: '2' }));
    await store.putRoute({ ...FLOW, value: bytes('2'), expectRevision: 2 });
    expect((await second.beat(engineId, bytes(''))).settings).toBe(4);
    const { revision, settings } = await second.readSettings();
    expect(revision).toBe(4);
    expect(settings).toMatchObject([
      { name: DEFINITIONS_SETTING, value: bytes(''), revision: 4 },
      { name: 'placement', value: bytes('a'), revision: 1 },
    ]);
    expect((await second.listDefinitions('default')).revision).toBe(4);
    await store.putSetting('placement', bytes('b'), 1);
    expect((await store.listDefinitions('default')).revision).toBe(5);
  },
  'what is too long, has no hash or no name that can be kept is refused': async ({ store }) => {
    const long = { body: new Uint8Array(MAX_DEFINITION_BYTES + 1) };
    const firstRoute = new Uint8Array(MAX_ROUTE_BYTES + 1);
    const unfit = ['a\0b', '\ud800'].flatMap((text) => [
      { namespace: text },
      { name: text },
      { version: text },
      { by: text },
    ]);
    for (const wrong of [long, { firstRoute }, { hash: 'abc' }, { version: '1+gpu' }, ...unfit])
      await expect(store.putDefinition(definitionOf('a', wrong))).rejects.toMatchObject(REFUSED);
    await expect(store.readDefinitions([{ ...FLOW, name: 'a\0' }])).rejects.toMatchObject(REFUSED);
    await expect(store.listDefinitions('a\0')).rejects.toMatchObject(REFUSED);
    await expect(store.countVersions({ namespace: 'a\0' })).rejects.toMatchObject(REFUSED);
    await expect(store.countVersions({ namespace: 'a', workflow: '\ud800' })).rejects.toMatchObject(REFUSED);
    expect(await store.listDefinitions('default')).toEqual({ revision: 0, definitions: [], routes: [] });
  },
  'a definition and a route of the greatest size come back whole': async ({ store }) => {
    const body = Uint8Array.from({ length: MAX_DEFINITION_BYTES }, (_, at) => (at * 31) % 251);
    const firstRoute = new Uint8Array(MAX_ROUTE_BYTES).fill(7);
    await store.putDefinition(definitionOf('', { body, firstRoute }));
    const found = await readOne(store);
    expect(found?.bytes).toBe(MAX_DEFINITION_BYTES);
    expect(Buffer.compare(found?.body ?? new Uint8Array(0), body)).toBe(0);
    expect((await store.listDefinitions('default')).routes[0]?.value).toEqual(firstRoute);
  },
};
