import { engineView, withDefinitions, type EngineView } from '../../core/cluster/engine-view.ts';
import { ask } from '../../api/store-failure.ts';
import type { Ports } from '../../engine/ports.ts';
import type { Store } from '../../store/port/store.ts';
import type { Catalogue } from './catalogue.ts';

/** What engines announce changes when one comes or goes: who asks more often is told what was heard last. */
const FRESH_MS = 1_000;

/** Looks who is there, at most once a second. */
export function createEngineLook(
  store: Pick<Store, 'listEngines'>,
  catalogue: Pick<Catalogue, 'stored'>,
  { clock }: Pick<Ports, 'clock'>,
): () => Promise<readonly EngineView[]> {
  let asked: { at: number; views: Promise<readonly EngineView[]> } | undefined;
  let told: { views: readonly EngineView[]; stored: object; all: readonly EngineView[] } | undefined;
  const look = async (): Promise<readonly EngineView[]> => {
    const { engines, storeTime } = await ask(() => store.listEngines());
    const { namespace } = catalogue.stored();
    return engines.map((row) => engineView(row, storeTime)).filter((view) => view.namespace === namespace);
  };
  return async () => {
    const now = clock.mono();
    if (asked === undefined || now - asked.at >= FRESH_MS) {
      const views = look();
      asked = { at: now, views };
      // Who comes next shall ask again.
      views.catch(() => (asked = undefined));
    }
    const stored = catalogue.stored();
    const views = await asked.views;
    // The same answer is the same list, so that what is made of it need not be made again.
    if (told?.views !== views || told.stored !== stored)
      told = { views, stored, all: views.map((view) => withDefinitions(view, stored)) };
    return told.all;
  };
}
