import type { Candidates, EngineView } from '../../policy/eligibility.ts';
import { hash01 } from '../hash.ts';
import { homeWithin, lowest, scoresOf, weightedLoadOf, type ScoreOf } from '../load.ts';
import type { Scene, Strategy } from '../strategy.ts';

/** The engine of the lowest load: CPU, memory and occupancy by their weights. */
export const loadBalanced: Strategy = (scene) => {
  const { candidates } = scene;
  const scoreOf = weightedLoadOf(scene);
  return {
    ...balance(scene, candidates, scoreOf),
    scoredBy: 'load 0 to 1 by the weights of CPU, memory and occupancy, and what it was given since',
    scores: scoresOf(candidates, scoreOf),
  };
};

/**
 * Of more engines than this only two are compared. As many placers as engines see the same beats: if all compared all,
 * the few least loaded would get everything until the next beat, and no placer gives enough to notice. Up to eight the
 * whole comparison was better in the model, beyond it two drawn ones (decision 11).
 */
const COMPARED_WHOLE = 8;

/** By so much of the whole scale the placer's own engine may be more loaded: measurements of two differ by that anyway. */
const TIE = 0.1;

/** How every other strategy, too, decides between engines that are equally good for it. */
export function balance(
  scene: Scene,
  candidates: Candidates,
  scoreOf: ScoreOf = weightedLoadOf(scene),
): { readonly engine: EngineView; readonly reason: string } {
  const [only, ...others] = candidates;
  if (others.length === 0) return { engine: only, reason: 'it is the only one' };
  const isDrawn = candidates.length > COMPARED_WHOLE;
  const least = lowest(scene, isDrawn ? drawTwo(scene, candidates) : candidates, scoreOf);
  const engine = homeWithin(scene, candidates, scoreOf(least) + TIE, scoreOf) ?? least;
  if (engine !== least) return { engine, reason: `it is here, and no other has a load much lower` };
  const among = isDrawn ? `two drawn from ${candidates.length}` : `${candidates.length}`;
  return { engine, reason: `it has the lowest load of ${among}, ${scoreOf(engine).toFixed(3)}` };
}

/** @source Mitzenmacher, The Power of Two Choices; How Useful Is Old Information? */
function drawTwo({ state }: Scene, candidates: Candidates): Candidates {
  const draw = (name: string, count: number): number =>
    Math.floor(hash01(`${state.placer.placerId}/${state.turn}/${name}`) * count);
  const first = draw('first', candidates.length);
  const step = 1 + draw('second', candidates.length - 1);
  // Both are inside, and the step makes them two.
  const at = (index: number): EngineView => candidates[index % candidates.length] as EngineView;
  return [at(first), at(first + step)];
}
