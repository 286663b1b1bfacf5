import type { EngineView } from '../../policy/eligibility.ts';
import { hash01 } from '../hash.ts';
import { lowest, nearestOf, scoresOf } from '../load.ts';
import { sharesOf } from '../shares.ts';
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
  const { sharers, weightOf } = sharesOf(candidates);
  const drawOf = (engine: EngineView): number =>
    -Math.log(hash01(`${engine.name}\n${key}`)) / weightOf(engine);
  // Engines of one name draw the same number: which of them it is must not depend on turns either.
  const twins = nearestOf(sharers, drawOf);
  const engine = lowest(scene, twins, ({ engineId }) => hash01(`${engineId}\n${key}`));
  return {
    engine,
    reason: `key ${JSON.stringify(key)} belongs to it among ${sharers.length}`,
    scoredBy: 'draw of engine and key',
    scores: scoresOf(sharers, drawOf),
  };
};

/** Without a key the run itself is what belongs together. */
function withoutKey(scene: Scene): Verdict {
  const last = scene.candidates.find(({ engineId }) => engineId === scene.work.lastEngineId);
  const scoredBy = 'whether it executed the work last: 0 yes, 1 no';
  const scores = scoresOf(scene.candidates, (candidate) => (candidate === last ? 0 : 1));
  if (last !== undefined)
    return { engine: last, reason: 'no affinity key; it executed the work last', scoredBy, scores };
  const { engine, reason } = balance(scene, scene.candidates);
  return { engine, reason: `no affinity key; ${reason}`, scoredBy, scores };
}
