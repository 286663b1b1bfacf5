import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { choose, onDisk, positive } from '../plan/options.mjs';
import { STORES } from '../plan/subjects.mjs';
import { SHAPES } from './graphs.mjs';

const ENGINE = join(import.meta.dirname, '..', '..', 'packages', 'millrace', 'dist', 'index.js');
const PARTS = ['recorded', 'killed', 'synthetic', 'code', 'replay'];

export const DAG_USAGE = `node bench/dag.mjs [options]

  --parts synthetic,code which (default: ${PARTS.join(',')}; without --instances: no recorded, no killed)
  --instances DIR        recorded executions in WfFormat 1.5
  --only blast,chain     recorded executions whose names have one of these in them
  --stores sqlite        on these stores (default: ${STORES.join(',')})
  --reps 3               repetitions of each, each on an empty store
  --slots 4,16,64        how many tasks of a recorded execution run at once
  --mean-ms 100          mean time of a task of a recorded execution
  --shapes chain,star    synthetic graphs (default: ${Object.keys(SHAPES).join(',')})
  --sizes 1000,10000,100000   nodes of a synthetic graph
  --engine PATH          another build of Millrace (default: packages/millrace/dist/index.js)
  --folder DIR           where SQLite keeps its files (default: the temporary folder)
`;

/** What the command line asks for; throws with a message for the user when it asks for the unknown. */
export function readDagOptions(words) {
  const { values } = parseArgs({
    args: words,
    options: {
      parts: { type: 'string' },
      instances: { type: 'string' },
      only: { type: 'string' },
      stores: { type: 'string' },
      reps: { type: 'string', default: '3' },
      slots: { type: 'string', default: '4,16,64' },
      'mean-ms': { type: 'string', default: '100' },
      shapes: { type: 'string' },
      sizes: { type: 'string', default: '1000,10000,100000' },
      engine: { type: 'string', default: ENGINE },
      folder: { type: 'string' },
      help: { type: 'boolean', default: false },
    },
  });
  const parts = choose('part', values.parts, PARTS);
  const real = ['recorded', 'killed'];
  if (
    values.instances === undefined &&
    values.parts !== undefined &&
    parts.some((part) => real.includes(part))
  )
    throw new Error('recorded executions are not part of the project: name their folder with --instances');
  return {
    help: values.help,
    parts: values.instances === undefined ? parts.filter((part) => !real.includes(part)) : parts,
    instances: values.instances === undefined ? undefined : resolve(values.instances),
    only: values.only?.split(','),
    stores: choose('store', values.stores, STORES),
    reps: positive('reps', values.reps),
    slots: values.slots.split(',').map((text) => positive('slots', text)),
    meanMs: positive('mean-ms', values['mean-ms']),
    shapes: choose('shape', values.shapes, Object.keys(SHAPES)),
    sizes: values.sizes.split(',').map((text) => positive('sizes', text)),
    engine: resolve(values.engine),
    folder: onDisk(resolve(values.folder ?? tmpdir())),
  };
}
