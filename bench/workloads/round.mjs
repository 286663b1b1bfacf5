import { now, until } from '../measure/clock.mjs';

/*
 * Rounds: the same work again and again on one engine, so that a fast engine is timed for as long as a slow
 * one. The rule is the same for everybody: at least one round and at least a second, first untimed, then
 * timed.
 */

const LEAST_MS = 1000;
const MOST_ROUNDS = 10;
const LIMIT_MS = 240_000;

/** Starts `count` runs, waits until the last has completed, and says how long both took, in ms. */
export async function runRound(bench, workflow, count) {
  const { client } = bench;
  const from = bench.started.get(workflow) ?? 0;
  bench.started.set(workflow, from + count);
  const startedAt = now();
  if (client.complete !== undefined) {
    await client.complete(workflow, from, count);
    return { ms: now() - startedAt, acceptMs: undefined };
  }
  // A store that is asked too often would be measured answering.
  const [acceptMs] = await Promise.all([
    timeStarts(client, { workflow, from, count }),
    untilDone(bench, workflow, { everyMs: count > 1 ? 50 : 5 }),
  ]);
  return { ms: now() - startedAt, acceptMs };
}

async function timeStarts(client, { workflow, from, count }) {
  const startedAt = now();
  await client.start(workflow, from, count);
  return now() - startedAt;
}

/** Waits until every run of the workflow that was started has completed. */
export async function untilDone(bench, workflow, { everyMs, limitMs = LIMIT_MS }) {
  const total = bench.started.get(workflow);
  let done = 0;
  const ask = async () => {
    done = await bench.client.done(workflow);
    return done >= total;
  };
  if (!(await until(ask, { everyMs, limitMs }))) {
    throw new Error(`${done} of ${total} runs of ${workflow} completed within ${limitMs / 1000} s`);
  }
}

/** Rounds before the clock counts: compiled code, warm caches, open connections. */
export async function warmUp(bench, workflow, count) {
  const startedAt = now();
  do await runRound(bench, workflow, count);
  while (now() - startedAt < LEAST_MS);
}

/** Timed rounds; the meter runs while they do. */
export async function timeRounds(bench, workflow, count) {
  const rounds = [];
  let totalMs = 0;
  bench.meter.start();
  while (totalMs < LEAST_MS && rounds.length < MOST_ROUNDS) {
    const round = await runRound(bench, workflow, count);
    rounds.push(round);
    totalMs += round.ms;
  }
  bench.meter.stop(rounds.length * count);
  return rounds;
}
