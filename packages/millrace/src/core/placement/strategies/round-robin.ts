import { scoresOf, waitedLonger } from '../load.ts';
import type { Strategy } from '../strategy.ts';

/**
 * The engine whose last turn is longest ago. With fixed members that is the cycle; a cursor into a list would give
 * double turns to whoever follows an engine that some works may not use.
 */
export const roundRobin: Strategy = (scene) => {
  const { candidates, state } = scene;
  const engine = candidates.reduce((best, next) => (waitedLonger(scene, next, best) ? next : best));
  const last = state.turns.get(engine.engineId);
  return {
    engine,
    reason:
      last === undefined
        ? 'it had no turn yet'
        : `its last turn is the longest ago, ${state.turn - last} back`,
    scoredBy: 'turn in which it was chosen last, -1 for never',
    scores: scoresOf(candidates, ({ engineId }) => state.turns.get(engineId) ?? -1),
  };
};
