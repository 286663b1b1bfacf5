import { countsOf, lowest, occupancyOf, scoresOf } from '../load.ts';
import type { Strategy } from '../strategy.ts';

/** The engine of which the smallest share is taken: works of this kind by how many it takes at once. */
export const leastLoad: Strategy = (scene) => {
  const { candidates, work } = scene;
  const scoreOf = occupancyOf(scene);
  const engine = lowest(scene, candidates, scoreOf);
  const { active, placed, most } = countsOf(scene, engine);
  return {
    engine,
    reason: `it is the least occupied, ${active} of ${most} ${work.kind}s and ${placed} given since`,
    scoredBy: 'share of its room that is taken, and what it was given since counted for all placers',
    scores: scoresOf(candidates, scoreOf),
  };
};
