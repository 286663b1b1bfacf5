import type { PlacedEvent } from '../run/event.ts';
import type { ReadableRun } from './readable-run.ts';

/** Where the time of a run went, in ms. */
export interface TimeSplit {
  /** Ready, and no engine had taken it. */
  readonly queuedMs: number;
  /** Blocked or paused: a person was needed. */
  readonly blockedMs: number;
  /** The program or its steps were executing. */
  readonly runningMs: number;
  /** Between two attempts of a step. */
  readonly backoffMs: number;
  /** For a signal, a timer, a child, the planned start. */
  readonly waitingMs: number;
}

/** Where the time of a run went until `now` (store time) or its end. */
export declare function splitTime(run: ReadableRun, history: readonly PlacedEvent[], now: number): TimeSplit;
