/*
 * Plays disasters again and again at full size, judges each, and prints how long it took until the engines had noticed
 * and gone on. `npm run campaign -- --help` says what can be chosen. Ends with 1 when a judgement fails.
 */
import { parseArgs } from 'node:util';
import { findPostgresBinaries, findReplication } from '../../testbed/postgres-binaries.ts';
import { startPostgresCluster } from '../../testbed/postgres-cluster.ts';
import type { StoreKind } from '../rig/place.ts';
import { DISASTERS, type Disaster, type Servers } from './disasters.ts';
import { play, type Played } from './play.ts';
import { describePlayed, tableOf, type Row } from './report.ts';
import { FULL, SMALL } from './sizes.ts';

const USAGE = `npm run campaign -- [--times 20] [--runs 12500] [--store postgres|sqlite] [--only TEXT] [--small]
  --times   how often each disaster is played
  --runs    runs of the timetable; four fifths of them are open when it comes
  --store   only on this store
  --only    only disasters with this text in their name
  --small   as in the gate: fewer runs, impatient engines`;

const { values } = parseArgs({
  options: {
    times: { type: 'string', default: '20' },
    runs: { type: 'string' },
    store: { type: 'string' },
    only: { type: 'string', default: '' },
    small: { type: 'boolean', default: false },
    help: { type: 'boolean', default: false },
  },
});

// The engines end with this process.
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => process.exit(1));

if (values.help) console.log(USAGE);
else process.exitCode = (await campaign()) ? 0 : 1;

async function campaign(): Promise<boolean> {
  const base = values.small ? SMALL : FULL;
  const size = { ...base, runs: Number(values.runs ?? base.runs) };
  const cluster = findPostgresBinaries() === undefined ? undefined : await startPostgresCluster();
  const rows: Row[] = [];
  try {
    for (const { disaster, kind } of chosen()) {
      const row: Row = { name: disaster.name, kind, played: [], failures: [] };
      rows.push(row);
      for (let time = 1; time <= Number(values.times); time++) {
        // oxlint-disable-next-line no-await-in-loop -- one after the other
        const played = await attempt(disaster, kind, () =>
          play(disaster, kind, size, { cluster } satisfies Servers),
        );
        if (typeof played === 'string') row.failures.push(played);
        else row.played.push(played);
      }
    }
  } finally {
    await cluster?.remove();
    console.log(`\n${tableOf(rows)}`);
  }
  return rows.every(({ failures }) => failures.length === 0);
}

/** What came of it; or why it failed. */
async function attempt(
  disaster: Disaster,
  kind: StoreKind,
  act: () => Promise<Played>,
): Promise<Played | string> {
  try {
    const played = await act();
    console.log(`${new Date().toISOString()} ${kind}, ${disaster.name}: ${describePlayed(played)}`);
    for (const violation of played.violations.slice(0, 20)) console.log(`  WRONG: ${violation}`);
    return played.violations[0] ?? played;
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    console.log(`${new Date().toISOString()} ${kind}, ${disaster.name}: FAILED: ${reason}`);
    return reason;
  }
}

function chosen(): { disaster: Disaster; kind: StoreKind }[] {
  return DISASTERS.filter(({ name }) => name.includes(values.only))
    .flatMap((disaster) => disaster.stores.map((kind) => ({ disaster, kind })))
    .filter(({ kind }) => values.store === undefined || kind === values.store)
    .filter(({ disaster, kind }) => {
      if (kind === 'sqlite') return true;
      return (disaster.pair === true ? findReplication() : findPostgresBinaries()) !== undefined;
    });
}
