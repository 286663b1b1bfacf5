import type { ClosedStatus, Priority } from '../status.ts';

/**
 * On what a retry may take back: how many commands had been given when it came, so that it is known what
 * followed.
 */
interface Revocable {
  given?: number | undefined;
}

/** Name of the engine that made the attempt, where that is not the one that recorded it. */
interface Attempted {
  engine?: string | undefined;
}

/**
 * A durable fact of a run. History is the ordered list of them; a run's state is a fold over it.
 *
 * `ordinal` numbers the commands of a workflow function in the order in which it gave them, from 0; `name` is
 * the command's name with its occurrence when it is not the first of that name (`charge`, `charge#2`). Replay
 * compares both, so a changed program is noticed instead of being fed foreign outcomes. `payload` is the text
 * of an encoded value (core/json.ts), kept as text so that what nobody looks at is never parsed.
 */
export type RunEvent = { payload?: string | undefined } & (
  | StartedEvent
  // outcomes of commands
  | (Attempted & { type: 'step-completed'; ordinal: number; name: string; attempt: number })
  | (Revocable & Attempted & { type: 'step-failed'; ordinal: number; name: string; attempt: number })
  | (Attempted & { type: 'step-retrying'; ordinal: number; name: string; attempt: number; retryAt: number })
  | { type: 'step-checkpoint'; ordinal: number; name: string; attempt: number }
  | { type: 'timer-fired'; ordinal: number; name: string }
  | (Revocable & {
      type: 'child-closed';
      ordinal: number;
      name: string;
      status: ClosedStatus;
      /** The run that has ended. */
      runId: string;
      /** The run that was started, where that one has gone on as others; undefined: it is the same. */
      child?: string | undefined;
    })
  | (Revocable & { type: 'external-completed'; ordinal: number; name: string; ok: boolean })
  | {
      type: 'lock-granted';
      ordinal: number;
      name: string;
      token: number;
      expiresAt: number;
      /** Store time at which it was asked for. */
      askedAt?: number | undefined;
    }
  // arrivals from outside
  | { type: 'signal-received'; id: string; name: string }
  | { type: 'update-received'; id: string; name: string }
  | (Revocable & { type: 'cancel-requested'; id: string })
  | (Revocable & { type: 'deadline-passed' })
  // what the engine decided: a run of its own makes this attempt, and its end comes as a message
  | { type: 'step-placed'; ordinal: number; name: string; attempt: number; runId: string }
  // records: what the program decided
  | { type: 'timer-set'; ordinal: number; name: string; fireAt: number }
  | {
      type: 'child-started';
      ordinal: number;
      name: string;
      runId: string;
      workflow: string;
      version?: string | undefined;
      detached: boolean;
    }
  | {
      type: 'lock-requested';
      ordinal: number;
      name: string;
      lock: string;
      holdMs: number;
      /** When the wait for it is over. */
      fireAt?: number | undefined;
    }
  | { type: 'lock-released'; ordinal: number; name: string; request: number }
  | { type: 'recorded'; ordinal: number; name: string }
  | { type: 'published'; ordinal: number; name: string }
  | { type: 'patched'; name: string }
  | { type: 'update-replied'; id: string; name: string; ok: boolean }
  // ends
  | { type: 'completed' }
  | { type: 'failed' }
  | { type: 'cancelled' }
  | { type: 'timed-out' }
  | { type: 'continued'; runId: string }
  // interventions; they change what a fold sees, not what the program sees
  | { type: 'blocked'; code: string }
  | {
      type: 'retried';
      /** Position of the first event that is taken back. */
      cut: number;
      /** The command from which on all is done again; undefined: only what failed is. */
      from?: number | undefined;
      deadlineAt?: number | undefined;
      id?: string | undefined;
    }
);

/** The run that was started by the command whose child has ended. */
export function startedChild({ child, runId }: Pick<EventOf<'child-closed'>, 'child' | 'runId'>): string {
  return child ?? runId;
}

export interface StartedEvent {
  type: 'started';
  workflow: string;
  version: string;
  key?: string | undefined;
  priority: Priority;
  queue: string;
  tags?: readonly string[] | undefined;
  /** Who waits for this run, and by which command. `child`: the run that was started, in those that it goes on as. */
  parent?: { runId: string; ordinal: number; name: string; child?: string | undefined } | undefined;
  /** It is an attempt of that command's step; the workflow is that of the run which waits. */
  task?: { workflow: string; attempt: number } | undefined;
  deadlineAt?: number | undefined;
  startAt?: number | undefined;
  /** The run that continued as this one, and the signals that it had received and not read. */
  continuedFrom?: string | undefined;
  carried?: readonly CarriedSignal[] | undefined;
  /** Ids of signals and updates that earlier runs of the chain have taken: sent again, they mean nothing. */
  seen?: readonly string[] | undefined;
  /** W3C trace context of whoever started it; children and tasks have their parent's. */
  traceparent?: string | undefined;
  /** What a repeated start of the key is compared with; a run that continues hands it on. */
  fingerprint?: string | undefined;
}

/** The first event of a run, with its payload, and when it happened, ms. */
export interface Beginning {
  readonly event: StartedEvent & { payload?: string | undefined };
  readonly at: number;
}

export interface CarriedSignal {
  id: string;
  name: string;
  payload: string;
}

/** How a task run ended that made an attempt of a step. It never stands in history: it becomes the step's outcome. */
export interface TaskEnded {
  type: 'task-ended';
  ordinal: number;
  /** The task run, so that the end of an attempt that nobody waits for any more is not taken for another's. */
  runId: string;
  ok: boolean;
  /** Name of the engine that made the attempt. */
  engine: string;
  /** Payload text of the last checkpoint of an attempt that failed. */
  checkpoint?: string | undefined;
  /** Payload text of the output or the failure. */
  payload: string;
}

/** What a turn is given: facts, and what it makes facts of. */
export type Arrival = RunEvent | TaskEnded;

export type EventType = RunEvent['type'];
export type EventOf<T extends EventType> = Extract<RunEvent, { type: T }>;

/** Who appended a chunk and when (store time, ms). */
export interface ChunkHeader {
  at: number;
  engine: string;
}

/** A history event with its place: what `history RUN` shows. */
export interface PlacedEvent {
  seq: number;
  at: number;
  engine: string;
  event: RunEvent;
}
