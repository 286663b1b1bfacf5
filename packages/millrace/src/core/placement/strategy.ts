import { MillraceError, show } from '../errors.ts';
import type { Candidates, EngineView, Work } from '../policy/eligibility.ts';
import { didYouMean } from '../suggest.ts';
import type { PlacementState } from './state.ts';

/** Strategies that pick an engine themselves. */
export const PLAIN_STRATEGIES = [
  'round-robin',
  'least-load',
  'weighted-round-robin',
  'geographic',
  'load-balanced',
  'capability',
  'locality',
  'affinity',
] as const;
export type PlainStrategy = (typeof PLAIN_STRATEGIES)[number];

/** All strategies; `adaptive` follows one of the others, by what the cluster's beats say. */
export const STRATEGIES = [...PLAIN_STRATEGIES, 'adaptive'] as const;
export type StrategyName = (typeof STRATEGIES)[number];

export const DEFAULT_STRATEGY: StrategyName = 'load-balanced';

/**
 * The strategy of this name.
 * @param where - the subject of the error message: `ASSIGNMENT_STRATEGY`.
 * @throws `INVALID_ARGUMENT` with the likely spelling.
 */
export function parseStrategy(name: unknown, where: string): StrategyName {
  const found = STRATEGIES.find((known) => known === name);
  if (found !== undefined) return found;
  const guess = typeof name === 'string' ? didYouMean(name, STRATEGIES) : undefined;
  const remedy = guess === undefined ? `Use one of ${STRATEGIES.join(', ')}.` : `Did you mean "${guess}"?`;
  throw new MillraceError('INVALID_ARGUMENT', `${where}: unknown strategy ${show(name)}`, { remedy });
}

/** What a strategy sees. */
export interface Scene {
  readonly work: Work;
  /** Eligible, ordered by id, what this placer placed since their beats included. */
  readonly candidates: Candidates;
  readonly state: PlacementState;
}

/** What it decides, and why. */
export interface Verdict {
  readonly engine: EngineView;
  /** One sentence. */
  readonly reason: string;
  /** What the scores are; the best is the lowest, except where it says so. */
  readonly scoredBy: string;
  readonly scores: readonly Score[];
  /** What `weighted-round-robin` owes to each; undefined: as before. */
  readonly credits?: ReadonlyMap<string, number> | undefined;
}

export interface Score {
  readonly engineId: string;
  readonly score: number;
}

/** Never throws, and gives the same verdict for the same scene. */
export type Strategy = (scene: Scene) => Verdict;
