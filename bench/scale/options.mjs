import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { choose, onDisk, positive } from '../plan/options.mjs';
import { STORES } from '../plan/subjects.mjs';

const ENGINE = join(import.meta.dirname, '..', '..', 'packages', 'millrace', 'dist', 'index.js');
const PARTS = ['engines', 'sleeping', 'active', 'idle'];

export const SCALE_USAGE = `node bench/scale.mjs [options]

  --parts engines,idle   which (default: all: ${PARTS.join(',')})
  --stores postgres      on these stores (default: ${STORES.join(',')})
  --reps 3               repetitions of each, each on an empty store
  --engines 1,3,10       how many engines share the work
  --slots 20             runs that one engine has in hand at once
  --step-ms 250          how long a step waits for its service: from half to one and a half of it
  --seconds 20           how long completions are counted, after a warm-up of a fifth of it
  --crowds 1000,10000,100000   how many runs sleep, or are active, at once
  --spread-ms 0          wake-ups are spread over so long (default: 0.5 ms for each run, at least 5 s)
  --idle-seconds 60      how long an idle engine is watched
  --engine PATH          another build of Millrace (default: packages/millrace/dist/index.js)
  --folder DIR           where SQLite keeps its files (default: the temporary folder)
`;

/** What the command line asks for; throws with a message for the user when it asks for the unknown. */
export function readScaleOptions(words) {
  const { values } = parseArgs({
    args: words,
    options: {
      parts: { type: 'string' },
      stores: { type: 'string' },
      reps: { type: 'string', default: '3' },
      engines: { type: 'string', default: '1,3,10' },
      slots: { type: 'string', default: '20' },
      'step-ms': { type: 'string', default: '250' },
      seconds: { type: 'string', default: '20' },
      crowds: { type: 'string', default: '1000,10000,100000' },
      'spread-ms': { type: 'string', default: '0' },
      'idle-seconds': { type: 'string', default: '60' },
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
    engines: positives('engines', values.engines),
    slots: positive('slots', values.slots),
    stepMs: positive('step-ms', values['step-ms']),
    seconds: positive('seconds', values.seconds),
    crowds: positives('crowds', values.crowds),
    spreadMs: Number(values['spread-ms']),
    idleSeconds: positive('idle-seconds', values['idle-seconds']),
    engine: resolve(values.engine),
    folder: onDisk(resolve(values.folder ?? tmpdir())),
  };
}

function positives(name, text) {
  return text.split(',').map((part) => positive(name, part));
}
