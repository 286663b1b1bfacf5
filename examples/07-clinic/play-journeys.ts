import { readFileSync } from 'node:fs';
import { definition } from 'millrace';
import { createTestEngine } from 'millrace/testing';
import { CLINICS, executorsOf } from './clinics.ts';
import type { Visit } from './fhir.ts';

const read = (file: string) => definition(readFileSync(new URL(file, import.meta.url), 'utf8'), { file });
export const journey = await read('journey.yaml');
export const handover = await read('handover.yaml');

const HERE = CLINICS.slice(0, 1);
const DAY_MS = 86_400_000;

/**
 * Plays a journey for each visit. Of three patients one comes, one misses the appointment and takes another when called, and
 * one is not reached.
 * @returns a line for each: how it ended.
 */
export async function playJourneys(visits: readonly Visit[], say: (line: string) => void): Promise<string[]> {
  let startedAt = 0;
  let answering = true;
  const clock: { now?: () => Date } = {};
  const time = (): number => clock.now?.().getTime() ?? 0;
  const day = (): number => Math.floor((time() - startedAt) / DAY_MS);
  const engine = await createTestEngine({
    workflows: [journey, handover],
    region: 'eu-west',
    executors: executorsOf({
      clinics: HERE,
      engine: 'the test engine',
      hour: () => new Date(time()).getUTCHours(),
      note: (line) => say(`  day ${String(day()).padStart(2)}: ${line}`),
      answers: () => answering,
    }),
  });
  clock.now = engine.now;
  const outcomes: string[] = [];
  // oxlint-disable no-await-in-loop -- one story after the other
  for (const [at, { patient, appointment }] of visits.entries()) {
    startedAt = time();
    answering = at % 3 !== 2;
    const run = await engine.start(journey, { patient, appointment, daysPassed: 3 });
    await engine.skip('4 days');
    if (at % 3 === 0) await run.signal('arrived', { room: 'room 2' });
    await engine.skip('36 hours');
    if (at % 3 === 1) await run.signal('rebooked', { slot: 'next week' });
    outcomes.push(`${patient.name}, ${appointment.reason}: ${JSON.stringify(await engine.finish(run))}`);
  }
  // oxlint-enable no-await-in-loop
  await engine.close();
  return outcomes;
}
