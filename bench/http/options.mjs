import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { choose, onDisk, positive } from '../plan/options.mjs';
import { STORES } from '../plan/subjects.mjs';

const ENGINE = join(import.meta.dirname, '..', '..', 'packages', 'millrace', 'dist', 'index.js');
const PARTS = ['batches', 'starts', 'reads', 'listing', 'fairness'];

export const HTTP_USAGE = `node bench/http.mjs [options]

  --parts starts,reads   which (default: ${PARTS.join(',')})
  --stores postgres      on these stores (default: ${STORES.join(',')})
  --reps 3               repetitions of each, each on an empty store
  --closed 1000000       closed runs behind the listings
  --open 100000          open runs behind the listings
  --engine PATH          another build of Millrace (default: packages/millrace/dist/index.js)
  --folder DIR           where SQLite keeps its files (default: the temporary folder)
`;

/** What the command line asks for; throws with a message for the user when it asks for the unknown. */
export function readHttpOptions(words) {
  const { values } = parseArgs({
    args: words,
    options: {
      parts: { type: 'string' },
      stores: { type: 'string' },
      reps: { type: 'string', default: '3' },
      closed: { type: 'string', default: '1000000' },
      open: { type: 'string', default: '100000' },
      engine: { type: 'string', default: ENGINE },
      folder: { type: 'string' },
      help: { type: 'boolean', default: false },
    },
  });
  return {
    help: values.help,
    parts: choose('part', values.parts, PARTS),
    stores: choose('store', values.stores, STORES),
    reps: positive('reps', values.reps),
    closed: positive('closed', values.closed),
    open: positive('open', values.open),
    engine: resolve(values.engine),
    folder: onDisk(resolve(values.folder ?? tmpdir())),
  };
}
