import { afterEach, describe, expect, test } from 'vitest';
import { judge } from './judge/judge.ts';
import { canOpen, openRig, STORES, type Rig } from './rig/rig.ts';
import type { Exit } from './rig/worker-process.ts';
import { calmItems } from './worker/workload.ts';

const DEATH_LIMIT = 3;
/** Halving the suspects comes first; only then is a death counted. */
const DEATHS_MAX = 12;

let rig: Rig;
afterEach(() => rig.end());

describe.for(STORES)('on %s', (kind) => {
  test.skipIf(!canOpen(kind)).for([
    ['abort', { code: null, signal: 'SIGABRT' }],
    ['exit', { code: 1, signal: null }],
  ] as const)('a run that ends its process by %s is quarantined alone', async ([how, death]) => {
    rig = await openRig(kind);
    const client = await rig.client();
    const healthy = calmItems('healthy', 2);
    await client.perform([{ workflow: 'poison', key: 'poison', input: how, signals: 0 }]);
    await client.perform(healthy);
    const deaths = await superviseUntilCalm(death);
    await client.untilNothingIsOpen();

    const poison = client.millrace.run({ key: 'poison' });
    const row = (await (await rig.store()).readRuns([{ namespace: 'default', key: 'poison' }]))[0];
    const { violations, figures } = await judge(rig, { poisoned: ['poison'] });
    console.log(`${kind}, ${how}: ${deaths} deaths, ${JSON.stringify(figures)}`);
    expect(violations).toEqual([]);
    expect(row).toMatchObject({ status: 'blocked', blockCode: 'QUARANTINED', deaths: DEATH_LIMIT + 1 });
    expect(await poison.why()).toMatchObject({ reasons: [{ code: 'QUARANTINED' }] });
    expect(figures.quarantined).toBe(1);
    expect(figures.started).toBe(healthy.length + 1);
    expect(deaths).toBeGreaterThan(DEATH_LIMIT);
  });
});

/** Starts an engine again each time it dies, as a supervisor does, until one lives to see the end of all others. */
async function superviseUntilCalm(expected: Exit): Promise<number> {
  for (let deaths = 0; deaths < DEATHS_MAX; deaths++) {
    const engine = rig.worker({ name: `engine-${deaths}` });
    const calm = engine.untilEntry('a quarantine', () => engine.logs('1 quarantined').length > 0);
    // oxlint-disable-next-line no-await-in-loop -- one life after the other
    const exit = await Promise.race([engine.ended, calm.catch(() => engine.ended)]);
    if (exit === undefined) return deaths;
    expect(exit).toEqual(expected);
  }
  throw new Error(`${DEATHS_MAX} engines died and the run was not found`);
}
