import { statSync } from 'node:fs';
import { Client } from 'pg';
import { onStage } from './stage.mjs';

/** Until so many runs sleep, generously; the first wakes afterwards. */
const FALL_ASLEEP_MS = { base: 10_000, each: 1 };
const SPREAD_MS = { least: 5_000, each: 0.5 };

/** So many runs of one engine at once, asleep or in a step: what each takes in memory, and how late sleepers wake. */
export async function measureCrowd({ part, store, count }, { postgres, options }) {
  const { engine, folder } = options;
  return onStage({ store, folder, postgres }, async (stage) => {
    const limits = part === 'active' ? { concurrency: count, stepConcurrency: count } : {};
    const actor = await stage.enter({ engine, options: limits }, ['--expose-gc']);
    // What the first runs bring into memory is not theirs.
    await actor.ask({ act: 'startServices', count: 100, stepMs: 1 });
    const tables = await stage.openTables();
    while ((await tables.completed('service')) < 100);
    const before = await actor.ask({ act: 'memory' });
    const bytesBefore = await storeBytes(stage);
    const crowd = part === 'active' ? active(actor, count) : sleeping(actor, count, options);
    await crowd.gather();
    const during = await actor.ask({ act: 'memory' });
    const open = await tables.open();
    const bytes = (await storeBytes(stage)) - bytesBefore;
    const outcome = await crowd.disperse();
    await actor.leave();
    await tables.close();
    if (open !== count) throw new Error(`${open} runs were open at once instead of ${count}`);
    const perRun = (mb) => (mb * 1_024) / count;
    return {
      measured: {
        'heap kB/run': perRun(during.heapMb - before.heapMb),
        'resident kB/run': perRun(during.residentMb - before.residentMb),
        'resident MB': during.residentMb,
        'store bytes/run': bytes / count,
        ...outcome,
      },
    };
  });
}

function active(actor, count) {
  return {
    gather: () => actor.ask({ act: 'startActive', count }),
    async disperse() {
      const { ms } = await actor.ask({ act: 'finishActive' });
      return { 'finished/s': (count * 1_000) / ms };
    },
  };
}

function sleeping(actor, count, options) {
  const spreadMs = options.spreadMs || Math.max(SPREAD_MS.least, count * SPREAD_MS.each);
  return {
    gather() {
      const firstAt = Date.now() + FALL_ASLEEP_MS.base + count * FALL_ASLEEP_MS.each;
      return actor.ask({ act: 'startSleepers', count, firstAt, spreadMs });
    },
    async disperse() {
      const { p50, p99, most, earliest } = await actor.ask({ act: 'untilAwake', count });
      if (earliest < -1) throw new Error(`a run woke ${-earliest} ms early`);
      return {
        'late p50 ms': p50,
        'late p99 ms': p99,
        'late most ms': most,
        'woken/s': (count * 1_000) / spreadMs,
      };
    },
  };
}

/** What the store takes on disk. */
async function storeBytes({ url }) {
  if (!url.startsWith('postgres')) {
    const path = url.slice('file:'.length);
    return ['', '-wal'].reduce(
      (sum, end) => sum + (statSync(path + end, { throwIfNoEntry: false })?.size ?? 0),
      0,
    );
  }
  const client = new Client(url);
  await client.connect();
  const { rows } = await client.query('select pg_database_size(current_database())::float8 as bytes');
  await client.end();
  return rows[0].bytes;
}
