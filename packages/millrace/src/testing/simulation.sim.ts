import { describe, expect, it } from 'vitest';
import { createTally, missingSightings } from './check/tally.ts';
import { simulateScenario } from './scenario/simulate-scenario.ts';
import { scenarioOf } from './scenario/swarm.ts';

const SEEDS = 300;

describe('simulation', () => {
  it(`keeps every promise on seeds 1 to ${SEEDS}, and every kind of fault bites`, async () => {
    const tally = createTally();
    for (let seed = 1; seed <= SEEDS; seed++) {
      const outcome = await simulateScenario(scenarioOf(seed));
      tally.merge(outcome.tally);
      expect(outcome.failure, `SEED=${seed}\n${outcome.trace.slice(-40).join('\n')}`).toBeUndefined();
    }
    expect(missingSightings(tally)).toEqual([]);
  });

  it.each([7, 42, 141])('plays seed %i the same way twice', async (seed) => {
    const [first, second] = [
      await simulateScenario(scenarioOf(seed)),
      await simulateScenario(scenarioOf(seed)),
    ];
    expect(first.trace).toEqual(second.trace);
    expect(first.fingerprint).toBe(second.fingerprint);
  });

  it('gives two seeds two traces', async () => {
    const [first, second] = [await simulateScenario(scenarioOf(7)), await simulateScenario(scenarioOf(8))];
    expect(first.fingerprint).not.toBe(second.fingerprint);
  });
});
