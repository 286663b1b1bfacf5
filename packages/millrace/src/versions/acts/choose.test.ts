import { describe, expect, it } from 'vitest';
import type { EngineView } from '../../core/policy/eligibility.ts';
import { firstRoute } from '../../core/versions/change.ts';
import { encodeRoute } from '../../core/versions/route.ts';
import { workflow } from '../../index.ts';
import type { DefinitionList, DefinitionRow } from '../../store/port/definitions.ts';
import type { Store } from '../../store/port/store.ts';
import { engineView } from '../../../testbed/placement/engine-views.ts';
import { createCatalogue } from '../catalogue/catalogue.ts';
import type { VersionDesk } from '../desk.ts';
import { chooseWorkflow, chosenAtOnce } from './choose.ts';

const FRESH_MS = 1_000;
const one = workflow('order', { version: 1 }, () => 1);
const two = workflow('order', { version: 2 }, () => 2);

function row(version: string, more: Partial<DefinitionRow> = {}): DefinitionRow {
  const ref = { namespace: 'default', name: 'order', version };
  return { ...ref, hash: `h${version}`, bytes: 10, draft: false, storedAt: 0, storedBy: undefined, ...more };
}

/** A process that has versions 1 and 2 as code; the test plays the store and the others. */
function playing() {
  let now = 0;
  let list: DefinitionList = { revision: 1, definitions: [], routes: [] };
  let engines: readonly EngineView[] | undefined = [];
  const store = { listDefinitions: async () => list } as unknown as Store;
  const catalogue = createCatalogue({
    ...{ store, namespace: 'default', ports: { clock: { mono: () => now, wall: () => now } } },
    interpret: () => Promise.reject(new Error('there is no body')),
    persist: (call) => call(),
    report: () => {},
    ...{ freshMs: FRESH_MS, warm: false },
  });
  const desk: VersionDesk = {
    ...{ store, catalogue, namespace: 'default', by: 'test', workflows: [one, two] },
    answered: (call) => call(),
    storeTime: () => now,
    engines: { read: async () => engines ?? [], known: () => engines },
  };
  return {
    desk,
    pass: (ms: number) => void (now += ms),
    store: (more: Partial<DefinitionList>) => void (list = { ...list, revision: list.revision + 1, ...more }),
    see: (views: readonly EngineView[] | undefined) => void (engines = views),
  };
}

describe('what a start by name gets at once', () => {
  it('is what it would get if everything were asked for', async () => {
    const { desk, store } = playing();
    await desk.catalogue.look();
    for (const wanted of ['order', 'order@1', 'order@2']) {
      const asked = await chooseWorkflow(desk, wanted, 'k');
      expect(chosenAtOnce(desk, wanted, 'k'), wanted).toBe(asked);
    }
    const value = encodeRoute(firstRoute('1', { at: 0, by: null }));
    store({ routes: [{ namespace: 'default', name: 'order', value, revision: 1, changedAt: 0 }] });
    await desk.catalogue.look();
    expect(chosenAtOnce(desk, 'order', 'k')).toBe(one);
    expect(await chooseWorkflow(desk, 'order', 'k')).toBe(one);
  });

  it('is nothing where nobody has told of definitions lately, or of engines', async () => {
    const { desk, pass, see } = playing();
    expect(chosenAtOnce(desk, 'order', 'k')).toBeUndefined();
    await desk.catalogue.look();
    expect(chosenAtOnce(desk, 'order', 'k')).toBe(two);
    see(undefined);
    expect(chosenAtOnce(desk, 'order', 'k'), 'somebody may have a higher version').toBeUndefined();
    expect(chosenAtOnce(desk, 'order@1', 'k'), 'what is named is here').toBe(one);
    see([]);
    pass(FRESH_MS);
    expect(chosenAtOnce(desk, 'order', 'k')).toBeUndefined();
    expect(chosenAtOnce(desk, 'order@1', 'k')).toBeUndefined();
  });

  it('is no older version than there is', async () => {
    const { desk, store, see } = playing();
    await desk.catalogue.look();
    expect(chosenAtOnce(desk, 'order', 'k')).toBe(two);
    see([engineView('other', { workflows: [{ workflow: 'order', version: '3' }] })]);
    expect(chosenAtOnce(desk, 'order', 'k'), 'only another engine has it').toBeUndefined();
    expect(await chooseWorkflow(desk, 'order', 'k')).toEqual({ name: 'order', version: '3' });
    see([]);
    store({ definitions: [row('4', { draft: true })] });
    await desk.catalogue.look();
    expect(chosenAtOnce(desk, 'order', 'k'), 'a draft').toBe(two);
    store({ definitions: [row('4')] });
    await desk.catalogue.look();
    expect(chosenAtOnce(desk, 'order', 'k'), 'its body has to be read').toBeUndefined();
  });

  it('is refused where the name is none, and unknown where nobody has it', async () => {
    const { desk } = playing();
    await desk.catalogue.look();
    expect(() => chosenAtOnce(desk, 'order@1@2', 'k')).toThrow(/start of "order@1@2"/);
    expect(chosenAtOnce(desk, 'nothing', 'k')).toBeUndefined();
  });
});
