import type { EngineView, Work } from '../policy/eligibility.ts';
import { FIRST_STATE, type AdaptiveState } from './adaptive.ts';
import { afterGiving, epochOf, FIRST_EPOCH, type Epoch } from './epoch.ts';

/** Who places: its identity spreads the ties of many placers that see the same beats. */
export interface Placer {
  readonly placerId: string;
  /** `CPU_WEIGHT`, `MEMORY_WEIGHT` and `WORKFLOW_WEIGHT`; only their proportion counts. */
  readonly weights: LoadWeights;
  /** Its own engine, where what stays is not handed over; undefined: it has none, or does not care. */
  readonly home?: string | undefined;
}

export interface LoadWeights {
  readonly cpu: number;
  readonly memory: number;
  readonly workflow: number;
}

/** The seed's. @source seeds/001, section 2.1 */
export const DEFAULT_WEIGHTS: LoadWeights = { cpu: 0.3, memory: 0.3, workflow: 0.4 };

/**
 * Everything that one placer remembers from one choice to the next, by engine id. A value: choosing returns a new
 * one. Switching strategies keeps it, so turns go on where they were.
 */
export interface PlacementState {
  readonly placer: Placer;
  /** Choices so far. */
  readonly turn: number;
  /** The turn in which an engine was chosen last; those without one never were. */
  readonly turns: ReadonlyMap<string, number>;
  /** What smooth weighted round robin owes to each. */
  readonly credits: ReadonlyMap<string, number>;
  readonly epoch: Epoch;
  readonly adaptive: AdaptiveState;
}

export function createPlacementState(placer: Placer): PlacementState {
  return {
    placer,
    turn: 0,
    turns: new Map(),
    credits: new Map(),
    epoch: FIRST_EPOCH,
    adaptive: FIRST_STATE,
  };
}

/** The state with the epoch that these engines make. In a new one those that are gone are forgotten. */
export function enterEpoch(state: PlacementState, engines: readonly EngineView[]): PlacementState {
  const epoch = epochOf(state.epoch, engines);
  if (epoch === state.epoch) return state;
  return { ...state, epoch, turns: known(epoch, state.turns), credits: known(epoch, state.credits) };
}

/** The state after an engine was given a piece of work. */
export function afterChoice(state: PlacementState, engineId: string, work: Work): PlacementState {
  const { turn, turns, epoch } = state;
  return {
    ...state,
    turn: turn + 1,
    turns: new Map(turns).set(engineId, turn),
    epoch: afterGiving(epoch, engineId, work),
  };
}

function known({ engines }: Epoch, entries: ReadonlyMap<string, number>): Map<string, number> {
  return new Map([...entries].filter(([id]) => engines.has(id)));
}
