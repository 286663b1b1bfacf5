import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { Millrace } from 'millrace';
import { CLINICS, executorsOf } from './clinics.ts';

const BEAT_MS = 250;

/** Three engines in one process; usually each is a process at its clinic. The hour is what we say it is. */
export async function playNight(): Promise<string[]> {
  const folder = mkdtempSync(join(tmpdir(), 'millrace-clinics-'));
  const store = `file:${join(folder, 'millrace.db')}`;
  const lines: string[] = [];
  let hour = 0;
  const engines = await Promise.all(
    CLINICS.map(({ region }) => {
      const engine = `engine-${region}`;
      const executors = executorsOf({
        clinics: CLINICS,
        engine,
        hour: () => hour,
        note: (line) => void lines.push(`  ${String(hour).padStart(2)}:00 ${line}`),
        answers: () => true,
      });
      return Millrace.open({ store, name: engine, region, executors, beat: BEAT_MS });
    }),
  );
  const [first] = engines as [Millrace, ...Millrace[]];
  await first.deploy(readFileSync(new URL('handover.yaml', import.meta.url), 'utf8'), {
    file: 'handover.yaml',
  });
  await pause(3 * BEAT_MS);
  for (hour of [9, 17, 2]) {
    const patient = { id: `p${hour}`, name: `Patient ${hour}` };
    // oxlint-disable-next-line no-await-in-loop -- one hour after the other
    await (await first.start('handover', { patient, appointment: {} })).result();
  }
  await Promise.all(engines.map((engine) => engine.close()));
  rmSync(folder, { recursive: true, force: true });
  return lines;
}
