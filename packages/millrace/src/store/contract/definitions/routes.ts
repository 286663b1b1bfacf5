import { expect } from 'vitest';
import { MAX_ROUTE_BYTES, type RouteRequest } from '../../port/definitions.ts';
import type { Store } from '../../port/store.ts';
import { bytes } from '../samples.ts';
import type { Promises } from '../subject.ts';
import { definitionOf, FLOW, revisionOf } from './samples.ts';

const REFUSED = { name: 'StoreError', failure: 'definite', retryable: false };

export const routePromises: Promises = {
  'a route is set by who has seen its present revision (D3)': async ({ store, second, clock }) => {
    expect(await store.putRoute(route('1', 3)), 'there is none yet').toBe('conflict');
    expect(await store.putRoute(route('1', 0))).toBe('ok');
    clock.advance(5);
    const revision = await revisionOfRoute(second);
    expect(await second.putRoute(route('2', revision))).toBe('ok');
    expect(await store.putRoute(route('3', revision)), 'out of date').toBe('conflict');
    expect(await store.putRoute(route('3', 0)), 'never seen').toBe('conflict');
    const { routes } = await store.listDefinitions('default');
    const row = { namespace: 'default', name: 'flow', value: bytes('2'), changedAt: clock.now() };
    expect(routes).toEqual([{ ...row, revision: 2 }]);
    expect(await revisionOf(store)).toBe(2);
  },
  'a change of a route sent twice is made once (D3)': async ({ store }) => {
    await store.putRoute(route('1', 0));
    expect(await store.putRoute(route('1', 0))).toBe('ok');
    const seen = await revisionOfRoute(store);
    await store.putRoute(route('2', seen));
    expect(await store.putRoute(route('2', seen))).toBe('ok');
    expect(await revisionOf(store), 'two changes').toBe(2);
    expect(await store.putRoute(route('1', 0)), 'others have gone on').toBe('conflict');
  },
  'the first route that came with a definition is changed like any other (D3)': async ({ store }) => {
    await store.putDefinition(definitionOf('a', { firstRoute: bytes('1') }));
    expect(await store.putRoute(route('2', 0))).toBe('conflict');
    expect(await store.putRoute(route('2', await revisionOfRoute(store)))).toBe('ok');
  },
  'routes of one name in two namespaces are two': async ({ store }) => {
    await store.putRoute(route('1', 0));
    expect(await store.putRoute({ ...route('2', 0), namespace: 'tenant' })).toBe('ok');
    expect((await store.listDefinitions('default')).routes).toMatchObject([{ value: bytes('1') }]);
  },
  'a route that is too long, or whose name cannot be kept, is refused': async ({ store }) => {
    const long = { ...route('', 0), value: new Uint8Array(MAX_ROUTE_BYTES + 1) };
    for (const wrong of [long, { ...route('1', 0), name: 'a\0b' }, { ...route('1', 0), namespace: '\ud800' }])
      await expect(store.putRoute(wrong)).rejects.toMatchObject(REFUSED);
    expect((await store.listDefinitions('default')).routes).toEqual([]);
  },
};

function route(value: string, expectRevision: number): RouteRequest {
  return { namespace: FLOW.namespace, name: FLOW.name, value: bytes(value), expectRevision };
}

async function revisionOfRoute(store: Store): Promise<number> {
  const [found] = (await store.listDefinitions('default')).routes;
  return found?.revision ?? 0;
}
