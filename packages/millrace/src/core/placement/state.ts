import type { EngineView, Work } from '../policy/eligibility.ts';
import { FIRST_STATE, type AdaptiveState } from './adaptive.ts';

/** Who places: its identity spreads the ties of many placers that see the same beats. */
export interface Placer {
  readonly placerId: string;
  /** `CPU_WEIGHT`, `MEMORY_WEIGHT` and `WORKFLOW_WEIGHT`; only their proportion counts. */
  readonly weights: LoadWeights;
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
  readonly placed: ReadonlyMap<string, Placed>;
  readonly adaptive: AdaptiveState;
}

/** What one placer gave to an engine since its beat of this number: that beat does not know of it. */
export interface Placed {
  readonly beat: number;
  readonly workflows: number;
  readonly tasks: number;
}

export function createPlacementState(placer: Placer): PlacementState {
  return {
    placer,
    turn: 0,
    turns: new Map(),
    credits: new Map(),
    placed: new Map(),
    adaptive: FIRST_STATE,
  };
}

/** An engine as it stands now, as far as this placer can know: its beat, and what it was given since. */
export function withPlaced(engine: EngineView, placed: Placed | undefined): EngineView {
  if (placed === undefined || placed.beat !== engine.beat) return engine;
  const { load } = engine;
  const activeWorkflows = load.activeWorkflows + placed.workflows;
  const activeTasks = load.activeTasks + placed.tasks;
  return { ...engine, load: { ...load, activeWorkflows, activeTasks } };
}

/**
 * The state after `chosen` got the work. Engines that are gone are forgotten.
 * @param engines - all that there are, eligible or not.
 */
export function afterChoice(
  state: PlacementState,
  engines: readonly EngineView[],
  chosen: EngineView,
  work: Work,
): PlacementState {
  const { engineId, beat } = chosen;
  const before = state.placed.get(engineId);
  const { workflows, tasks } = before?.beat === beat ? before : NOTHING;
  const placed: Placed =
    work.kind === 'task' ? { beat, workflows, tasks: tasks + 1 } : { beat, workflows: workflows + 1, tasks };
  const ids = new Set(engines.map((engine) => engine.engineId));
  return {
    ...state,
    turn: state.turn + 1,
    turns: only(ids, state.turns).set(engineId, state.turn),
    credits: only(ids, state.credits),
    placed: only(ids, state.placed).set(engineId, placed),
  };
}

const NOTHING = { workflows: 0, tasks: 0 };

function only<T>(ids: ReadonlySet<string>, entries: ReadonlyMap<string, T>): Map<string, T> {
  return new Map([...entries].filter(([id]) => ids.has(id)));
}
