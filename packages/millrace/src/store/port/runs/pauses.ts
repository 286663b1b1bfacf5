import type { ClosedStatus, OpenStatus } from '../../../core/status.ts';

/**
 * What the port says of runs that somebody has paused (status `paused`).
 *   P1  A paused run has no owner: no plan of it is applied, nobody claims it, no time or message wakes it. What arrives
 *       is kept in its inbox. It holds what it held: its key, its grants, its place in the queue.
 *   P2  Of a run that was executing its engine is remembered for as long as attempts run there that it had begun:
 *       `recordPaused` adds their outcomes to the history, and nothing else changes it.
 *   P3  Whoever resumes it puts it where it stood: to the engine that still executes attempts of it if that is alive, with
 *       the next epoch; else to the queue, or among the waiting ones unless its time has come or a message is there.
 *       What is blocked stays so, but `NON_DETERMINISTIC`: new code may have come meanwhile.
 *   P4  A message whose `dedup` begins with `ENDS_PAUSE` resumes its target in the same transaction.
 *   P5  Tasks of the run that nobody has begun are paused and resumed with it: they are its attempts.
 */
export interface PauseStore {
  /** A run that is paused already stays as it is. */
  pauseRun(request: PauseRequest): Promise<PauseResult>;
  resumeRun(runId: string): Promise<ResumeResult>;
  /** Outcomes of attempts that ran when the run was paused. Sent again it is `already`, like a plan (I3). */
  recordPaused(record: PausedRecord): Promise<'ok' | 'already' | 'conflict'>;
}

/**
 * In the place of a message's number in a hint: whoever executes the run shall look whether it was paused or resumed. An
 * engine that knows of no pauses looks for messages, and learns it too.
 */
export const LOOK = 2_147_483_647;

/** The beginning of the `dedup` of messages that end a pause: a cancel. */
export const ENDS_PAUSE = 'cancel:';

export interface PauseRequest {
  runId: string;
  /** Who pauses it, and why, for people. */
  by: string | undefined;
  reason: string | undefined;
}

/** What refuses to be paused or resumed. */
export type Unpausable =
  | { outcome: 'run-closed'; status: ClosedStatus; successor: string | undefined }
  | { outcome: 'not-found' };

export type PauseResult =
  /** `engineId`: the incarnation that executes it, and has to be told. */
  { outcome: 'paused'; engineId: string | undefined } | Unpausable;

export type ResumeResult =
  /** As it stands now. `ownerId`: the incarnation that goes on with it, and has to be told. */
  | { outcome: 'resumed'; status: OpenStatus; ownerId: string | undefined; wakeAt: number | undefined }
  /** It was not paused. */
  | { outcome: 'open' }
  | Unpausable;

export interface PausedRecord {
  runId: string;
  engineId: string;
  epoch: number;
  version: number;
  /** Random, below 2^53. */
  commitId: number;
  seq: number;
  count: number;
  history: Uint8Array | undefined;
  /** No attempt runs there any more: the engine is forgotten. */
  done: boolean;
}

/** What a row says of a pause. Times are store time. */
export interface RunPause {
  at: number;
  by: string | undefined;
  reason: string | undefined;
  /** The incarnation that still executes attempts of it. */
  engineId: string | undefined;
}
