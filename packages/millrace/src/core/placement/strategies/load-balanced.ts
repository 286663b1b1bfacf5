import type { Candidates, EngineView } from '../../policy/eligibility.ts';
import { lowest, scoresOf, weightedLoad } from '../load.ts';
import type { Scene, Strategy } from '../strategy.ts';

/** The engine of the lowest load: CPU, memory and occupancy by their weights. */
export const loadBalanced: Strategy = (scene) => {
  const { candidates, work, state } = scene;
  const { engine, reason } = balance(scene, candidates);
  return {
    engine,
    reason,
    scoredBy: 'load 0 to 1, of CPU, memory and occupancy by their weights',
    scores: scoresOf(candidates, (candidate) => weightedLoad(candidate, work, state.placer.weights)),
  };
};

/** How every other strategy decides between engines that are equally good for it. */
export function balance(
  scene: Scene,
  candidates: Candidates,
): { readonly engine: EngineView; readonly reason: string } {
  const { work, state } = scene;
  const loadOf = (engine: EngineView): number => weightedLoad(engine, work, state.placer.weights);
  const engine = lowest(scene, candidates, loadOf);
  if (candidates.length === 1) return { engine, reason: 'there is no other' };
  return { engine, reason: `it has the lowest load of ${candidates.length}, ${loadOf(engine).toFixed(3)}` };
}
