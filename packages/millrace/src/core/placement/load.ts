import type { Candidates, EngineView } from '../policy/eligibility.ts';
import { beginOf, placedOf } from './epoch.ts';
import { hash01 } from './hash.ts';
import type { Scene, Score } from './strategy.ts';

/** A function that gives each candidate its score; lower is better. */
export type ScoreOf = (engine: EngineView) => number;

interface Counts {
  /** Works of this kind when the epoch began. */
  readonly active: number;
  /** What this placer gave to it since. */
  readonly placed: number;
  /** How many works that makes, as far as one can tell: others place too. */
  readonly counted: number;
  /** How many it takes. */
  readonly most: number;
}

export function countsOf(scene: Scene, engine: EngineView): Counts {
  const { work, state } = scene;
  const { engineId, capacity, load: now } = engine;
  const { load } = beginOf(state.epoch, engineId);
  const { tasks, workflows } = placedOf(state.epoch, engineId);
  const [active, current, placed, most] =
    work.kind === 'task'
      ? [load.activeTasks, now.activeTasks, tasks, capacity.tasks]
      : [load.activeWorkflows, now.activeWorkflows, workflows, capacity.workflows];
  // What the placer's own engine has it knows at any time, and nobody has to guess.
  const isHome = engineId === state.placer.home;
  const counted = isHome ? Math.max(0, current - active) : placed * placersOf(scene);
  return { active, placed, counted, most };
}

/**
 * For how many works one counts that this placer has given away in this epoch. Every engine places, and none knows
 * what the others do: if they all see the same engine free and each counts only its own works, together they bury it;
 * if each counts for all, one that places alone spreads work more evenly than it should. The root lies
 * between, and is bad in neither case (decision 11).
 */
function placersOf({ state }: Scene): number {
  return Math.sqrt(state.epoch.engines.size);
}

/** The share of an engine's room for this kind of work that is taken. */
export function occupancyOf(scene: Scene): ScoreOf {
  return (engine) => {
    const { active, counted, most } = countsOf(scene, engine);
    return (active + counted) / most;
  };
}

/**
 * CPU, memory and occupancy, each 0 to 1, as one number by the weights; and on top what was given in this epoch,
 * which no measurement shows yet. A work counts for half of what an active one weighs on average: the other half of a
 * load is there without any work.
 */
export function weightedLoadOf(scene: Scene): ScoreOf {
  const { candidates, state } = scene;
  const { cpu, memory, workflow } = state.placer.weights;
  const total = cpu + memory + workflow || 1; // all 0: every engine is alike
  const measured = (engine: EngineView): number => {
    const { cpuUsage, memoryUsage } = beginOf(state.epoch, engine.engineId).load;
    const { active, most } = countsOf(scene, engine);
    return ((cpu * cpuUsage) / 100 + (memory * memoryUsage) / 100 + (workflow * active) / most) / total;
  };
  const loads = candidates.reduce((sum, engine) => sum + measured(engine), 0);
  const active = candidates.reduce((sum, engine) => sum + countsOf(scene, engine).active, 0);
  const weight = loads / Math.max(active, candidates.length) / 2;
  return (engine) => measured(engine) + countsOf(scene, engine).counted * weight;
}

/** The placer's own engine where it is one of these and its score no more than this: a tie is for who need not hand over. */
export function homeWithin(
  { state }: Scene,
  candidates: Candidates,
  most: number,
  scoreOf: ScoreOf,
): EngineView | undefined {
  const home = candidates.find(({ engineId }) => engineId === state.placer.home);
  return home !== undefined && scoreOf(home) <= most ? home : undefined;
}

/** Beyond it the formula says nothing any more. */
const MOST_BUSY = 0.99;
const LEAST_LAG_MS = 1;

/**
 * How long a run is likely to wait at an engine until it begins, ms: the way there, and the queue before its event
 * loop, which grows with ρ / (1 - ρ). For comparing choices; nobody is promised it.
 * @source Kingman's formula, with the lag of the loop in the place of the mean service time.
 */
export function predictedWaitMs({ load, capacity }: EngineView, isHome: boolean): number {
  const occupancy = capacity.workflows === 0 ? 1 : load.activeWorkflows / capacity.workflows;
  const busy = Math.min(MOST_BUSY, Math.max(load.cpuUsage / 100, occupancy));
  const wayMs = isHome ? 0 : load.latencyMs;
  return wayMs + (Math.max(LEAST_LAG_MS, load.loopLagMs) * busy) / (1 - busy);
}

/** The candidate of the lowest score; among equals the one that waited longest for its turn. */
export function lowest(scene: Scene, candidates: Candidates, scoreOf: ScoreOf): EngineView {
  return candidates.reduce((best, engine) => {
    const difference = scoreOf(engine) - scoreOf(best);
    return difference < 0 || (difference === 0 && waitedLonger(scene, engine, best)) ? engine : best;
  });
}

/**
 * Engines that never had a turn come first. Those are ordered anew for each placer: many placers that begin together
 * shall not all begin with the same engine.
 */
export function waitedLonger({ state }: Scene, a: EngineView, b: EngineView): boolean {
  const turnOf = ({ engineId }: EngineView): number =>
    state.turns.get(engineId) ?? -hash01(`${state.placer.placerId}/${engineId}`);
  return turnOf(a) < turnOf(b);
}

export function scoresOf(candidates: readonly EngineView[], scoreOf: ScoreOf): readonly Score[] {
  return candidates.map((engine) => ({ engineId: engine.engineId, score: scoreOf(engine) }));
}

/** Those of the lowest score. */
export function nearestOf(candidates: Candidates, scoreOf: ScoreOf): Candidates {
  const least = Math.min(...candidates.map(scoreOf));
  // The one that gave the minimum is among them.
  return candidates.filter((engine) => scoreOf(engine) === least) as unknown as Candidates;
}
