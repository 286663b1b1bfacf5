/* The server: `node bench/http.mjs --help`. README.md says what is measured and what counts. */
import {
  measureBatches,
  measureFairness,
  measureListing,
  measureReads,
  measureStarts,
} from './http/measure.mjs';
import { HTTP_USAGE, readHttpOptions } from './http/options.mjs';
import { describeHttp, printHttp } from './http/report.mjs';
import { openScaleRecords } from './scale/records.mjs';
import { startPostgres } from './servers/postgres.mjs';

for (const signal of ['SIGINT', 'SIGTERM']) process.once(signal, () => process.exit(1));

const MEASURES = {
  batches: measureBatches,
  starts: measureStarts,
  reads: measureReads,
  listing: measureListing,
  fairness: measureFairness,
};

async function main() {
  const options = readHttpOptions(process.argv.slice(2));
  if (options.help) return console.log(HTTP_USAGE);
  const { Millrace: millrace } = await import(options.engine);
  const postgres = options.stores.includes('postgres') ? await startPostgres() : undefined;
  const records = openScaleRecords(options, postgres, 'http');
  const said = [];
  try {
    for (let repetition = 1; repetition <= options.reps; repetition++) {
      for (const part of options.parts) {
        for (const store of options.stores) {
          const one = { part, store, repetition };
          const { closed, open } = options;
          const record = {
            ...one,
            ...(await attempt({ ...one, closed, open }, { postgres, options, millrace })),
          };
          said.push(record);
          records.append(record);
          console.log(describeHttp(record));
        }
      }
    }
  } finally {
    await postgres?.stop();
  }
  printHttp(said, options);
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
  console.error(error.code?.startsWith('ERR_PARSE_ARGS') ? `${error.message}\n\n${HTTP_USAGE}` : error);
  process.exitCode = 1;
}
