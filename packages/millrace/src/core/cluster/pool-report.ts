import type { PoolDecision, PoolState, WorkerState } from '../pool/state.ts';
import { listOf, numberOr, recordOf, textOr, type Fields } from './fields.ts';

/** A worker pool as its engine tells of it with each beat. */
export interface PoolReport {
  /** Workers wanted, and between what. */
  readonly target: number;
  readonly min: number;
  readonly max: number;
  /** Jobs that wait for a worker, and jobs that workers execute. */
  readonly queued: number;
  readonly running: number;
  /** At most `MAX_REPORTED_WORKERS` of them. */
  readonly workers: readonly WorkerReport[];
  /** The last time that the pool was made larger or smaller, or could not be. */
  readonly scaled: PoolDecision | null;
  /** The last time that a worker was replaced. */
  readonly replaced: PoolDecision | null;
}

export interface WorkerReport {
  readonly pid: number;
  readonly state: WorkerState['state'];
  /** Cores in use, and resident memory in MiB; null until they were measured. */
  readonly cpu: number | null;
  readonly rssMb: number | null;
  /** Jobs that it executes, and has executed. */
  readonly jobs: number;
  readonly jobsDone: number;
  readonly restarts: number;
}

/** Loads go to every engine with every beat: they stay small. */
export const MAX_REPORTED_WORKERS = 32;
const MAX_REASON = 200;

const STATES: readonly WorkerState['state'][] = ['starting', 'idle', 'busy', 'draining'];
const KINDS: readonly PoolDecision['kind'][] = ['grow', 'shrink', 'at-maximum', 'replace'];

export function reportPool({ workers, decisions, ...state }: PoolState): PoolReport {
  const { target, min, max, queued, running } = state;
  const replaced = decisions.findLast(({ kind }) => kind === 'replace');
  const scaled = decisions.findLast(({ kind }) => kind !== 'replace');
  return {
    ...{ target, min, max, queued, running },
    workers: workers.slice(0, MAX_REPORTED_WORKERS).map(reportWorker),
    scaled: reportDecision(scaled),
    replaced: reportDecision(replaced),
  };
}

function reportWorker({ startedAt: _, cpu, rssMb, ...worker }: WorkerState): WorkerReport {
  return { ...worker, cpu: cpu ?? null, rssMb: rssMb ?? null };
}

function reportDecision(decision: PoolDecision | undefined): PoolDecision | null {
  return decision === undefined ? null : { ...decision, reason: decision.reason.slice(0, MAX_REASON) };
}

/** Whatever version told it; undefined: it has no pool. */
export function readPoolReport(told: unknown): PoolReport | undefined {
  if (typeof told !== 'object' || told === null) return undefined;
  const fields = recordOf(told);
  const number = (name: keyof PoolReport): number => numberOr(fields[name], 0);
  return {
    ...{ target: number('target'), min: number('min'), max: number('max') },
    ...{ queued: number('queued'), running: number('running') },
    workers: listOf(fields['workers'], (item) => readWorker(recordOf(item))),
    scaled: readDecision(recordOf(fields['scaled'])),
    replaced: readDecision(recordOf(fields['replaced'])),
  };
}

function readWorker(fields: Fields): WorkerReport | undefined {
  const pid = numberOr(fields['pid'], undefined);
  const state = STATES.find((known) => known === fields['state']);
  if (pid === undefined || state === undefined) return undefined;
  return {
    ...{ pid, state },
    cpu: numberOr(fields['cpu'], null),
    rssMb: numberOr(fields['rssMb'], null),
    jobs: numberOr(fields['jobs'], 0),
    jobsDone: numberOr(fields['jobsDone'], 0),
    restarts: numberOr(fields['restarts'], 0),
  };
}

function readDecision(fields: Fields): PoolDecision | null {
  const kind = KINDS.find((known) => known === fields['kind']);
  if (kind === undefined) return null;
  const number = (name: keyof PoolDecision): number => numberOr(fields[name], 0);
  return {
    kind,
    ...{ at: number('at'), from: number('from'), to: number('to') },
    reason: textOr(fields['reason'], ''),
  };
}
