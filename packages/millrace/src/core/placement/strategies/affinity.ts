import type { EngineView } from '../../policy/eligibility.ts';
import { hash01 } from '../hash.ts';
import { lowest, scoresOf } from '../load.ts';
import type { Scene, Strategy, Verdict } from '../strategy.ts';
import { balance } from './load-balanced.ts';

/**
 * The same engine for the same key, as long as it is eligible, without anybody remembering it: every engine draws a
 * number from its name and the key, scaled by its weight, and the best draw wins. When an engine leaves only its own
 * keys move, and when one joins keys move only to it. Names are hashed, not ids: a restart moves nothing.
 * @source Thaler and Ravishankar, rendezvous hashing; weights after Schindelhauer and Schomaker.
 */
export const affinity: Strategy = (scene) => {
  const { work, candidates } = scene;
  const key = work.affinity;
  if (key === undefined) return withoutKey(scene);
  const drawOf = ({ name, weight }: EngineView): number =>
    // The smaller the weight the longer the draw; at 0 it is endless, so such an engine is only used alone.
    -Math.log(hash01(`${name}\n${key}`)) / weight;
  const engine = lowest(scene, candidates, drawOf);
  return {
    engine,
    reason: `key ${JSON.stringify(key)} belongs to it among ${candidates.length}`,
    scoredBy: 'draw of engine and key',
    scores: scoresOf(candidates, drawOf),
  };
};

/** Without a key the run itself is what belongs together. */
function withoutKey(scene: Scene): Verdict {
  const last = scene.candidates.find(({ engineId }) => engineId === scene.work.lastEngineId);
  const { engine, reason } =
    last === undefined ? balance(scene, scene.candidates) : { engine: last, reason: '' };
  return {
    engine,
    reason:
      last === undefined
        ? `the work has no affinity key; ${reason}`
        : 'no affinity key; it executed the work last',
    scoredBy: 'whether it executed the work last: 0 yes, 1 no',
    scores: scoresOf(scene.candidates, (candidate) => (candidate === last ? 0 : 1)),
  };
}
