import type { EngineView } from '../../cluster/engine-view.ts';
import type { LimitState } from '../../limits/limit.ts';
import type { Flaw } from '../../payload/unreadable.ts';
import type { RunStatus } from '../../status.ts';
import type { Reason } from './reason.ts';

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
  /** When an engine took it; undefined: none has. */
  readonly startedAt: number | undefined;
}

/** An engine that was retired lately: it left, or was declared dead. */
export interface DepartedEngine extends EngineFacts {
  readonly retiredAt: number;
}

/** A lock that the run waits for. */
export interface LockFacts {
  readonly name: string;
  readonly held:
    | {
        readonly kind: 'run' | 'engine' | 'client';
        readonly id: string;
        /** The run's workflow, or the name of the engine or client. */
        readonly owner: string;
        readonly since: number;
        readonly expiresAt: number;
      }
    | undefined;
  /** Who waits, in the order in which they come. */
  readonly waiters: readonly { readonly id: string; readonly request: string; readonly since: number }[];
}

/** A death of the process that was executing the run. */
export interface DeathFacts {
  readonly engine: string;
  readonly at: number;
  /** An operator declared it. */
  readonly declared: boolean;
}

/** A limit that applies to the run, and what of it is in use. */
export interface LimitFacts extends LimitState {
  readonly pausedBy: string | undefined;
  /** Store time, like the other instants. */
  readonly pausedAt: number | undefined;
  readonly ratePerSecond: number | undefined;
  /** When the rate allows the next one; undefined: now. */
  readonly nextTokenAt: number | undefined;
  /** Runs that hold a grant of it, the first ones. */
  readonly holders: readonly string[];
}

/** Nobody needs to know more exactly how long a longer queue is, and counting it takes time. */
export const AHEAD_COUNTED = 1_000;

/** What the answer depends on besides the run itself. Undefined: not known, and no reason is made from it. */
export interface WhyFacts {
  /** Store time, ms. */
  readonly now: number;
  /** All engines that are not known to be gone; those that fell silent are told apart by their last beat. */
  readonly engines?: readonly EngineFacts[] | undefined;
  /** Engines that were retired within the last day; asked for where no engine is there that could take the run. */
  readonly departed?: readonly DepartedEngine[] | undefined;
  /** How many other open runs have its workflow and version; asked for where no engine has that. */
  readonly others?: number | undefined;
  /** Of a run whose process has died, oldest first. */
  readonly deaths?: readonly DeathFacts[] | undefined;
  /** The locks that it waits for. */
  readonly locks?: readonly LockFacts[] | undefined;
  /** Which nodes of its graph wait for which: told after what holds those up. */
  readonly nodes?: readonly Reason[] | undefined;
  /** Of the tasks that the run waits for. */
  readonly tasks?: readonly TaskFacts[] | undefined;
  /** How many queued runs go before this one, counted to `AHEAD_COUNTED`. */
  readonly ahead?: number | undefined;
  /** The limits that apply to it. */
  readonly limits?:
    | { readonly keys: readonly string[]; readonly granted: boolean; readonly limits: readonly LimitFacts[] }
    | undefined;
  /** The engine to which the run is reserved, and until when. */
  readonly assigned?: Reservation | undefined;
  /** What of the run cannot be opened by whoever looks. */
  readonly hidden?: Flaw | undefined;
  /** Set while calls to the store fail: what it said and since when. */
  readonly outage?: { readonly message: string; readonly since: number } | undefined;
}

export interface Reservation {
  readonly engine: string;
  readonly until: number;
  /** The strategy that is set for all engines; undefined: none is, or it had no part in this. */
  readonly strategy?: string | undefined;
}
