import { expect } from 'vitest';
import { startQueued } from '../samples.ts';
import type { Promises } from '../subject.ts';

const REFUSED = { name: 'StoreError', failure: 'definite' };

export const migratePromises: Promises = {
  'a blank database is brought up to date': async ({ blank }) => {
    const { first } = await blank();
    const report = await first.migrate();
    expect(report.from).toBe(0);
    expect(report.applied.map(({ id }) => id)).toEqual(upTo(report.to));
    await startQueued(first);
  },
  'a second migration has nothing to do': async ({ blank }) => {
    const { first } = await blank();
    const { to } = await first.migrate();
    expect(await first.migrate()).toEqual({ from: to, to, applied: [] });
  },
  'a dry run tells what would be done and does nothing': async ({ blank }) => {
    const { first } = await blank();
    const planned = await first.migrate({ dryRun: true });
    expect(planned.applied.length).toBeGreaterThan(0);
    expect(await first.migrate({ dryRun: true })).toEqual(planned);
    expect(await first.migrate()).toEqual(planned);
  },
  'processes that migrate at once apply each step once': async ({ blank }) => {
    const { first, second } = await blank();
    const reports = await Promise.all([first.migrate(), second.migrate(), first.migrate(), second.migrate()]);
    const applied = reports.flatMap((report) => report.applied.map(({ id }) => id));
    expect(applied.toSorted((a, b) => a - b)).toEqual(upTo(reports[0].to));
    await startQueued(first);
    await startQueued(second);
  },
  'runs survive a migration': async ({ blank }) => {
    const { first, second } = await blank();
    await first.migrate();
    const runId = await startQueued(first);
    await second.migrate();
    expect((await second.readRuns([{ runId }]))[0]?.status).toBe('queued');
  },
  'a database of a newer version is refused, and says so': async ({ blank }) => {
    const database = await blank();
    const { to } = await database.first.migrate();
    await database.recordMigration(to + 1, 'from the future');
    await expect(database.second.migrate()).rejects.toMatchObject({
      ...REFUSED,
      message: expect.stringMatching(/newer/),
    });
    await expect(database.second.migrate({ dryRun: true })).rejects.toMatchObject(REFUSED);
  },
  'a migration that was changed after it was applied is refused': async ({ blank }) => {
    const database = await blank();
    await database.first.migrate();
    await database.alterChecksum(1);
    await expect(database.second.migrate()).rejects.toMatchObject(REFUSED);
  },
  'without a schema nothing works, and the error names the cure': async ({ blank }) => {
    const { first } = await blank();
    await expect(startQueued(first)).rejects.toMatchObject({
      ...REFUSED,
      message: expect.stringMatching(/migrate/),
    });
  },
};

function upTo(last: number): number[] {
  return Array.from({ length: last }, (_, index) => index + 1);
}
