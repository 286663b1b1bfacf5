import type { Candidates, EngineView } from '../../policy/eligibility.ts';
import { lowest, scoresOf, weightedLoadOf } from '../load.ts';
import type { Scene, Strategy } from '../strategy.ts';

/** The engine of the lowest load: CPU, memory and occupancy by their weights. */
export const loadBalanced: Strategy = (scene) => {
  const { candidates } = scene;
  return {
    ...balance(scene, candidates),
    scoredBy: 'load 0 to 1 by the weights of CPU, memory and occupancy, and what it was given since',
    scores: scoresOf(candidates, weightedLoadOf(scene)),
  };
};

/** How every other strategy decides between engines that are equally good for it. */
export function balance(
  scene: Scene,
  candidates: Candidates,
): { readonly engine: EngineView; readonly reason: string } {
  const [only, ...others] = candidates;
  if (others.length === 0) return { engine: only, reason: 'it is the only one' };
  const scoreOf = weightedLoadOf(scene);
  const engine = lowest(scene, candidates, scoreOf);
  return { engine, reason: `it has the lowest load of ${candidates.length}, ${scoreOf(engine).toFixed(3)}` };
}
