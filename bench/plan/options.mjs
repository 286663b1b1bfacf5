import { statfsSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { WORKLOADS } from '../workloads/index.mjs';
import { PEER_NAMES, STORES } from './subjects.mjs';

const ENGINE = join(import.meta.dirname, '..', '..', 'packages', 'millrace', 'dist', 'index.js');

export const USAGE = `node bench/run.mjs [options]

  --workloads W1,W2    which (default: all: ${Object.keys(WORKLOADS).join(',')})
  --stores postgres    Millrace on these stores (default: ${STORES.join(',')}; none)
  --peers dbos,restate beside these (default: ${PEER_NAMES.join(',')}; none)
  --reps 5             repetitions of each, each on an empty store
  --scale 0.05         fewer runs; a look, not a measurement
  --spike              also what the disk, PostgreSQL and SQLite themselves allow today
  --statements         load pg_stat_statements and record the costliest statements; slows PostgreSQL a little
  --encrypt            Millrace encrypts its payloads
  --profile            write CPU profiles of the engine's process to bench/out
  --engine PATH        another build of Millrace (default: packages/millrace/dist/index.js)
  --folder DIR         where SQLite, Redis and Restate keep their files (default: the temporary folder)
`;

/** What the command line asks for; throws with a message for the user when it asks for the unknown. */
export function readOptions(words) {
  const { values } = parseArgs({
    args: words,
    options: {
      workloads: { type: 'string' },
      stores: { type: 'string' },
      peers: { type: 'string' },
      reps: { type: 'string', default: '5' },
      scale: { type: 'string', default: '1' },
      engine: { type: 'string', default: ENGINE },
      folder: { type: 'string' },
      spike: { type: 'boolean', default: false },
      statements: { type: 'boolean', default: false },
      encrypt: { type: 'boolean', default: false },
      profile: { type: 'boolean', default: false },
      help: { type: 'boolean', default: false },
    },
  });
  return {
    ...values,
    engine: resolve(values.engine),
    folder: onDisk(resolve(values.folder ?? tmpdir())),
    workloads: choose('workload', values.workloads, Object.keys(WORKLOADS)),
    stores: choose('store', values.stores, STORES),
    peers: choose('peer', values.peers, PEER_NAMES),
    reps: positive('reps', values.reps),
    scale: positive('scale', values.scale),
  };
}

export function choose(what, text, known) {
  if (text === undefined) return known;
  if (text === 'none') return [];
  const names = text.split(',');
  const stranger = names.find((name) => !known.includes(name));
  if (stranger !== undefined) throw new Error(`no ${what} "${stranger}"; there are ${known.join(', ')}`);
  return names;
}

const TMPFS = 0x01021994;

/** A folder in memory would make every commit look free. */
export function onDisk(folder) {
  if (statfsSync(folder).type === TMPFS)
    throw new Error(`${folder} is in memory; name one on a disk: --folder DIR`);
  return folder;
}

export function positive(name, text) {
  const value = Number(text);
  if (!(value > 0)) throw new Error(`--${name} wants a number above 0, not "${text}"`);
  return value;
}
