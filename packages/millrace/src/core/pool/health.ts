/** A worker as its supervisor saw it last. */
export interface WorkerSample {
  readonly phase: 'starting' | 'idle' | 'busy';
  /** How long it has owed an answer, ms; time in which the supervisor itself stood still does not count. */
  readonly silentMs: number;
  /** How long it has had nothing to do, ms. */
  readonly idleMs: number;
  /** Cores that it used since the sample before; undefined: not known. */
  readonly cpu: number | undefined;
  /** Resident memory, MiB; undefined: not known. */
  readonly rssMb: number | undefined;
}

export interface HealthLimits {
  readonly startMs: number;
  /** Of an idle worker. */
  readonly unresponsiveMs: number;
  /** Of a busy worker: a job that computes legally blocks its loop. */
  readonly maxBlockMs: number;
  /** For the jobs themselves, MiB. */
  readonly memoryMb: number;
  /** The samples before it tell nothing about idling. */
  readonly settleMs: number;
}

/** `replace`: another takes its place, and it ends what it has. `kill`: at once, with whatever it executes. */
export type HealthVerdict =
  | { readonly kind: 'healthy' }
  | { readonly kind: 'replace' | 'kill'; readonly sign: HealthSign; readonly reason: string };

export type HealthSign = 'responsiveness' | 'memory' | 'cpu';

/**
 * What a Node process needs beside the job's own: 70 to 95 MiB were measured before any work, and young objects,
 * which the limit of the heap does not count, take up to 48.
 */
export const BASE_MEMORY_MB = 192;
/** Share of the limit from which on a worker is too big to be given another job. */
const HIGH_WATER = 0.85;
/** An idle worker that uses more of a core has something running that nobody asked for. */
const IDLE_CPU = 0.5;

const HEALTHY: HealthVerdict = { kind: 'healthy' };

/**
 * Whether a worker is fit. Load is no illness: a busy worker may use its cores and block its loop; only
 * `maxBlockMs`, its memory limit and its step's own timeouts bound it.
 */
export function judgeWorker(sample: WorkerSample, limits: HealthLimits): HealthVerdict {
  return judgeSilence(sample, limits) ?? judgeMemory(sample, limits) ?? judgeCpu(sample, limits) ?? HEALTHY;
}

function judgeSilence({ phase, silentMs }: WorkerSample, limits: HealthLimits): HealthVerdict | undefined {
  const { startMs, unresponsiveMs, maxBlockMs } = limits;
  const mostMs = { starting: startMs, idle: unresponsiveMs, busy: maxBlockMs }[phase];
  if (silentMs <= mostMs) return undefined;
  const reason = {
    starting: `not ready ${mostMs} ms after its start`,
    idle: `no answer for ${mostMs} ms though it has nothing to do`,
    busy: `its job blocks the loop for more than ${mostMs} ms`,
  }[phase];
  return { kind: 'kill', sign: 'responsiveness', reason };
}

function judgeMemory({ rssMb }: WorkerSample, { memoryMb }: HealthLimits): HealthVerdict | undefined {
  if (rssMb === undefined) return undefined;
  const mostMb = memoryMb + BASE_MEMORY_MB;
  const size = `${Math.round(rssMb)} MiB resident`;
  if (rssMb > mostMb) return { kind: 'kill', sign: 'memory', reason: `${size}, more than ${mostMb} MiB` };
  if (rssMb <= mostMb * HIGH_WATER) return undefined;
  return { kind: 'replace', sign: 'memory', reason: `${size}, near the limit of ${mostMb} MiB` };
}

function judgeCpu(
  { phase, idleMs, cpu }: WorkerSample,
  { settleMs }: HealthLimits,
): HealthVerdict | undefined {
  if (phase !== 'idle' || cpu === undefined || idleMs < settleMs || cpu <= IDLE_CPU) return undefined;
  const reason = `${Math.round(cpu * 100)} % of a core while idle`;
  return { kind: 'replace', sign: 'cpu', reason };
}
