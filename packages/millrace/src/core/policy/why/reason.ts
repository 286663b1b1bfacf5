import type { TimeSplit } from '../../reading/time-split.ts';
import type { EngineView } from '../../cluster/engine-view.ts';
import type { ShortageCode } from '../eligibility/refusal.ts';
import type { RunStatus } from '../../status.ts';

/** Everything that can hold a run up. */
export type ReasonCode =
  | 'WAITING_SIGNAL'
  | 'WAITING_EXTERNAL'
  | 'SLEEPING'
  | 'WAITING_CHILD'
  | 'WAITING_TASK'
  | 'WAITING_LOCK'
  | 'RETRY_BACKOFF'
  | 'DELAYED_START'
  | ShortageCode
  | 'ASSIGNED_WINDOW'
  | 'PAUSED'
  | 'NON_DETERMINISTIC'
  | 'QUARANTINED'
  | 'COMMIT_REFUSED'
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
}

export interface Remedy {
  readonly message: string;
  /** A command line to paste; null where there is nothing to do, or nothing that a command can do. */
  readonly command: string | null;
}

/** Why a run does not make progress. No reasons: it is executing, or it has ended. */
export interface Why {
  readonly runId: string;
  readonly status: RunStatus;
  readonly reasons: readonly Reason[];
  /** Where its time went so far; the parts add up to its age. */
  readonly time: TimeSplit;
}

/** An engine as its latest beat describes it. */
export interface EngineFacts extends EngineView {
  /** Store time of that beat. */
  readonly beatAt: number;
}

/** A run that makes an attempt of a call. */
export interface TaskFacts {
  readonly runId: string;
  readonly status: RunStatus;
  /** Name of the engine that owns it or owned it last, where known. */
  readonly engine: string | undefined;
}

/** Nobody needs to know more exactly how long a longer queue is, and counting it takes time. */
export const AHEAD_COUNTED = 1_000;

/** What the answer depends on besides the run itself. Undefined: not known, and no reason is made from it. */
export interface WhyFacts {
  /** Store time, ms. */
  readonly now: number;
  /** All engines that are not known to be gone; those that fell silent are told apart by their last beat. */
  readonly engines?: readonly EngineFacts[] | undefined;
  /** Of the tasks that the run waits for. */
  readonly tasks?: readonly TaskFacts[] | undefined;
  /** How many queued runs go before this one, counted to `AHEAD_COUNTED`. */
  readonly ahead?: number | undefined;
  /** The engine to which the run is reserved, and until when. */
  readonly assigned?: Reservation | undefined;
  /** Set while calls to the store fail: what it said and since when. */
  readonly outage?: { readonly message: string; readonly since: number } | undefined;
}

export interface Reservation {
  readonly engine: string;
  readonly until: number;
  /** The strategy that is set for all engines; undefined: none is, or it had no part in this. */
  readonly strategy?: string | undefined;
}
