import type { ShadowTally } from '../core/cluster/shadow.ts';
import type { StrategyName } from '../core/placement/strategy.ts';
import type { Work } from '../core/policy/eligibility.ts';
import type { Assignment, EngineRow } from '../store/port/store.ts';

/**
 * How long a run is kept for the engine that it was placed at: a hint takes it there in milliseconds, and whoever is
 * not there any more holds it up no longer than this.
 */
export const WINDOW_MS = 300;

/**
 * Where a run shall begin, or an attempt of a call be made: in this engine, in another one that has so long for it, or
 * wherever somebody takes it first.
 */
export type Place = 'self' | 'anyone' | Assignment;

/** Decides where runs begin and calls are made. Set from outside: it takes more knowledge of others than an engine has. */
export interface Placing {
  /**
   * What a beat told.
   * @param engines - all that are there, this one included.
   * @param storeTime - when they stood like this.
   */
  see(engines: readonly EngineRow[], storeTime: number): void;
  /** Whether there is nobody else: then there is nothing to decide, and nothing to pay for it. */
  isAlone(): boolean;
  place(work: Work): Place;
  /** The strategy in force. */
  strategy(): StrategyName;
  /** How the strategy in the shadow compares so far. */
  shadow(): ShadowTally | undefined;
}
