/* Every suite that needs no server beyond what it can start itself. */
import { build, prepare } from '../bootstrap/prepare.mjs';
import { runSuite } from './suites.mjs';
import { report } from './tally.mjs';

const SUITES = ['unit', 'contract', 'simulation', 'process'];

await report(
  (async function* () {
    await prepare();
    await build();
    for (const suite of SUITES) yield await runSuite(suite);
  })(),
);
