import { sicknessOf } from '../policy/eligibility/health.ts';
import { instant } from '../reading/instant.ts';
import { engineView, withDefinitions, type SeenEngine, type StoredVersions } from './engine-view.ts';
import type { EngineLoad } from './load.ts';
import type { PoolReport } from './pool-report.ts';

/** `suspect`: silent for longer than is usual, and not declared dead. */
export type EngineStatus = 'alive' | 'suspect' | 'draining' | 'dead';

/** An engine as every surface shows it. */
export interface EngineDescription {
  /** Its name; several incarnations in turn share it. */
  readonly engineId: string;
  readonly incarnation: string;
  readonly status: EngineStatus;
  readonly region: string | null;
  readonly labels: readonly string[];
  readonly weight: number;
  readonly namespace: string;
  /** Null: all. */
  readonly queues: readonly string[] | null;
  readonly executors: readonly string[];
  /** Those of its code, and every stored definition where it interprets them. */
  readonly versions: readonly { readonly workflow: string; readonly version: string }[];
  readonly capacity: { readonly workflows: number; readonly tasks: number };
  readonly load: Omit<EngineLoad, 'state' | 'pool'>;
  /** Why it gets no new work while others can take it; null while it is well. */
  readonly unhealthy: string | null;
  /** Its worker processes and what their number was changed for last; null: it has no pool. */
  readonly pool: PoolReport | null;
  readonly startedAt: string;
  readonly lastBeatAt: string;
}

export interface ClusterDescription {
  /** Name of the engine that leads, and its incarnation; null: none does, or one that serves another namespace. */
  readonly leader: string | null;
  readonly leaderIncarnation: string | null;
  /** How often the leader has changed, the first included. */
  readonly term: number | null;
  /** By which new runs are placed, and the one that is compared with it. */
  readonly strategy: string;
  readonly shadow: string | null;
  readonly engines: readonly EngineDescription[];
  /** Engines that are expected by name, and not there. */
  readonly missing: readonly string[];
}

/** What a cluster is described from. */
export interface ClusterFacts {
  /** By the store's clock. */
  readonly now: number;
  readonly engines: readonly SeenEngine[];
  readonly leader: { readonly engineId: string; readonly term: number } | undefined;
  /** Besides those that the engines themselves expect. */
  readonly expected: readonly string[];
  readonly strategy: string;
  readonly shadow: string | undefined;
  readonly stored: StoredVersions;
}

export function describeCluster(facts: ClusterFacts): ClusterDescription {
  const { now, engines, leader, expected, strategy, shadow, stored } = facts;
  const described = engines.map((engine) => describeEngine(engine, now, stored));
  const present = engines.filter(({ retired }) => !retired);
  const leading = present.find(({ engineId }) => engineId === leader?.engineId);
  const views = present.map((engine) => ({ ...engineView(engine, now), beatAt: engine.beatAt }));
  // One beat that is late makes a suspect, and nobody missing.
  const there = views.filter(({ beatAt, leaseMs }) => now - beatAt <= leaseMs);
  const names = new Set(there.map(({ name }) => name));
  const wanted = new Set([...expected, ...views.flatMap((view) => view.expected)]);
  return {
    leader: leading?.name ?? null,
    leaderIncarnation: leading?.engineId ?? null,
    term: leader?.term ?? null,
    strategy,
    shadow: shadow ?? null,
    engines: described,
    missing: [...wanted].filter((name) => !names.has(name)).toSorted(),
  };
}

/** How an incarnation stands, as far as a look at its row tells. */
export function engineStatus(engine: SeenEngine, now: number): EngineStatus {
  return engine.retired ? 'dead' : engineView(engine, now).state;
}

function describeEngine(engine: SeenEngine, now: number, stored: StoredVersions): EngineDescription {
  const { region, labels, weight, namespace, queues, executors, workflows, ...view } = withDefinitions(
    engineView(engine, now),
    stored,
  );
  const { state: _, pool = null, ...load } = view.load;
  return {
    engineId: engine.name,
    incarnation: engine.engineId,
    status: engineStatus(engine, now),
    region: region ?? null,
    ...{ labels, weight, namespace },
    queues: queues ?? null,
    executors,
    versions: workflows,
    capacity: view.capacity,
    ...{ load, unhealthy: sicknessOf(view.load) ?? null, pool },
    startedAt: instant(engine.startedAt),
    lastBeatAt: instant(engine.beatAt),
  };
}
