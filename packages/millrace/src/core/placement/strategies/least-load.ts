import { countsOf, homeWithin, lowest, occupancyOf, scoresOf } from '../load.ts';
import type { Strategy } from '../strategy.ts';

/** So much fuller than the least occupied one may be the placer's own, as a share. */
const TIE = 1.1;

/** The engine of which the smallest share is taken: works of this kind by how many it takes at once. */
export const leastLoad: Strategy = (scene) => {
  const { candidates, work } = scene;
  const scoreOf = occupancyOf(scene);
  const least = lowest(scene, candidates, scoreOf);
  const engine = homeWithin(scene, candidates, scoreOf(least) * TIE, scoreOf) ?? least;
  const { active, placed, most } = countsOf(scene, engine);
  const merit = engine === least ? 'the least occupied' : 'here, and hardly more occupied than others';
  return {
    engine,
    reason: `it is ${merit}, ${active} of ${most} ${work.kind}s and ${placed} given since`,
    scoredBy: 'share of its room that is taken, and what it was given since counted for all placers',
    scores: scoresOf(candidates, scoreOf),
  };
};
