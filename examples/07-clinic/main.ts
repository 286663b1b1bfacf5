import { readFileSync } from 'node:fs';
import { playJourneys } from './play-journeys.ts';
import { playNight } from './play-night.ts';
import { visitsOf, type Bundle } from './fhir.ts';

const files = process.argv.slice(2);
const bundles = (files.length > 0 ? files : [new URL('made-up-patient.json', import.meta.url)]).map(
  (file) => JSON.parse(readFileSync(file, 'utf8')) as Bundle,
);

console.log('Under a test clock: the journeys of a few weeks, in a moment.');
for (const outcome of await playJourneys(bundles.flatMap(visitsOf), console.log)) console.log(outcome);

console.log('\nFor real: three engines in three regions, and calls at three hours of the day.');
for (const line of await playNight()) console.log(line);
