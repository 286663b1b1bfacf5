import type { StepTime } from '../../reading/time/step-times.ts';
import type { TimeSplit } from '../../reading/time/time-split.ts';
import type { ShortageCode } from '../eligibility/refusal.ts';
import type { RunStatus } from '../../status.ts';

/** Everything that can hold a run up. */
export type ReasonCode =
  | 'EXECUTING'
  | 'WAITING_NODE'
  | 'WAITING_SIGNAL'
  | 'WAITING_EXTERNAL'
  | 'SLEEPING'
  | 'WAITING_CHILD'
  | 'WAITING_TASK'
  | 'WAITING_LOCK'
  | 'RETRY_BACKOFF'
  | 'DELAYED_START'
  | 'WAKING'
  | 'DEADLOCK'
  | ShortageCode
  | 'QUEUE_PAUSED'
  | 'LIMIT_REACHED'
  | 'ASSIGNED_WINDOW'
  | 'PAUSED'
  | 'NON_DETERMINISTIC'
  | 'QUARANTINED'
  | 'COMMIT_REFUSED'
  | 'PAYLOAD_UNREADABLE'
  | 'STORE_UNREACHABLE';

/** One thing that holds a run up, and what can be done about it. */
export interface Reason {
  readonly code: ReasonCode;
  readonly message: string;
  /** ISO 8601; since when, as far as it is recorded. */
  readonly since: string;
  /**
   * What the message speaks of, by name: `signal`, `runId`, `until`, `expected`, `actual`, … Instants are ISO
   * 8601.
   */
  readonly refs: Readonly<Record<string, string | number>>;
  readonly remedy: Remedy;
  /** The runs that this waits for, the first few, each with its own reasons. Absent: it waits for none. */
  readonly causes?: readonly Cause[];
}

/** A run that another one waits for, and what holds it up in turn. */
export interface Cause {
  readonly runId: string;
  readonly workflow: string;
  readonly status: RunStatus;
  /** Name of the engine that owns it or owned it last; null where that is not known. */
  readonly engineId: string | null;
  /** Its reasons stand elsewhere in this answer. */
  readonly told: boolean;
  readonly reasons: readonly Reason[];
}

export interface Remedy {
  readonly message: string;
  /** A command line to paste; null where there is nothing to do, or nothing that a command can do. */
  readonly command: string | null;
}

/** What holds a run up, from itself to the cause. No reasons: it has ended. */
export interface Why {
  readonly runId: string;
  /** When it stood so, by the store's clock; ISO 8601. */
  readonly at: string;
  readonly status: RunStatus;
  readonly reasons: readonly Reason[];
  /** False: the chain goes on beyond what is told here; the commands of its last links ask further. */
  readonly complete: boolean;
  /** Where its time went so far; the parts add up to its age. */
  readonly time: TimeSplit;
  /** The same time by the steps that it went to, the greatest first, at most 20. */
  readonly timeBySteps: readonly StepTime[];
}

/** A name as the command line takes it: quoted where anything in it is unusual. */
export function shellWord(name: string): string {
  return /^[\w.:@/-]+$/.test(name) ? name : `'${name.replaceAll("'", `'\\''`)}'`;
}
