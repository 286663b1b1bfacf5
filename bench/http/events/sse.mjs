/* Events to many listeners: `node bench/http/sse.mjs --help`. README.md says what is measured and what counts. */
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { treeCpuMs } from '../../measure/proc.mjs';
import { choose, onDisk, positive } from '../../plan/options.mjs';
import { STORES } from '../../plan/subjects.mjs';
import { formatTable } from '../../report/table.mjs';
import { openScaleRecords } from '../../scale/records.mjs';
import { onStage } from '../../scale/stage.mjs';
import { startPostgres } from '../../servers/postgres.mjs';

const ENGINE = join(import.meta.dirname, '..', '..', '..', 'packages', 'millrace', 'dist', 'index.js');
const USAGE = `node bench/http/sse.mjs [options]

  --stores sqlite        on these stores (default: ${STORES.join(',')})
  --listeners 1000       how many listen at once
  --events 500           events a second
  --seconds 20           for so long
  --engine PATH          another build of Millrace (default: packages/millrace/dist/index.js)
  --folder DIR           where SQLite keeps its files (default: the temporary folder)
`;

/** Of the listeners, so many read every event. */
const READERS = 5;
const SETTLE_MS = 2_000;

for (const signal of ['SIGINT', 'SIGTERM']) process.once(signal, () => process.exit(1));

function readOptions(words) {
  const { values } = parseArgs({
    args: words,
    options: {
      stores: { type: 'string' },
      listeners: { type: 'string', default: '1000' },
      events: { type: 'string', default: '500' },
      seconds: { type: 'string', default: '20' },
      engine: { type: 'string', default: ENGINE },
      folder: { type: 'string' },
      help: { type: 'boolean', default: false },
    },
  });
  return {
    help: values.help,
    stores: choose('store', values.stores, STORES),
    listeners: positive('listeners', values.listeners),
    events: positive('events', values.events),
    seconds: positive('seconds', values.seconds),
    engine: resolve(values.engine),
    folder: onDisk(resolve(values.folder ?? tmpdir())),
  };
}

/** A server, those who listen, and events for a while, the first seconds of which do not count. */
async function measure(stage, { engine, listeners, events, seconds }) {
  const server = await stage.enter({ engine, program: 'server' });
  const crowd = await stage.enter({ program: 'listeners' });
  const url = await server.ask({ act: 'address' });
  await crowd.ask({ act: 'listen', url, count: listeners, readers: READERS });
  await server.ask({ act: 'start', perSecond: events / 2, forMs: 3_000 });
  await crowd.ask({ act: 'measure' });
  const storeCpu = stage.storePid === undefined ? 0 : treeCpuMs(stage.storePid);
  const made = await server.ask({ act: 'start', perSecond: events / 2, forMs: seconds * 1_000 });
  const storeCpus = stage.storePid === undefined ? 0 : (treeCpuMs(stage.storePid) - storeCpu) / made.ms;
  return { ...made, storeCpus, ...(await crowd.ask({ act: 'report', settleMs: SETTLE_MS })) };
}

/** Why a case does not count; undefined: it does. */
function faultOf({ seen, doubled, ended }) {
  if (ended > 0) return `${ended} listeners were cut off`;
  if (doubled > 0) return `${doubled} events were told twice on one connection`;
  return new Set(seen).size === 1 ? undefined : `listeners saw ${seen.join(', ')} events`;
}

async function main() {
  const options = readOptions(process.argv.slice(2));
  if (options.help) return console.log(USAGE);
  const postgres = options.stores.includes('postgres') ? await startPostgres() : undefined;
  const records = openScaleRecords(options, postgres, 'sse');
  const rows = [];
  try {
    for (const store of options.stores) {
      const actor = join(import.meta.dirname, 'actor.mjs');
      const place = { store, folder: options.folder, postgres, actor };
      const said = await onStage(place, (stage) => measure(stage, options));
      const fault = faultOf(said);
      records.append({ store, fault, ...said });
      const perSecond = (said.started * 2 * 1_000) / said.ms;
      const times = [said.p50, said.p99, said.max].map((ms) => String(Math.round(ms)));
      const load = [said.cpus, said.storeCpus].map((cpus) => cpus.toFixed(2));
      const memory = String(Math.round(said.highestMb));
      rows.push([store, String(Math.round(perSecond)), ...times, ...load, memory, fault ?? '']);
      if (fault !== undefined) process.exitCode = 1;
    }
  } finally {
    await postgres?.stop();
  }
  const title = `${options.listeners} listeners`;
  const columns = ['events/s', 'p50 ms', 'p99 ms', 'max ms', 'cpus server', 'cpus store', 'rss MB', ''];
  console.log(formatTable([title, ...columns], rows));
  console.log(`\nrecords: ${records.path}`);
}

try {
  await main();
} catch (error) {
  console.error(error.code?.startsWith('ERR_PARSE_ARGS') ? `${error.message}\n\n${USAGE}` : error);
  process.exitCode = 1;
}
