import { now, sleep, until } from '../measure/clock.mjs';
import { readTrace, traceLength } from '../measure/trace.mjs';
import { untilDone } from './round.mjs';

const RESTART_MS = 1000;
const SETTLE_MS = 500;
const TEN = 10;

/**
 * W7: kill -9 of the only worker in the middle of W2, another one a second later. Every step reports its
 * begin to the trace, so a step that runs again is seen, whatever the engine believes.
 */
export async function killAndRecover(bench) {
  const { runs, killAfter, limitMs } = bench.sizes;
  const { client, tracePath } = bench;
  bench.started.set('ten', runs);
  bench.meter.start();
  const accepting = client.start('ten', 0, runs);
  await until(() => traceLength(tracePath) >= killAfter, { everyMs: 1, limitMs });

  await bench.killWorker();
  const killedAt = now();
  const atKill = readTrace(tracePath, 'step').length;
  // A commit that the dead worker had sent may still be on its way into the store.
  await sleep(SETTLE_MS);
  const durableAtKill = await client.durableSteps?.();
  await sleep(RESTART_MS - (now() - killedAt));
  await bench.startWorker();
  await accepting;
  await untilDone(bench, 'ten', { everyMs: 20, limitMs });
  const recoveredMs = now() - killedAt;
  bench.meter.stop(runs);

  const executed = readTrace(tracePath, 'step').map(([run, step]) => `${run} ${step}`);
  const distinct = new Set(executed).size;
  if (distinct !== runs * TEN) throw new Error(`${distinct} of ${runs * TEN} steps ran`);
  const measured = {
    'recovered s': recoveredMs / 1000,
    'at kill': atKill,
    'run twice': executed.length - distinct,
  };
  if (durableAtKill !== undefined) measured['in flight'] = atKill - durableAtKill;
  return measured;
}
