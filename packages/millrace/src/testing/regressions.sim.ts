import { expect, it } from 'vitest';
import { simulateScenario } from './scenario/simulate-scenario.ts';
import { scenarioOf } from './scenario/swarm.ts';

/** Seeds that once broke a promise, by what was wrong. */
const FOUND: readonly [what: string, seed: number][] = [
  ['the timer of a retry spun while its attempt was running', 5],
  ['steps of a claimed run began before its first turn was durable', 4],
  ['a synchronous step began once per recorded retry', 20],
  ['a repeated start met KEY_IN_USE after its run had continued as new', 87],
  ['a successor heard a signal again that its predecessor had taken', 183],
  ['an engine died while it retired another, and the rest was forgotten', 1267],
];

it.each(FOUND)('%s: seed %i', async (_what, seed) => {
  const { failure, trace } = await simulateScenario(scenarioOf(seed));
  expect(failure, trace.slice(-40).join('\n')).toBeUndefined();
});
