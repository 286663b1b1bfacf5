/* How it scales: `node bench/scale.mjs --help`. README.md says what is measured and what counts. */
import { openScaleRecords } from './scale/records.mjs';
import { readScaleOptions, SCALE_USAGE } from './scale/options.mjs';
import { measureCrowd } from './scale/crowd.mjs';
import { measureEngines } from './scale/engines.mjs';
import { measureIdle } from './scale/idle.mjs';
import { describeScale, printScale } from './scale/report.mjs';
import { startPostgres } from './servers/postgres.mjs';

for (const signal of ['SIGINT', 'SIGTERM']) process.once(signal, () => process.exit(1));

const MEASURES = { engines: measureEngines, sleeping: measureCrowd, active: measureCrowd, idle: measureIdle };

/** Each case once, then each once more: a slow hour of the machine hits all of them. */
function* casesOf({ parts, stores, engines, crowds, reps }) {
  const variants = { engines, sleeping: crowds, active: crowds, idle: [1] };
  for (const part of parts) {
    for (let repetition = 1; repetition <= reps; repetition++) {
      for (const store of stores) {
        for (const count of variants[part]) yield { part, store, count, repetition };
      }
    }
  }
}

async function main() {
  const options = readScaleOptions(process.argv.slice(2));
  if (options.help) return console.log(SCALE_USAGE);
  const postgres = options.stores.includes('postgres') ? await startPostgres() : undefined;
  const records = openScaleRecords(options, postgres);
  const said = [];
  try {
    for (const one of casesOf(options)) {
      const record = { ...one, ...(await attempt(one, { postgres, options })) };
      said.push(record);
      records.append(record);
      console.log(describeScale(record));
    }
  } finally {
    await postgres?.stop();
  }
  printScale(said, options);
  console.log(`\nrecords: ${records.path}`);
  if (said.some(({ failed }) => failed !== undefined)) process.exitCode = 1;
}

async function attempt(one, session) {
  try {
    return await MEASURES[one.part](one, session);
  } catch (error) {
    return { failed: error.message };
  }
}

try {
  await main();
} catch (error) {
  console.error(error.code?.startsWith('ERR_PARSE_ARGS') ? `${error.message}\n\n${SCALE_USAGE}` : error);
  process.exitCode = 1;
}
