import type { Candidates, EngineView, Work } from '../policy/eligibility.ts';
import { hash01 } from './hash.ts';
import type { LoadWeights } from './state.ts';
import type { Scene, Score } from './strategy.ts';

/** How much of an engine's room for this kind of work is taken; 0 to 1, and more where it took too much. */
export function occupancy({ load, capacity }: EngineView, { kind }: Work): number {
  return kind === 'task' ? load.activeTasks / capacity.tasks : load.activeWorkflows / capacity.workflows;
}

/** CPU, memory and occupancy, each 0 to 1, as one number by the weights. */
export function weightedLoad(engine: EngineView, work: Work, weights: LoadWeights): number {
  const { cpu, memory, workflow } = weights;
  const { cpuUsage, memoryUsage } = engine.load;
  const sum = (cpu * cpuUsage) / 100 + (memory * memoryUsage) / 100 + workflow * occupancy(engine, work);
  return sum / (cpu + memory + workflow);
}

/** The candidate of the lowest score; among equals the one that waited longest for its turn. */
export function lowest(
  scene: Scene,
  candidates: Candidates,
  scoreOf: (engine: EngineView) => number,
): EngineView {
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

export function scoresOf(
  candidates: readonly EngineView[],
  scoreOf: (engine: EngineView) => number,
): readonly Score[] {
  return candidates.map((engine) => ({ engineId: engine.engineId, score: scoreOf(engine) }));
}

/** Those of the lowest score. */
export function nearestOf(candidates: Candidates, scoreOf: (engine: EngineView) => number): Candidates {
  const least = Math.min(...candidates.map(scoreOf));
  // The one that gave the minimum is among them.
  return candidates.filter((engine) => scoreOf(engine) === least) as unknown as Candidates;
}
