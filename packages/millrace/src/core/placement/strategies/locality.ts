import type { EngineView } from '../../policy/eligibility.ts';
import { nearestOf, scoresOf } from '../load.ts';
import type { Scene, Strategy } from '../strategy.ts';
import { regionDistance } from './geographic.ts';
import { balance } from './load-balanced.ts';

/**
 * Where the fewest bytes travel: the engine that has the run in memory, else the one that holds its input, else one
 * near it, and among those by load. What is unhealthy or full was filtered out before.
 */
export const locality: Strategy = (scene) => {
  const { candidates } = scene;
  const farOf = (engine: EngineView): number => remoteness(scene, engine);
  const { engine, reason } = balance(scene, nearestOf(candidates, farOf));
  return {
    engine,
    reason: `${closeness(scene, engine)}; there ${reason}`,
    scoredBy: 'remoteness: 0 has it in memory, 1 holds its input, further ones by region',
    scores: scoresOf(candidates, farOf),
  };
};

function remoteness({ work }: Scene, { engineId, region }: EngineView): number {
  if (engineId === work.lastEngineId) return 0;
  if (engineId === work.originEngineId) return 1;
  return 2 + regionDistance(work.region, region);
}

function closeness(scene: Scene, engine: EngineView): string {
  const far = remoteness(scene, engine);
  if (far === 0) return 'it executed the work last';
  if (far === 1) return 'it holds the input';
  return far === 2
    ? 'no engine has it, and this one is not farther than others'
    : 'no engine of the region is free';
}
