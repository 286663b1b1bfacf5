import { expect, it } from 'vitest';
import { shrink } from '../scenario/shrink.ts';
import { simulateScenario } from '../scenario/simulate-scenario.ts';
import { scenarioOf } from '../scenario/swarm.ts';
import { PLANTED_BUGS } from './planted.ts';

const MOST_SEEDS = 300;

it.each(PLANTED_BUGS)('finds out that $name', async (bug) => {
  for (let seed = 1; seed <= MOST_SEEDS; seed++) {
    const { failure } = await simulateScenario(scenarioOf(seed), bug);
    if (failure === undefined) continue;
    console.log(`${bug.name}: first seed that fails: ${seed} (${failure.rule})`);
    expect(bug.brokenRules).toContain(failure.rule);
    return;
  }
  expect.fail(`no seed up to ${MOST_SEEDS} shows it`);
});

it('cuts a failing scenario down', async () => {
  const bug = PLANTED_BUGS.find(({ name }) => name.includes('unread'));
  const scenario = scenarioOf(2);
  const failing = await simulateScenario(scenario, bug);
  const shrunk = await shrink(scenario, failing, { tries: 200, bug });
  expect(shrunk.outcome.failure?.rule).toBe(failing.failure?.rule);
  expect(shrunk.scenario.stories.length).toBeLessThan(scenario.stories.length);
  expect(shrunk.scenario.incidents.length).toBeLessThan(scenario.incidents.length);
});
