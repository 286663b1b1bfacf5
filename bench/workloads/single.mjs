import { now } from '../measure/clock.mjs';
import { median, quantile } from '../measure/statistics.mjs';
import { timeRounds, warmUp } from './round.mjs';

/** W3 and W3b: one workflow that fans out, joins and ends; seconds from its start to its end. */
export function fanOut(workflow) {
  return async (bench) => {
    await warmUp(bench, workflow, 1);
    const rounds = await timeRounds(bench, workflow, 1);
    return { s: median(rounds.map((round) => round.ms)) / 1000 };
  };
}

const HUNDRED = 100;

/** W5: one workflow alone, a hundred steps one after the other; ms for each. */
export async function hundredSteps(bench) {
  await warmUp(bench, 'hundred', 1);
  const rounds = await timeRounds(bench, 'hundred', 1);
  return { 'ms/step': median(rounds.map((round) => round.ms)) / HUNDRED };
}

const WARM_UP_CALLS = 20;

/** W4: one caller that starts a workflow of one step, waits for its result, and starts the next. */
export async function callAndWait(bench) {
  const { calls, leastCalls, limitMs } = bench.sizes;
  let index = 0;
  const call = async () => {
    const startedAt = now();
    await bench.client.call(index++);
    return now() - startedAt;
  };
  for (let warm = 0; warm < WARM_UP_CALLS; warm++) await call();

  const samples = [];
  const startedAt = now();
  bench.meter.start();
  while (samples.length < calls && (samples.length < leastCalls || now() - startedAt < limitMs)) {
    samples.push(await call());
  }
  bench.meter.stop(samples.length);
  bench.started.set('one', index);
  return {
    'p50 ms': quantile(samples, 0.5),
    'p95 ms': quantile(samples, 0.95),
    'p99 ms': quantile(samples, 0.99),
    samples: samples.length,
  };
}
