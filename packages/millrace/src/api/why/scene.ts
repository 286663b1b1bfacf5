import { engineView, withDefinitions } from '../../core/cluster/engine-view.ts';
import { splitVersion } from '../../core/cluster/demands.ts';
import type { DeathFacts, DepartedEngine, EngineFacts } from '../../core/policy/why/facts.ts';
import { isClosed } from '../../core/status.ts';
import type { Library } from '../../engine/claim/repertoire.ts';
import type { EngineRow, FailoverEvent, RunRow, Store } from '../../store/port/store.ts';
import { ask } from '../store-failure.ts';

/**
 * What stands around all runs of one answer, each read once and only when somebody asks for it. Engines are read first:
 * theirs is the time by which everything is told.
 */
export interface Scene {
  /** Store time. */
  readonly now: number;
  readonly engines: readonly EngineFacts[];
  /** Engines that were retired within the last day: their rows are kept as long. */
  departed(): Promise<readonly DepartedEngine[]>;
  /** When the process that was executing the run died, oldest first. */
  deathsOf(runId: string): Promise<readonly DeathFacts[]>;
  /** How many other open runs have the workflow and version of this one. */
  othersOf(run: RunRow): Promise<number>;
}

const DEPARTED_MS = 24 * 3_600_000;
/** A run that kills its processes does so in a row, and lately. */
const FAILOVERS_READ = 100;

/**
 * @param library - whose definitions engines can run besides their code.
 * @param namespace - engines of others are not there.
 */
export async function openScene(
  store: Store,
  library: Library | undefined,
  namespace: string,
): Promise<Scene> {
  const isHere = (engine: EngineFacts): boolean => engine.namespace === namespace;
  await ask(async () => library?.refresh());
  const { storeTime: now, engines } = await ask(() => store.listEngines());
  let departed: Promise<readonly DepartedEngine[]> | undefined;
  let failovers: Promise<readonly FailoverEvent[]> | undefined;
  return {
    now,
    engines: engines.map((row) => factsOf(row, now, library)).filter(isHere),
    departed: async () => (await (departed ??= readDeparted(store, library))).filter(isHere),
    async deathsOf(runId) {
      failovers ??= ask(() => store.listFailovers({ limit: FAILOVERS_READ }));
      const of = ({ runIds, quarantined }: FailoverEvent): boolean =>
        [...runIds, ...quarantined].includes(runId);
      return (await failovers)
        .filter(of)
        .map(({ engineName: engine, detectedAt: at, kind }) => ({
          engine,
          at,
          declared: kind === 'declared',
        }))
        .toReversed();
    },
    async othersOf({ workflow, workflowVersion }) {
      const { version } = splitVersion(workflowVersion);
      const counts = await ask(() => store.countVersions({ namespace, workflow }));
      const same = counts.filter((of) => of.version === version && !isClosed(of.status));
      return same.reduce((sum, { runs }) => sum + runs, 0) - 1;
    },
  };
}

function factsOf(row: EngineRow, now: number, library: Library | undefined): EngineFacts {
  const view = { ...engineView(row, now), beatAt: row.beatAt };
  return library === undefined ? view : withDefinitions(view, library.stored());
}

async function readDeparted(store: Store, library: Library | undefined): Promise<readonly DepartedEngine[]> {
  const { engines, storeTime } = await ask(() => store.listEngines({ retiredMs: DEPARTED_MS }));
  return engines.flatMap((row) =>
    row.retired ? [{ ...factsOf(row, storeTime, library), retiredAt: row.retiredAt ?? row.beatAt }] : [],
  );
}
