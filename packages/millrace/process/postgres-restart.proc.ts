import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { findPostgresBinaries } from '../testbed/postgres-binaries.ts';
import { startPostgresCluster, type PostgresCluster } from '../testbed/postgres-cluster.ts';
import { judge } from './judge/judge.ts';
import { openRig, type Client, type Rig } from './rig/rig.ts';
import { single } from './rig/place.ts';
import { until } from './rig/wait.ts';
import type { WorkerProcess } from './rig/worker-process.ts';
import { calmItems } from './worker/workload.ts';

const LEASE_MS = 1500;

let cluster: PostgresCluster;
let rig: Rig;

describe.skipIf(findPostgresBinaries() === undefined)('when PostgreSQL crashes under load', () => {
  beforeAll(async () => {
    cluster = await startPostgresCluster();
  });
  afterAll(() => cluster.remove());
  afterEach(() => rig.end());

  test('and comes back at once, nothing is lost', async () => {
    const { engines, client } = await openTwo();
    let crashes = 0;
    const work = perform(client);
    for (; crashes < 3; crashes++) {
      // oxlint-disable-next-line no-await-in-loop -- one crash after the other
      await untilOutcomes();
      // oxlint-disable-next-line no-await-in-loop
      await cluster.stop('immediate');
      // oxlint-disable-next-line no-await-in-loop
      await cluster.start();
    }
    await work.end();
    await client.untilNothingIsOpen();
    const { violations, figures } = await judge(rig);
    console.log(`${crashes} crashes: ${JSON.stringify(figures)}`);
    expect(violations).toEqual([]);
    expect(figures.takeovers, 'an engine was declared dead').toBe(0);
    expect(figures.started).toBeGreaterThan(8);
    expect(await leave(engines)).toEqual(UNHARMED);
  });

  test('for longer than the lease, no engine declares another dead and all go on', async () => {
    const { engines, client } = await openTwo();
    const work = perform(client);
    await untilOutcomes();
    await cluster.stop('immediate');
    const stoppedAt = performance.now();
    await until('an outage of three leases', () => performance.now() - stoppedAt > LEASE_MS * 3);
    await cluster.start();
    await untilOutcomes();
    await work.end();
    await client.untilNothingIsOpen();
    const { violations, figures } = await judge(rig);
    console.log(`a long outage: ${JSON.stringify(figures)}`);
    expect(violations).toEqual([]);
    expect(figures.takeovers, 'an engine was declared dead').toBe(0);
    expect(figures.started).toBeGreaterThan(8);
    expect(await leave(engines)).toEqual(UNHARMED);
  });
});

async function openTwo(): Promise<{ engines: WorkerProcess[]; client: Client }> {
  rig = await openRig('postgres', single(cluster.url));
  const engines = ['one', 'two'].map((name) => rig.worker({ name, leaseMs: LEASE_MS, concurrency: 8 }));
  await Promise.all(engines.map((engine) => engine.untilMark('ready')));
  return { engines, client: await rig.client() };
}

/** A client that starts runs all the time until it is told to stop. */
function perform(client: Client): { end(): Promise<void> } {
  const stop = new AbortController();
  const rounds = (async () => {
    for (let round = 0; !stop.signal.aborted; round++) {
      // oxlint-disable-next-line no-await-in-loop -- round after round
      await client.perform(calmItems(`round-${round}`, 1));
    }
  })();
  rounds.catch(() => undefined);
  return {
    end: () => {
      stop.abort();
      return rounds;
    },
  };
}

/** Crashes aim at work, not at the clock. */
async function untilOutcomes(): Promise<void> {
  const count = (): number => rig.entries().filter(({ kind }) => kind === 'end').length;
  const before = count();
  await until('outcomes of steps', () => count() > before + 20);
}

/** Three crashes, each with its beginning and its end; many more calls fail. */
const LINES_MOST = 6;
const ONE_UNHARMED = { noticed: true, quiet: true, returned: 0, exit: { code: 0, signal: null } };
const UNHARMED = [ONE_UNHARMED, ONE_UNHARMED];

/**
 * Whether each engine saw the store fail and said so in a few lines, came back as another, and could be asked to
 * leave in the end.
 */
async function leave(engines: readonly WorkerProcess[]): Promise<object[]> {
  return Promise.all(
    engines.map(async (engine) => {
      engine.kill('SIGTERM');
      const exit = await engine.ended;
      const lines = engine.logs('fail').length;
      return {
        noticed: lines > 0,
        quiet: lines <= LINES_MOST,
        returned: engine.logs('it comes back as new').length,
        exit,
      };
    }),
  );
}
