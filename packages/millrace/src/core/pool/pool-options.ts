import { durationMs, type Duration } from '../duration.ts';
import { MillraceError, checkOptions, show } from '../errors.ts';
import { checkMemory } from './isolated.ts';

/** The worker processes that isolated executors run in. They start with the first such executor. */
export interface PoolOptions {
  /** Workers that are always there. 0 to 1,000; default 2. */
  min?: number | undefined;
  /** Workers at most. 1 to 1,000; default 10. */
  max?: number | undefined;
  /** More waiting jobs than this: more workers. Default 20. */
  scaleUpThreshold?: number | undefined;
  /** Fewer waiting jobs than this: one worker less. At most `scaleUpThreshold`; default 5. */
  scaleDownThreshold?: number | undefined;
  /** Pause between two looks at the queue; a burst is looked at at once. Default 30 s. */
  checkInterval?: Duration | undefined;
  /** Pause between two looks at the workers' health. Default 1 s. */
  healthInterval?: Duration | undefined;
  /** Jobs that one worker runs at once. Jobs that compute share its loop and its fate. Default 1. */
  jobsPerWorker?: number | undefined;
  /** Memory that one job may take, MiB, 32 to 65,536. Default 512. */
  memoryMb?: number | undefined;
  /** How long an idle worker may fail to answer. Default 10 s. */
  unresponsive?: Duration | undefined;
  /** How long a job may block its worker's loop. Default 10 minutes. */
  maxBlock?: Duration | undefined;
  /** How long an aborted job may go on before its worker is killed. Default 5 s. */
  abortGrace?: Duration | undefined;
  /** Jobs that may wait; the next is refused with POOL_FULL. Default 1,000. */
  maxQueued?: number | undefined;
}

/** The same, every field checked; times in ms. */
export interface PoolSettings {
  readonly min: number;
  readonly max: number;
  readonly scaleUpThreshold: number;
  readonly scaleDownThreshold: number;
  readonly checkIntervalMs: number;
  readonly healthIntervalMs: number;
  readonly jobsPerWorker: number;
  readonly memoryMb: number;
  readonly unresponsiveMs: number;
  readonly maxBlockMs: number;
  readonly abortGraceMs: number;
  readonly maxQueued: number;
}

const KEYS: readonly (keyof PoolOptions)[] = [
  ...(['min', 'max', 'scaleUpThreshold', 'scaleDownThreshold', 'checkInterval', 'healthInterval'] as const),
  ...(['jobsPerWorker', 'memoryMb', 'unresponsive', 'maxBlock', 'abortGrace', 'maxQueued'] as const),
];

type Range = readonly [least: number, most: number];

const MOST_WORKERS = 1000;
const MOST_JOBS = 1_000_000;
/** Below this the looks themselves would be the load. */
const SHORTEST_MS = 10;

/**
 * Options with defaults.
 * @param where - the subject of messages: `Millrace.open, pool`.
 * @throws UNKNOWN_OPTION, INVALID_ARGUMENT, INVALID_DURATION.
 */
export function poolSettings(options: PoolOptions | undefined, where: string): PoolSettings {
  checkOptions(where, options, KEYS);
  const given = options ?? {};
  const whole = (name: keyof PoolOptions, fallback: number, [least, most]: Range) => {
    const value = given[name] ?? fallback;
    if (Number.isInteger(value) && Number(value) >= least && Number(value) <= most) return Number(value);
    throw invalid(where, `${name} is ${show(value)}`, `Pass a whole number from ${least} to ${most}.`);
  };
  const ms = (name: keyof PoolOptions, fallback: number, least = SHORTEST_MS) => {
    const value = durationMs(given[name] ?? fallback, `${where}, ${name}`);
    if (value >= least) return value;
    throw invalid(where, `${name} is ${value} ms`, `Pass at least ${least} ms.`);
  };
  const memoryMb = given.memoryMb ?? 512;
  checkMemory(memoryMb, where);
  const workers: Range = [0, MOST_WORKERS];
  const asked = given.min === undefined ? undefined : whole('min', 0, workers);
  const max = whole('max', Math.max(10, asked ?? 0), [1, MOST_WORKERS]);
  const scaleUpThreshold = whole('scaleUpThreshold', 20, [1, MOST_JOBS]);
  const settings: PoolSettings = {
    // A maximum that is given alone says what the machine can bear.
    min: asked ?? Math.min(2, max),
    max,
    scaleUpThreshold,
    scaleDownThreshold: whole('scaleDownThreshold', Math.min(5, scaleUpThreshold), [0, MOST_JOBS]),
    checkIntervalMs: ms('checkInterval', 30_000),
    healthIntervalMs: ms('healthInterval', 1000),
    jobsPerWorker: whole('jobsPerWorker', 1, [1, 1000]),
    memoryMb,
    unresponsiveMs: ms('unresponsive', 10_000),
    maxBlockMs: ms('maxBlock', 600_000),
    abortGraceMs: ms('abortGrace', 5000, 0),
    maxQueued: whole('maxQueued', 1000, [1, MOST_JOBS]),
  };
  checkOrder(settings, where);
  return settings;
}

function checkOrder({ min, max, scaleUpThreshold, scaleDownThreshold }: PoolSettings, where: string): void {
  if (min > max) throw invalid(where, `min ${min} is more than max ${max}`, 'Raise max or lower min.');
  if (scaleDownThreshold <= scaleUpThreshold) return;
  const what = `scaleDownThreshold ${scaleDownThreshold} is more than scaleUpThreshold ${scaleUpThreshold}`;
  throw invalid(where, what, 'Lower it: the pool would grow and shrink for ever.');
}

function invalid(where: string, what: string, remedy: string): MillraceError {
  return new MillraceError('INVALID_ARGUMENT', `${where}: ${what}`, { remedy });
}
