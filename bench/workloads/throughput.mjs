import { sleep } from '../measure/clock.mjs';
import { residentMb } from '../measure/proc.mjs';
import { timeRounds, warmUp } from './round.mjs';

const SETTLE_MS = 500;

const total = (rounds, name) => rounds.reduce((sum, round) => sum + round[name], 0);

/** W1: workflows of one step that does nothing, and what they leave in memory (W8). */
export async function oneStep(bench) {
  const { runs, warmUpRuns } = bench.sizes;
  const engine = bench.worker?.pid ?? process.pid;
  await sleep(SETTLE_MS);
  const idleMb = residentMb(engine);
  await warmUp(bench, 'one', warmUpRuns);
  const rounds = await timeRounds(bench, 'one', runs);
  const seconds = total(rounds, 'ms') / 1000;
  const measured = {
    'runs/s': (rounds.length * runs) / seconds,
    'rss idle MB': idleMb,
    'rss end MB': residentMb(engine),
  };
  if (rounds[0].acceptMs !== undefined) {
    measured['starts/s'] = (rounds.length * runs * 1000) / total(rounds, 'acceptMs');
  }
  return measured;
}

const TEN = 10;

/** W2: many workflows at once, each of ten steps one after the other, each durable before the next begins. */
export async function tenSteps(bench) {
  const { runs } = bench.sizes;
  await warmUp(bench, 'ten', runs);
  const rounds = await timeRounds(bench, 'ten', runs);
  return { 'steps/s': (rounds.length * runs * TEN * 1000) / total(rounds, 'ms') };
}
