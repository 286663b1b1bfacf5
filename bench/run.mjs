/* The bench: `node bench/run.mjs --help`. README.md says what each workload is and what counts. */
import { openRecords, runSession, startServers } from './plan/session.mjs';
import { readOptions, USAGE } from './plan/options.mjs';
import { chooseSubjects } from './plan/subjects.mjs';
import { describeRepetition } from './report/progress.mjs';
import { printReport } from './report/report.mjs';

for (const signal of ['SIGINT', 'SIGTERM']) process.once(signal, () => process.exit(1));

async function main() {
  const options = readOptions(process.argv.slice(2));
  if (options.help) return console.log(USAGE);

  const subjects = chooseSubjects(options);
  const servers = await startServers(subjects, options);
  const records = openRecords(options, servers);
  options.out = records.folder;
  const said = [];
  const tell = (record) => {
    said.push(record);
    records.append(record);
    console.log(describeRepetition(record));
  };
  try {
    await runSession({ subjects, servers, options, tell });
  } finally {
    await servers.stop();
  }
  printReport(said, { subjects, options, machine: records.machine });
  console.log(`\nrecords: ${records.path}`);
  if (said.some((record) => record.failed !== undefined || record.durable?.ok === false))
    process.exitCode = 1;
}

try {
  await main();
} catch (error) {
  console.error(error.code?.startsWith('ERR_PARSE_ARGS') ? `${error.message}\n\n${USAGE}` : error);
  process.exitCode = 1;
}
