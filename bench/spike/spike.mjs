import { randomBytes } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { inLanes, now } from '../measure/clock.mjs';
import { median, quantile } from '../measure/statistics.mjs';
import { measureDisk } from './disk.mjs';
import { openPostgresCore } from './postgres.mjs';
import { openSqliteCore } from './sqlite.mjs';

/*
 * The ceiling: the disk, and what a core that does nothing but keep runs safe gets out of each store. It
 * bounds what an engine can reach on this machine today; it promises nothing.
 */

const DATA = Buffer.from(JSON.stringify({ type: 'step-completed', name: 's0', output: 'x'.repeat(60) }));
const LEAST_MS = 1000;

/** Measures the disk, and the ceilings of a workload if it has any, and tells each result. */
export async function measureCeilings({ workload, repetition, servers, options, tell }) {
  const measure = CEILINGS[workload];
  if (measure === undefined) return;
  const folder = mkdtempSync(join(options.folder, 'millrace-spike-'));
  const say = (subject, measured) => tell({ workload: 'spike', subject, repetition, measured });
  say('disk', measureDisk(folder));

  const url = await servers.postgres.createDatabase();
  say('ceiling postgres', await measureCore(await openPostgresCore(url), options.scale, measure));
  await servers.postgres.dropDatabase(url);

  const sqlite = openSqliteCore(join(folder, 'ceiling.db'));
  say('ceiling sqlite', await measureCore(sqlite, options.scale, measure));
  rmSync(folder, { recursive: true, force: true });
}

/** What to measure of a core: `many(count, steps)` runs at once and answers in ms, `timed` does so until it is certain. */
const CEILINGS = {
  W1: async ({ timed, scaled }) => {
    const runs = scaled(20_000);
    return { 'W1 runs/s': (runs * 1000) / (await timed(runs, 1)) };
  },
  W2: async ({ timed, scaled }) => {
    const chains = scaled(500);
    return { 'W2 steps/s': (chains * 10_000) / (await timed(chains, 10)) };
  },
  W4: async ({ many }) => {
    await repeat(() => many(1, 1));
    const calls = await repeat(() => many(1, 1));
    return { 'W4 p50 ms': quantile(calls, 0.5), 'W4 p99 ms': quantile(calls, 0.99) };
  },
  W5: async ({ timed }) => ({ 'W5 ms/step': (await timed(1, 100)) / 100 }),
};

async function measureCore(core, scale, measure) {
  const scaled = (count) => Math.max(1, Math.round(count * scale));
  const many = async (count, steps) => {
    const startedAt = now();
    await inLanes(1000, count, () => oneRun(core, steps));
    return now() - startedAt;
  };
  const timed = async (count, steps) => {
    await repeat(() => many(count, steps));
    return median(await repeat(() => many(count, steps)));
  };

  const measured = await measure({ many, timed, scaled });
  await core.close();
  return measured;
}

/** Again and again for at least a second; the ms of each. */
async function repeat(round) {
  const rounds = [];
  const startedAt = now();
  do rounds.push(await round());
  while (now() - startedAt < LEAST_MS);
  return rounds;
}

/** One run: started, each step durable before the next, the last step and the end in one commit. */
async function oneRun(core, steps) {
  const id = newId();
  await core.start({ id, data: DATA });
  for (let version = 1; version < steps; version++) await core.step({ id, version, data: DATA });
  await core.finish({ id, version: steps, data: DATA });
}

/** A UUID that grows with time, so that inserts go to the end of the index. */
function newId() {
  const time = Date.now().toString(16).padStart(12, '0');
  const rest = randomBytes(9).toString('hex');
  return `${time.slice(0, 8)}-${time.slice(8)}-7${rest.slice(0, 3)}-8${rest.slice(3, 6)}-${rest.slice(6)}`;
}
