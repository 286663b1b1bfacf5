/* Graphs: `node bench/dag.mjs --help`. README.md says what is measured and what counts. */
import { readDagOptions, DAG_USAGE } from './dag/options.mjs';
import { readRecorded, scaled } from './dag/recorded/instances.mjs';
import { measureKilled, measureRecorded } from './dag/recorded/measure.mjs';
import { describeDag, printDag } from './dag/report.mjs';
import { measureCode, measureReplay, measureSynthetic } from './dag/synthetic.mjs';
import { openScaleRecords } from './scale/records.mjs';
import { startPostgres } from './servers/postgres.mjs';

for (const signal of ['SIGINT', 'SIGTERM']) process.once(signal, () => process.exit(1));

const MEASURES = {
  recorded: measureRecorded,
  killed: measureKilled,
  synthetic: measureSynthetic,
  code: measureCode,
  replay: measureReplay,
};
/** Where one size says enough. */
const SIZE = 10_000;

/** Each case once, then each once more: a slow hour of the machine hits all of them. */
function* casesOf({ parts, stores, reps, ...options }, instances) {
  for (const part of parts) {
    for (let repetition = 1; repetition <= reps; repetition++) {
      for (const store of stores)
        for (const one of variantsOf(part, options, instances)) yield { part, store, repetition, ...one };
    }
  }
}

function variantsOf(part, { slots, shapes, sizes, meanMs }, instances) {
  switch (part) {
    case 'recorded':
    case 'killed':
      return instances.flatMap(({ name, tasks }) =>
        slots.map((count) => ({ name, slots: count, tasks: scaled(tasks, meanMs) })),
      );
    case 'synthetic':
      return shapes.flatMap((shape) => sizes.map((size) => ({ name: shape, shape, size })));
    case 'code':
      return shapes.map((shape) => ({ name: shape, shape, size: shape === 'chain' ? SIZE / 10 : SIZE }));
    default:
      return shapes.map((shape) => ({ name: shape, shape, size: shape === 'chain' ? SIZE / 10 : SIZE }));
  }
}

async function main() {
  const options = readDagOptions(process.argv.slice(2));
  if (options.help) return console.log(DAG_USAGE);
  const recorded = options.instances === undefined ? [] : readRecorded(options.instances);
  const isWanted = ({ name }) => options.only?.some((part) => name.includes(part)) ?? true;
  const instances = recorded.filter(isWanted);
  const postgres = options.stores.includes('postgres') ? await startPostgres() : undefined;
  const records = openScaleRecords(options, postgres, 'dag');
  const said = [];
  try {
    for (const { tasks, ...one } of casesOf(options, instances)) {
      const record = { ...one, ...(await attempt({ tasks, ...one }, { postgres, options })) };
      said.push(record);
      records.append(record);
      console.log(describeDag(record));
    }
  } finally {
    await postgres?.stop();
  }
  printDag(said, options);
  console.log(`\nrecords: ${records.path}`);
  if (said.some(({ failed }) => failed !== undefined)) process.exitCode = 1;
}

async function attempt(one, session) {
  try {
    return { measured: await MEASURES[one.part](one, session) };
  } catch (error) {
    return { failed: error.message };
  }
}

try {
  await main();
} catch (error) {
  console.error(error.code?.startsWith('ERR_PARSE_ARGS') ? `${error.message}\n\n${DAG_USAGE}` : error);
  process.exitCode = 1;
}
