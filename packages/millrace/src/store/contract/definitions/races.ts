import { expect } from 'vitest';
import type { Store } from '../../port/store.ts';
import { bytes, startOne } from '../samples.ts';
import type { Promises } from '../subject.ts';
import { definitionOf, draftOf, FLOW, readOne, revisionOf } from './samples.ts';

const MANY = 8;

/** At once, half of them through the other process. */
function race<T>(
  stores: readonly [Store, Store],
  act: (store: Store, at: number) => Promise<T>,
): Promise<T[]> {
  return Promise.all(Array.from({ length: MANY }, (_, at) => act(stores[at % 2 === 0 ? 0 : 1], at)));
}

export const definitionRacePromises: Promises = {
  'of deployments of one version at once with other contents one is stored, and the others are told of it (D1)':
    async ({ store, second }) => {
      const results = await race([store, second], (at, content) =>
        at.putDefinition(definitionOf(String(content))),
      );
      expect(results.filter(({ outcome }) => outcome === 'stored')).toHaveLength(1);
      const found = await readOne(store);
      for (const result of results) {
        if (result.outcome !== 'exists') continue;
        expect(result).toMatchObject({ hash: found?.hash, draft: false, openRuns: 0 });
      }
      expect(results.filter(({ outcome }) => outcome === 'exists')).toHaveLength(MANY - 1);
      expect(await revisionOf(store)).toBe(1);
    },
  'of deployments of one version at once with the same content one is stored, and the others are the same':
    async ({ store, second }) => {
      const request = definitionOf('a', { firstRoute: bytes('1') });
      const results = await race([store, second], (at) => at.putDefinition(request));
      expect(results.filter(({ outcome }) => outcome === 'stored')).toHaveLength(1);
      expect(results.filter(({ outcome }) => outcome === 'same')).toHaveLength(MANY - 1);
      expect(await revisionOf(store)).toBe(1);
    },
  'of versions deployed at once one gives its name the first route (D2)': async ({ store, second }) => {
    const results = await race([store, second], (at, version) =>
      at.putDefinition(definitionOf('a', { version: String(version), firstRoute: bytes(String(version)) })),
    );
    const routed = results.flatMap((result, at) => ('routed' in result && result.routed ? [at] : []));
    expect(routed).toHaveLength(1);
    const { routes, definitions } = await store.listDefinitions('default');
    expect(routes).toMatchObject([{ name: FLOW.name, value: bytes(String(routed[0])) }]);
    expect(definitions).toHaveLength(MANY);
  },
  'of changes of a route at once that have seen the same revision one is made (D3)': async ({
    store,
    second,
  }) => {
    const outcomes = await race([store, second], (at, value) =>
      at.putRoute({ ...FLOW, value: bytes(String(value)), expectRevision: 0 }),
    );
    expect(outcomes.filter((outcome) => outcome === 'ok')).toHaveLength(1);
    const { routes } = await store.listDefinitions('default');
    expect(routes).toMatchObject([{ value: bytes(String(outcomes.indexOf('ok'))), revision: 1 }]);
  },
  'changes at once of definitions, routes and settings have different revisions (K2, D4)': async ({
    store,
    second,
  }) => {
    await race([store, second], async (at, n) => {
      if (n % 3 === 0) await at.putSetting(`s${n}`, bytes('x'));
      else if (n % 3 === 1) await at.putDefinition(definitionOf('a', { version: `v${n}` }));
      else await at.putRoute({ ...FLOW, name: `r${n}`, value: bytes('x'), expectRevision: 0 });
    });
    expect(await revisionOf(store)).toBe(MANY);
  },
  'what is read of a draft after its run was started stays so until the run closes (D1)': async ({
    store,
    second,
  }) => {
    await store.putDefinition(draftOf('first'));
    const seen = await race([store, second], async (at, n) => {
      if (n % 2 === 0) return at.putDefinition(draftOf(`other ${n}`)).then(() => undefined);
      await startOne(at, { workflow: FLOW.name, workflowVersion: FLOW.version, queue: `q${n}` });
      return (await readOne(at))?.hash;
    });
    const hashes = new Set(seen.filter((hash) => hash !== undefined));
    expect([...hashes]).toEqual([(await readOne(store))?.hash]);
    expect(await store.putDefinition(draftOf('last'))).toMatchObject({ outcome: 'exists', openRuns: 1 });
  },
};
