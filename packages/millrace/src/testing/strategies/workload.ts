import type { Random } from '../virtual/random.ts';

/** One job of a workload. */
export interface Job {
  readonly atMs: number;
  /** On an engine of speed 1 that knows its key. */
  readonly serviceMs: number;
  /** Jobs of one key share data that an engine keeps in memory. */
  readonly key?: string | undefined;
}

/** What comes, and what it comes to. */
export interface Workload {
  readonly name: string;
  /** Share of the cluster's whole power that the jobs need, cold starts aside. */
  readonly utilisation: number;
  /** Of the first engine; the others have 1. */
  readonly firstSpeed: number;
  readonly meanServiceMs: number;
  draw(random: Random): Omit<Job, 'atMs'>;
}

const KEYS = 2000;

export const WORKLOADS: readonly Workload[] = [
  {
    name: 'uniform short: 20 ms each',
    utilisation: 0.8,
    firstSpeed: 1,
    meanServiceMs: 20,
    draw: () => ({ serviceMs: 20 }),
  },
  {
    name: 'skewed: one job in ten takes 110 ms, the others 10 ms; keyed, a key new to its engine costs 5 ms more',
    utilisation: 0.7,
    firstSpeed: 1,
    meanServiceMs: 20,
    draw: (random) => ({ serviceMs: random.chance(0.1) ? 110 : 10, key: keyOf(random) }),
  },
  {
    name: 'one engine at a quarter of the speed: 20 ms each, 80 ms there',
    utilisation: 0.7,
    firstSpeed: 0.25,
    meanServiceMs: 20,
    draw: () => ({ serviceMs: 20 }),
  },
];

/** Some keys are more common than others: a job's rank among them is spread evenly over the orders of magnitude. */
function keyOf(random: Random): string {
  return `key-${Math.floor(KEYS ** random.next())}`;
}

/** A stream of jobs with exponential gaps. @param power - engines of speed 1, times their slots. */
export function* jobsOf(workload: Workload, random: Random, power: number): Generator<Job, never> {
  const meanGapMs = workload.meanServiceMs / (power * workload.utilisation);
  for (let atMs = 0; ;) {
    atMs -= Math.log(1 - random.next()) * meanGapMs;
    yield { atMs, ...workload.draw(random) };
  }
}
