import type { EngineView, Work } from '../../policy/eligibility.ts';
import { nearestOf, scoresOf } from '../load.ts';
import type { Strategy } from '../strategy.ts';
import { balance } from './load-balanced.ts';

/**
 * The most specialised engine that is able: the one that could do the fewest other things, so that those with rare
 * abilities stay free for work that needs them. When it is full the next takes over; among equals by load.
 */
export const capability: Strategy = (scene) => {
  const { candidates, work } = scene;
  const othersOf = (engine: EngineView): number => otherAbilities(engine, work);
  const { engine, reason } = balance(scene, nearestOf(candidates, othersOf));
  return {
    engine,
    reason: `it is the most specialised, with ${othersOf(engine)} other abilities; there ${reason}`,
    scoredBy: 'executors, workflows and labels that this work does not need',
    scores: scoresOf(candidates, othersOf),
  };
};

/** Versions of one workflow are one ability: keeping old ones does not make an engine a generalist. */
function otherAbilities({ executors, workflows, labels }: EngineView, { requires }: Work): number {
  const programs = new Set(workflows.map(({ workflow }) => workflow));
  const needed = 1 + new Set(requires).size;
  return new Set(executors).size + programs.size + new Set(labels).size - needed;
}
