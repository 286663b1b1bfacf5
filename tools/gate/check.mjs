/* The whole gate before a commit. With `--static` only the checks that `npm test` does not include. */
import { build, prepare } from '../bootstrap/prepare.mjs';
import { STATICS, runStatic } from './statics.mjs';
import { runSuite } from './suites.mjs';
import { report } from './tally.mjs';

/** The rules of the house (tools/tidy) are tests of the first. */
const SUITES = ['unit', 'contract', 'simulation'];

await report(
  (async function* () {
    await prepare();
    await build();
    for (const name of Object.keys(STATICS)) yield await runStatic(name);
    if (process.argv.includes('--static')) return;
    for (const suite of SUITES) yield await runSuite(suite);
  })(),
);
