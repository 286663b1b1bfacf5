import type { EventOf, StartedEvent } from '../../run/event.ts';
import type { ClosedStatus } from '../../status.ts';

/** One recorded try of a step. */
export interface Attempt {
  readonly attempt: number;
  readonly outcome: 'completed' | 'failed' | 'retrying';
  readonly at: number;
  readonly engine: string;
  /** Payload text of its output or error. */
  readonly payload: string | undefined;
  /** When the next one may begin (`retrying`). */
  readonly retryAt: number | undefined;
  /** A later retry of the run took it back. */
  readonly superseded: boolean;
}

/**
 * `running`: known by a checkpoint, a timer or its task run only · `timed-out`: its total time passed · `cancelled`: the run
 * ended first · `superseded`: a retry of the run took its outcome back and it has not been tried since.
 */
export type StepStatus =
  | 'running'
  | 'retrying'
  | 'completed'
  | 'failed'
  | 'timed-out'
  | 'cancelled'
  | 'superseded';

/** A step as far as it is recorded: a step that is executing for the first time has left no trace yet. */
export interface StepState {
  readonly ordinal: number;
  readonly name: string;
  status: StepStatus;
  /** Of those that count: recorded and not superseded. */
  attempts: number;
  /** Recorded only for steps with a total timeout, and for attempts elsewhere. */
  startedAt: number | undefined;
  endedAt: number | undefined;
  /** Name of the engine that made the latest try. */
  engine: string | undefined;
  /** Payload text of the output. */
  output: string | undefined;
  /** Payload text of the latest error, until the step completes. */
  error: string | undefined;
  /** Payload text of the last checkpoint. */
  checkpoint: string | undefined;
  /** The run that makes the current attempt, while it has no outcome. */
  taskRunId: string | undefined;
  readonly tries: Attempt[];
}

export interface ChildState {
  readonly ordinal: number;
  readonly name: string;
  readonly runId: string;
  readonly workflow: string;
  readonly detached: boolean;
  readonly startedAt: number;
  status: ClosedStatus | 'open';
  closedAt: number | undefined;
  /** Payload text of its output or error. */
  payload: string | undefined;
}

export interface TimerState {
  readonly ordinal: number;
  readonly name: string;
  readonly setAt: number;
  readonly fireAt: number;
}

export interface ArrivalState {
  readonly id: string;
  readonly name: string;
  readonly at: number;
  readonly payload: string | undefined;
}

export interface UpdateState extends ArrivalState {
  /** Undefined until it is answered. */
  reply: { readonly ok: boolean; readonly at: number; readonly payload: string | undefined } | undefined;
}

export interface EndState {
  readonly status: ClosedStatus;
  readonly at: number;
  /** Payload text of the output, the error, or the successor's input. */
  readonly payload: string | undefined;
}

/** What a history says about its run, for readers. Times are store time in ms. */
export interface RunState {
  readonly started: StartedEvent | undefined;
  readonly startedAt: number | undefined;
  /** Payload text. */
  readonly input: string | undefined;
  /** By command number. */
  readonly steps: readonly StepState[];
  readonly signals: readonly ArrivalState[];
  readonly updates: readonly UpdateState[];
  readonly children: readonly ChildState[];
  /**
   * Set and, as far as history shows, still to fire. A timed wait for a signal is taken to be over when one
   * of that name has arrived since; the `waits` of the row are exact.
   */
  readonly timers: readonly TimerState[];
  /** Payload text of the last value per key. */
  readonly published: ReadonlyMap<string, string>;
  readonly cancelRequest: { readonly at: number; readonly reason: string | undefined } | undefined;
  readonly deadlinePassedAt: number | undefined;
  /** The standing block: undefined once anything happened after it. */
  readonly block: { readonly at: number; readonly event: EventOf<'blocked'> } | undefined;
  /** How often the run was retried by a person, and when. */
  readonly retriedAt: readonly number[];
  /** Undefined while it is open, and after a retry. */
  readonly end: EndState | undefined;
}
