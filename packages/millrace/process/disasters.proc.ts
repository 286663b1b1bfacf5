import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { findPostgresBinaries, findReplication } from '../testbed/postgres-binaries.ts';
import { startPostgresCluster, type PostgresCluster } from '../testbed/postgres-cluster.ts';
import { DISASTERS } from './disasters/disasters.ts';
import { describePlayed } from './disasters/report.ts';
import { play } from './disasters/play.ts';
import { SMALL } from './disasters/sizes.ts';

let cluster: PostgresCluster | undefined;
beforeAll(async () => {
  // One of its own: it is going to be restarted.
  if (findPostgresBinaries() !== undefined) cluster = await startPostgresCluster();
});
afterAll(() => cluster?.remove());

/** Killed is killed here; a campaign looks at how long it takes without the lock too. */
const CASES = DISASTERS.filter(({ byLease }) => byLease !== true).flatMap((disaster) =>
  disaster.stores.map((kind) => ({ disaster, kind })),
);

describe(`three engines with ${SMALL.runs} runs in flight`, () => {
  for (const { disaster, kind } of CASES) {
    const can =
      kind === 'sqlite' ||
      (disaster.pair === true ? findReplication() : findPostgresBinaries()) !== undefined;
    test.skipIf(!can)(`on ${kind}, ${disaster.name}: nothing is lost and nothing doubled`, async () => {
      const played = await play(disaster, kind, SMALL, { cluster });
      console.log(`${kind}, ${disaster.name}: ${describePlayed(played)}`);
      expect(played.violations).toEqual([]);
      expect(played.times.inFlight).toBeGreaterThan(SMALL.runs / 2);
    });
  }
});
