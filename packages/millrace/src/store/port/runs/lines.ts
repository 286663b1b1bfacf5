/** The most lines in one `appendLines`. */
export const MAX_LINES = 500;
/** Of the body of a line. */
export const MAX_LINE_BYTES = 64 * 1024;
/** What a log of a run has at most; what is said after that is counted and not kept. */
export const MAX_LOG_LINES = 10_000;
export const MAX_LOG_BYTES = 4 * 1024 * 1024;

/** What a run says to people, as it is stored. */
export interface AppendedLine {
  readonly runId: string;
  /** When it was said, store time. */
  readonly at: number;
  readonly body: Uint8Array;
}

export interface StoredLine {
  /** Its place in the log of its run, from 1. */
  readonly seq: number;
  readonly at: number;
  body: Uint8Array;
}

export interface LinesRequest {
  readonly runId: string;
  /** The `seq` of a line: only later ones. 0: from the first on. */
  readonly after: number;
  /** Only of the last so many that are kept. */
  readonly tail?: number | undefined;
  readonly limit: number;
}

export interface LinePage {
  readonly lines: StoredLine[];
  /** How many lines its log has, and how many were said beyond its bounds. */
  readonly kept: number;
  readonly dropped: number;
}

/**
 * Logs of runs. They are told beside the acts and guarded by nothing: no promise about a run depends on them.
 *
 *   S1  The lines of a run are numbered from 1 in the order in which they were written, without a gap, also by several
 *       writers: who has read up to a number misses nothing behind it.
 *   S2  The last batch that a run's log has taken is not taken again: a writer sends one until it has the answer.
 *   S3  A log is bounded (`MAX_LOG_LINES`, `MAX_LOG_BYTES`); the first lines are those that are kept.
 */
export interface LineStore {
  /** All of them or none. @param batch - random, below 2^53; the same when it is sent again. */
  appendLines(batch: number, lines: readonly AppendedLine[]): Promise<void>;
  /** In order. Of a run that has said nothing, or is not there, nothing. */
  readLines(request: LinesRequest): Promise<LinePage>;
  /**
   * Deletes the logs of at most `limit` runs that have ended and have said nothing for longer than `logMs` (to the hour);
   * returns how many. An open run may say more, and its lines go on counting.
   */
  pruneLines(request: { logMs: number; limit: number }): Promise<number>;
}
