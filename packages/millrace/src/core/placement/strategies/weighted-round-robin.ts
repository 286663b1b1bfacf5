import type { EngineView } from '../../policy/eligibility.ts';
import { lowest, scoresOf } from '../load.ts';
import { sharesOf } from '../shares.ts';
import type { Strategy } from '../strategy.ts';

/**
 * Each engine earns its weight; the one that is owed most gets the work and pays what all earned. In as many choices
 * as the whole weights add up to, each gets exactly its weight, well spread.
 * @source nginx, smooth weighted round robin.
 */
export const weightedRoundRobin: Strategy = (scene) => {
  const { candidates, state } = scene;
  const { sharers, weightOf } = sharesOf(candidates);
  const total = sharers.reduce((sum, engine) => sum + weightOf(engine), 0);
  const owedTo = (engine: EngineView): number => (state.credits.get(engine.engineId) ?? 0) + weightOf(engine);
  const chosen = lowest(scene, sharers, (engine) => -owedTo(engine));
  const credits = new Map(state.credits);
  for (const engine of sharers) credits.set(engine.engineId, owedTo(engine));
  credits.set(chosen.engineId, owedTo(chosen) - total);
  return {
    engine: chosen,
    reason: `it is owed most: weight ${weightOf(chosen)} of ${total}`,
    scoredBy: 'share that it is owed, the highest is the best',
    scores: scoresOf(sharers, owedTo),
    credits,
  };
};
