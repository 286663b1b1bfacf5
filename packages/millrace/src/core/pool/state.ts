/** A worker process, for readers. */
export interface WorkerState {
  readonly pid: number;
  readonly state: 'starting' | 'idle' | 'busy' | 'draining';
  /** Cores in use, such as 0.97; undefined until it was measured. */
  readonly cpu: number | undefined;
  /** Resident memory, MiB. */
  readonly rssMb: number | undefined;
  /** Jobs that it executes now. */
  readonly jobs: number;
  /** Jobs that it has ended. */
  readonly jobsDone: number;
  /** Wall clock, ms. */
  readonly startedAt: number;
  /** How many workers had this place before it. */
  readonly restarts: number;
}

/** Something that a pool decided, and why. */
export interface PoolDecision {
  /** Wall clock, ms. */
  readonly at: number;
  readonly kind: 'grow' | 'shrink' | 'at-maximum' | 'replace';
  /** Workers wanted before and after. */
  readonly from: number;
  readonly to: number;
  readonly reason: string;
}

/** A pool at one moment: `millrace.pool()`. */
export interface PoolState {
  readonly workers: readonly WorkerState[];
  /** Workers wanted; fewer are there while some start, more while some drain. */
  readonly target: number;
  readonly min: number;
  readonly max: number;
  /** Jobs that wait for a worker. */
  readonly queued: number;
  /** Jobs that workers execute. */
  readonly running: number;
  /** The last 50, oldest first. */
  readonly decisions: readonly PoolDecision[];
}
