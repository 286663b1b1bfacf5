import { expect, it } from 'vitest';
import { simulateScenario } from './scenario/simulate-scenario.ts';
import { scenarioOf } from './scenario/swarm.ts';

/** Seeds that once broke a promise, by what was wrong. */
const FOUND: readonly [what: string, seed: number][] = [
  ['the timer of a retry spun while its attempt was running', 1],
  ['steps of a claimed run began before its first turn was durable', 4],
  ['a synchronous step began once per recorded retry', 6],
  ['a successor heard a signal again that its predecessor had taken', 37],
  ['a successor answered an update again that its predecessor had answered', 72],
  ['a repeated start met KEY_IN_USE after its run had continued as new', 75],
  ['an engine died while it retired another, and the rest was forgotten', 903],
  ['the rest of a half retired engine was unknown to a fresh one', 1267],
  ['one deadlock after an outage blocked a run for ever', 10_262],
];

it.each(FOUND)('%s: seed %i', async (_what, seed) => {
  const { failure, trace } = await simulateScenario(scenarioOf(seed));
  expect(failure, trace.slice(-40).join('\n')).toBeUndefined();
});
