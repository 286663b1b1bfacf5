import { lowest, occupancy, scoresOf } from '../load.ts';
import type { Strategy } from '../strategy.ts';

/** The engine of which the smallest share is taken: active works of this kind by how many it takes at once. */
export const leastLoad: Strategy = (scene) => {
  const { candidates, work } = scene;
  const engine = lowest(scene, candidates, (candidate) => occupancy(candidate, work));
  const { load, capacity } = engine;
  const [active, most] =
    work.kind === 'task' ? [load.activeTasks, capacity.tasks] : [load.activeWorkflows, capacity.workflows];
  return {
    engine,
    reason: `it is the least occupied, ${active} of ${most} ${work.kind}s`,
    scoredBy: 'share of its room that is taken',
    scores: scoresOf(candidates, (candidate) => occupancy(candidate, work)),
  };
};
