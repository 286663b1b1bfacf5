import {
  engineView,
  withDefinitions,
  type EngineView,
  type StoredVersions,
} from '../../core/cluster/engine-view.ts';
import { ask } from '../../api/store-failure.ts';
import type { Ports } from '../../engine/ports.ts';
import type { Store } from '../../store/port/store.ts';
import type { Catalogue } from './catalogue.ts';

/** What engines announce changes when one comes or goes: who asks more often is told what was heard last. */
const FRESH_MS = 1_000;

/** Who is there, not older than a second. */
export interface EngineLook {
  read(): Promise<readonly EngineView[]>;
  /** What `read` would resolve to; undefined: it has to ask. */
  known(): readonly EngineView[] | undefined;
}

/** Looks who is there, at most once a second. */
export function createEngineLook(
  store: Pick<Store, 'listEngines'>,
  catalogue: Pick<Catalogue, 'stored'>,
  { clock }: Pick<Ports, 'clock'>,
): EngineLook {
  let asked: { at: number; views: Promise<readonly EngineView[]>; told?: readonly EngineView[] } | undefined;
  let told: { views: readonly EngineView[]; stored: object; all: readonly EngineView[] } | undefined;
  const look = async (): Promise<readonly EngineView[]> => {
    const { engines, storeTime } = await ask(() => store.listEngines());
    const { namespace } = catalogue.stored();
    return engines.map((row) => engineView(row, storeTime)).filter((view) => view.namespace === namespace);
  };
  /** The same answer is the same list, so that what is made of it need not be made again. */
  const listOf = (views: readonly EngineView[], stored: StoredVersions): readonly EngineView[] => {
    if (told?.views !== views || told.stored !== stored)
      told = { views, stored, all: views.map((view) => withDefinitions(view, stored)) };
    return told.all;
  };
  const isOver = (at: number): boolean => clock.mono() - at >= FRESH_MS;
  return {
    async read() {
      if (asked === undefined || isOver(asked.at)) {
        const question = { at: clock.mono(), views: look() };
        asked = question;
        question.views.then(
          (views) => Object.assign(question, { told: views }),
          // Who comes next shall ask again.
          () => (asked = undefined),
        );
      }
      const stored = catalogue.stored();
      return listOf(await asked.views, stored);
    },
    known: () =>
      asked?.told === undefined || isOver(asked.at) ? undefined : listOf(asked.told, catalogue.stored()),
  };
}
