import type { Candidates, EngineView } from '../policy/eligibility.ts';
import { beginOf, placedOf } from './epoch.ts';
import { hash01 } from './hash.ts';
import type { Scene, Score } from './strategy.ts';

/** A function that gives each candidate its score; lower is better. */
export type ScoreOf = (engine: EngineView) => number;

/** How many works of this kind an engine had when the epoch began, how many it got since, and how many it takes. */
export function countsOf(
  { work, state }: Scene,
  { engineId, capacity }: EngineView,
): { readonly active: number; readonly placed: number; readonly most: number } {
  const { load } = beginOf(state.epoch, engineId);
  const placed = placedOf(state.epoch, engineId);
  return work.kind === 'task'
    ? { active: load.activeTasks, placed: placed.tasks, most: capacity.tasks }
    : { active: load.activeWorkflows, placed: placed.workflows, most: capacity.workflows };
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
  const placers = placersOf(scene);
  return (engine) => {
    const { active, placed, most } = countsOf(scene, engine);
    return (active + placed * placers) / most;
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
  const weight = (placersOf(scene) * loads) / Math.max(active, candidates.length) / 2;
  return (engine) => measured(engine) + countsOf(scene, engine).placed * weight;
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
