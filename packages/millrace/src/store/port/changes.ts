import type { ToldRun } from '../../core/changes/change.ts';
import type { ClosedStatus, RunStatus } from '../../core/status.ts';

/**
 * What became of runs, for whoever follows it. It is read from what is there anyway: no commit writes a line more for it.
 *
 *   C1  Transactions become visible in another order than their times. Whoever reads on from the last he has seen reads a
 *       while before it again.
 *   C2  Runs of `$task/…`, which are attempts of calls, are left out.
 */
export interface ChangeStore {
  /** Each list in its own order, at most `limit` long. What is as long as `limit` may go on. */
  readChanges(request: ChangeRequest): Promise<Changes>;
  /** Runs that stand still until somebody acts, paused and blocked ones, by id. */
  listHeld(filter: { namespace: string; limit: number }): Promise<HeldRun[]>;
}

/** A place among things that happened: those of the same instant stand in the order of their run ids. */
export interface Place {
  readonly at: number;
  readonly runId: string;
}

/** Of each list, where to begin: behind this. */
export interface ChangePlaces {
  /** By the time in the run's id. */
  readonly begun: string;
  readonly ended: Place;
  readonly reopened: Place;
}

export interface ChangeRequest {
  readonly namespace: string;
  readonly after: ChangePlaces;
  /** Only what happened before. Undefined: all. */
  readonly until: number | undefined;
  /** At most 1,000. */
  readonly limit: number;
}

export interface Changes {
  readonly storeTime: number;
  readonly begun: readonly ChangedRun[];
  readonly ended: readonly EndedRun[];
  /** Of a run that was opened more than once only the last time. */
  readonly reopened: readonly ReopenedRun[];
}

/** What is told of a run. */
export type ChangedRun = ToldRun;

export interface EndedRun extends ChangedRun {
  readonly status: ClosedStatus;
  readonly closedAt: number;
  /** How long its history is: grows when it is opened and ends again. */
  readonly events: number;
}

/** A run that had ended, or was blocked, and was queued again. */
export interface ReopenedRun extends ChangedRun {
  readonly reopenedAt: number;
}

export interface HeldRun extends ChangedRun {
  readonly status: Extract<RunStatus, 'paused' | 'blocked'>;
  readonly blockCode: string | undefined;
  readonly epoch: number;
  /** Of the row: together with `epoch` it is another each time. */
  readonly version: number;
}

/** The most of one list. */
export const MAX_CHANGES = 1_000;

/** For how long it is kept that a run was opened again, ms. */
export const REOPENED_KEPT_MS = 86_400_000;
