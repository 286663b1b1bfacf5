import { readTrace } from '../measure/trace.mjs';
import { quantile } from '../measure/statistics.mjs';
import { runRound, warmUp } from './round.mjs';

/**
 * W6: workflows that sleep for five seconds. How late each goes on is what the workflow itself sees: the time
 * after the sleep minus the recorded time before it, minus five seconds.
 */
export async function sleepers(bench) {
  const { runs, warmUpRuns } = bench.sizes;
  await warmUp(bench, 'one', warmUpRuns);
  bench.meter.start();
  const { ms } = await runRound(bench, 'sleeper', runs);
  bench.meter.stop(runs);
  // A run that is replayed reports again; the first report is when it went on.
  const late = new Map(readTrace(bench.tracePath, 'late').toReversed());
  const samples = [...late.values()];
  return {
    'late p50 ms': quantile(samples, 0.5),
    'late p99 ms': quantile(samples, 0.99),
    'earliest ms': quantile(samples, 0),
    'all done s': ms / 1000,
    samples: samples.length,
  };
}
