import { readFileSync } from 'node:fs';
import { definition } from 'millrace';
import { createTestEngine } from 'millrace/testing';
import { CLINICS, executorsOf } from './clinics.ts';
import type { Visit } from './fhir.ts';

const read = (file: string) => definition(readFileSync(new URL(file, import.meta.url), 'utf8'), { file });
export const journey = read('journey.yaml');
export const handover = read('handover.yaml');

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
  let now: (() => Date) | undefined;
  const time = (): number => now?.().getTime() ?? 0;
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
  now = engine.now;
  const outcomes: string[] = [];
  for (const [at, { patient, appointment }] of visits.entries()) {
    startedAt = time();
    answering = at % 3 !== 2;
    // oxlint-disable-next-line no-await-in-loop -- one story after the other
    const run = await engine.start(journey, { patient, appointment, daysPassed: 3 });
    // oxlint-disable-next-line no-await-in-loop
    await engine.skip('4 days');
    // oxlint-disable-next-line no-await-in-loop
    if (at % 3 === 0) await run.signal('arrived', { room: 'room 2' });
    // oxlint-disable-next-line no-await-in-loop
    await engine.skip('36 hours');
    // oxlint-disable-next-line no-await-in-loop
    if (at % 3 === 1) await run.signal('rebooked', { slot: 'next week' });
    // oxlint-disable-next-line no-await-in-loop
    outcomes.push(`${patient.name}, ${appointment.reason}: ${JSON.stringify(await engine.finish(run))}`);
  }
  await engine.close();
  return outcomes;
}
