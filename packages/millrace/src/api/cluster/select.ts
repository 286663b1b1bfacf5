import { demandsOf, traitsOf, type DemandOptions } from '../../core/cluster/demands.ts';
import { checkOptions, MillraceError } from '../../core/errors.ts';
import { choose, type Placement } from '../../core/placement/placement.ts';
import { strategyFor } from '../../core/placement/rule.ts';
import { createPlacementState } from '../../core/placement/state.ts';
import { parseStrategy, type StrategyName } from '../../core/placement/strategy.ts';
import type { EngineView, Work } from '../../core/policy/eligibility.ts';
import type { NamedWorkflow } from '../../core/workflow/workflow.ts';
import type { Library } from '../../engine/claim/repertoire.ts';
import type { EngineOptions } from '../../engine/options.ts';
import type { Store } from '../../store/port/store.ts';
import { ask } from '../store-failure.ts';
import { readSurroundings } from './views.ts';

/** A piece of work that somebody wants an engine for: a workflow or an executor, and what it asks of the engine. */
export interface InstanceWish extends DemandOptions {
  workflow?: NamedWorkflow | undefined;
  executor?: string | undefined;
  /** Default `default`. */
  queue?: string | undefined;
  /** The region where it is best executed, for `geographic` and `locality`. Default: that of this process. */
  near?: string | undefined;
  /** Works of one key belong together, for `affinity`. */
  key?: string | undefined;
  /** Default: the one that is in force for the queue. */
  strategy?: StrategyName | undefined;
}

/** An engine that was chosen, and why. */
export interface InstanceChoice {
  /** Its name and its incarnation; null: none can take the work. */
  readonly engineId: string | null;
  readonly incarnation: string | null;
  readonly strategy: StrategyName;
  /** One sentence. */
  readonly reason: string;
  /** What the scores are. */
  readonly scoredBy: string | null;
  readonly scores: readonly {
    readonly engineId: string;
    readonly incarnation: string;
    readonly score: number;
  }[];
  /** Who was passed over, and why: `is unhealthy: its event loop lags 800 ms, more than 500`. */
  readonly refusals: readonly {
    readonly engineId: string;
    readonly incarnation: string;
    readonly kind: string;
    readonly message: string;
  }[];
}

export type Selector = (wish: InstanceWish) => Promise<InstanceChoice>;

const WISHES = ['workflow', 'executor', 'queue', 'requires', 'region', 'near', 'key', 'strategy'];

/** Chooses by the engines as the store has them now; what it remembers between two answers is its own. */
export function createSelector(
  store: Store,
  options: Pick<EngineOptions, 'name' | 'namespace' | 'region' | 'strategy' | 'loadWeights'>,
  library: Library,
): Selector {
  let state = createPlacementState({ placerId: options.name, weights: options.loadWeights });
  return async (wish) => {
    const work = workOf(wish, options);
    await ask(() => library.refresh());
    const { engines, rule, adaptive } = await ask(() => readSurroundings(store, options.strategy, library));
    // Who belongs to another namespace is nobody's business here.
    const views = engines.filter(({ namespace }) => namespace === options.namespace);
    const strategy =
      wish.strategy === undefined
        ? strategyFor(rule, work.queue)
        : parseStrategy(wish.strategy, 'selectInstance, strategy');
    const placement = choose(strategy, work, views, { ...state, adaptive });
    ({ state } = placement);
    return describeChoice(placement, views);
  };
}

function workOf(wish: InstanceWish, own: Pick<EngineOptions, 'namespace' | 'region'>): Work {
  const where = 'selectInstance';
  checkOptions(where, wish, WISHES);
  const { workflow, executor, queue = 'default', near = own.region, key } = wish;
  const requires = traitsOf(demandsOf(wish, where));
  const demands = { namespace: own.namespace, queue, requires, region: near, affinity: key };
  if (workflow !== undefined && executor === undefined) {
    return { kind: 'workflow', workflow: workflow.name, version: workflow.version, ...demands };
  }
  if (executor !== undefined && workflow === undefined) return { kind: 'task', executor, ...demands };
  const what = workflow === undefined ? 'neither workflow nor executor' : 'both workflow and executor';
  throw new MillraceError('INVALID_ARGUMENT', `${where} got ${what}`, { remedy: 'Give one of the two.' });
}

function describeChoice(
  { engineId, explanation, refusals }: Placement,
  views: readonly EngineView[],
): InstanceChoice {
  const nameOf = (id: string): string => views.find((view) => view.engineId === id)?.name ?? id;
  return {
    engineId: engineId === undefined ? null : nameOf(engineId),
    incarnation: engineId ?? null,
    strategy: explanation.strategy,
    reason: explanation.reason,
    scoredBy: explanation.scoredBy ?? null,
    scores: explanation.scores.map(({ engineId: id, score }) => {
      return { engineId: nameOf(id), incarnation: id, score };
    }),
    refusals: refusals.map(({ engine, kind, message }) => {
      return { engineId: engine.name, incarnation: engine.engineId, kind, message };
    }),
  };
}
