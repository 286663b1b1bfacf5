import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { Millrace } from 'millrace';
import { agrees, readBegun, report, type Outcome } from './console/report.ts';
import { createView } from './console/view.ts';
import { createFleet, type Fleet } from './fleet/fleet.ts';
import { startPostgres } from './fleet/postgres.ts';
import { ENGINES, travel } from './journey.ts';
import type { Parcel } from './parcel.ts';

const USAGE = `Usage: node examples/03-cluster/start.mjs [--store URL] [--parcels N] [--no-kill] [--once]

  --store    postgres://… or file:PATH (default: DATABASE_URL, else a PostgreSQL of its own, which is gone afterwards)
  --parcels  how many (default: 3000)
  --no-kill  let all engines live
  --once     end after the result, which is what happens anyway
`;

interface Options {
  store: string | undefined;
  parcels: number;
  kill: boolean;
}

/** @returns the exit code: 0 when all totals agree, 1 when not, 2 for wrong usage, 130 or 143 when interrupted. */
export async function main(args: string[]): Promise<number> {
  const options = readOptions(args);
  if (typeof options === 'string') {
    process.stderr.write(`${options}\n${USAGE}`);
    return 2;
  }
  const interrupted = untilSignal();
  const { url, stop } = await openDatabase(options.store);
  const folder = mkdtempSync(join(tmpdir(), 'millrace-parcels-'));
  const log = join(folder, 'depots.log');
  const fleet = createFleet({ store: url, log });
  try {
    const outcome = await deliver(url, fleet, { ...options, interrupted });
    if (typeof outcome === 'number') return outcome;
    const whole: Outcome = { ...outcome, begun: readBegun(log) };
    process.stdout.write(report(whole));
    return agrees(whole) ? 0 : 1;
  } finally {
    await fleet.stop();
    await stop();
    rmSync(folder, { recursive: true, force: true });
  }
}

async function deliver(
  store: string,
  fleet: Fleet,
  { parcels: count, kill, interrupted }: Options & { interrupted: Promise<number> },
): Promise<Omit<Outcome, 'begun'> | number> {
  // A client: it starts and looks, and executes nothing.
  const millrace = await Millrace.open({ store, work: false });
  const view = createView();
  try {
    await Promise.all(ENGINES.map((name) => fleet.start(name)));
    view.tell(`three engines work: ${ENGINES.join(', ')}`);
    const parcels: Parcel[] = Array.from({ length: count }, (_, number) => ({
      number,
      pence: 250 + (number % 90),
    }));
    const travelled = travel({ millrace, fleet, view, parcels, kill });
    // After an interruption the client is closed, and whoever still waits on it is told so.
    travelled.catch(() => {});
    const journey = await Promise.race([travelled, interrupted]);
    if (typeof journey === 'number') return journey;
    return { total: count, pence: parcels.reduce((sum, { pence }) => sum + pence, 0), ...journey };
  } finally {
    view.end();
    await millrace.close();
  }
}

async function openDatabase(given: string | undefined): Promise<{ url: string; stop: () => Promise<void> }> {
  const url = given ?? process.env['DATABASE_URL'];
  if (url !== undefined) return { url, stop: async () => {} };
  const postgres = await startPostgres();
  if (postgres !== undefined) {
    process.stderr.write('a PostgreSQL of its own, from the programs of this machine\n');
    return postgres;
  }
  mkdirSync('.millrace', { recursive: true });
  const file = `file:.millrace/cluster-${process.pid}.db`;
  process.stderr.write(`no PostgreSQL on this machine and no DATABASE_URL: three processes share ${file}\n`);
  return { url: file, stop: async () => {} };
}

/** Ctrl-C, or whoever stops services here: the engines leave first. */
function untilSignal(): Promise<number> {
  return new Promise((resolve) => {
    process.once('SIGINT', () => resolve(130));
    process.once('SIGTERM', () => resolve(143));
  });
}

function readOptions(args: string[]): Options | string {
  try {
    const { values } = parseArgs({
      args,
      options: {
        store: { type: 'string' },
        parcels: { type: 'string', default: '3000' },
        'no-kill': { type: 'boolean', default: false },
        once: { type: 'boolean', default: false },
      },
    });
    const parcels = Number(values.parcels);
    if (!Number.isInteger(parcels) || parcels < 1)
      return `--parcels is ${values.parcels}: a whole number of at least 1`;
    return { store: values.store, parcels, kill: !values['no-kill'] };
  } catch (error) {
    return (error as Error).message;
  }
}
