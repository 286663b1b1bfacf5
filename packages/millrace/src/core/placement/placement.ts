import { eligibleFor } from '../policy/eligibility.ts';
import type { EngineView, Refusal, Shortage, Work } from '../policy/eligibility.ts';
import { withPlaced } from './epoch.ts';
import { afterChoice, enterEpoch, type PlacementState } from './state.ts';
import { affinity } from './strategies/affinity.ts';
import { capability } from './strategies/capability.ts';
import { geographic } from './strategies/geographic.ts';
import { leastLoad } from './strategies/least-load.ts';
import { loadBalanced } from './strategies/load-balanced.ts';
import { locality } from './strategies/locality.ts';
import { roundRobin } from './strategies/round-robin.ts';
import { weightedRoundRobin } from './strategies/weighted-round-robin.ts';
import type { PlainStrategy, Score, Strategy, StrategyName } from './strategy.ts';

/*
 * Which engine shall take a piece of work. This room decides; who calls it knows the beats, reserves the work for the
 * engine chosen, and keeps the state. It owns nothing: all that it remembers is a value that comes in and goes out.
 *
 * P1 Only eligible engines are chosen; no strategy sees another one.
 * P2 The same work, engines and state give the same choice. Time, chance and the order of the engines play no part.
 * P3 What a placer gave away since the loads that it goes by were measured counts as load.
 * P4 A choice is a wish. It names an engine for a while; when that one does not come any eligible one may take the
 *    work. So a wrong choice costs time, never correctness, and no engine needs the same view as another.
 */

/** A choice and everything that explains it. */
export interface Placement {
  /** Undefined: nobody; the work waits for whoever can take it first. */
  readonly engineId: string | undefined;
  readonly refusals: readonly Refusal[];
  readonly explanation: Explanation;
  /** What to pass next time. A shadow has a state of its own. */
  readonly state: PlacementState;
}

export interface Explanation {
  readonly strategy: StrategyName;
  /** The strategy that chose: another one under `adaptive`. */
  readonly followed: PlainStrategy;
  /** One sentence; begins with the engine's name when there is one. */
  readonly reason: string;
  readonly scoredBy?: string | undefined;
  /** Of the engines between which it chose. */
  readonly scores: readonly Score[];
  /** Set when no healthy engine takes it, also when an unhealthy one must. */
  readonly shortage?: Shortage | undefined;
}

const TABLE: Readonly<Record<PlainStrategy, Strategy>> = {
  'round-robin': roundRobin,
  'least-load': leastLoad,
  'weighted-round-robin': weightedRoundRobin,
  geographic,
  'load-balanced': loadBalanced,
  capability,
  locality,
  affinity,
};

/**
 * Chooses the engine for a piece of work.
 * @param engines - all that there are, as their latest beats describe them.
 */
export function choose(
  strategy: StrategyName,
  work: Work,
  engines: readonly EngineView[],
  state: PlacementState,
): Placement {
  const followed = strategy === 'adaptive' ? state.adaptive.strategy : strategy;
  const now = enterEpoch(state, engines);
  const seen = engines
    .map((engine) => withPlaced(now.epoch, engine))
    .toSorted((a, b) => (a.engineId < b.engineId ? -1 : 1));
  const { engines: candidates, refusals, shortage } = eligibleFor(work, seen);
  if (candidates === undefined) {
    const explanation = { strategy, followed, reason: shortage.message, scores: [], shortage };
    return { engineId: undefined, refusals, explanation, state: now };
  }
  const { engine, credits, ...verdict } = TABLE[followed]({ work, candidates, state: now });
  const via = strategy === 'adaptive' ? `${followed}, because ${state.adaptive.reason}: ` : '';
  const explanation: Explanation = {
    strategy,
    followed,
    reason: `${engine.name}: ${via}${verdict.reason}`,
    scoredBy: verdict.scoredBy,
    scores: verdict.scores,
    shortage,
  };
  return {
    engineId: engine.engineId,
    refusals,
    explanation,
    state: afterChoice({ ...now, credits: credits ?? now.credits }, engine.engineId, work),
  };
}
