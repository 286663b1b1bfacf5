import type { StepCommand } from '../core/run/command.ts';
import type { Arrival, RunEvent } from '../core/run/event.ts';
import type { Execution } from '../core/run/execution.ts';
import type { AnyWorkflow } from '../core/workflow/workflow.ts';
import type { Assignment, OwnedRun } from '../store/port/store.ts';
import type { Attempt } from './dispatch/attempt.ts';

/**
 * A run as its owner holds it in memory.
 *
 * Owns what the owner knows of the run row and what has arrived and is not yet in a plan.
 *   N1  At most one plan of a run is unresolved (`busy`).
 *   N2  `row` is the store's row as of the last resolved plan; anything else that touches the row ends ownership.
 *   N3  A message is in `arrivals` once: `inboxSeq` is the last one taken, and messages are taken in order.
 *   N4  A suspended instance (`held` false) is only a hint, valid while its version is the row's.
 */
export interface Instance {
  readonly runId: string;
  workflow: AnyWorkflow;
  row: OwnedRun;
  execution: Execution;
  /** False while suspended in the cache, and for ever once ownership is lost. */
  held: boolean;
  /** True while a turn, a plan or a transaction is under way. */
  busy: boolean;
  /** Nothing has been decided by this execution since it was made or loaded. */
  fresh: boolean;
  arrivals: Arrival[];
  /** A step outcome that a transaction has stored already: applied next, not stored again. */
  stored: RunEvent | undefined;
  /** Inbox rows that became arrivals and are not yet deleted by a plan. */
  consumed: number[];
  inboxSeq: number;
  /** Messages are known to be in the store that are not yet taken. */
  inboxBehind: boolean;
  attempts: Map<number, Attempt>;
  transactions: StepCommand[];
  /** Engines that tasks were placed at whose start is not yet in a plan. */
  placements: Map<string, Assignment> | undefined;
  /** Until a transaction that the store could not do is tried again; grows with each time. */
  transactionPauseMs: number;
  /** Called when what has arrived so far is durable. */
  afterCommit: (() => void)[];
  /** Nothing runs here any more: look whether the run can be put to rest. */
  restless: boolean;
  suspect: boolean;
  /** Somebody paused it while it was executed here: attempts may end, and nothing else happens. */
  paused: Aside | undefined;
  /** The store may see another owner, or a pause: to be looked at before anything else. */
  doubted: boolean;
  cancelTimer: (() => void) | undefined;
}

/** What is kept of a run that is paused and of which attempts still run. */
interface Aside {
  /** The program as its history leaves it; undefined: nobody has needed it. */
  execution: Execution | undefined;
  /** The last record of outcomes was refused. */
  refused: boolean;
}

export const FIRST_TRANSACTION_PAUSE_MS = 100;

export function createInstance(row: OwnedRun, workflow: AnyWorkflow, execution: Execution): Instance {
  return {
    runId: row.runId,
    workflow,
    row,
    execution,
    held: true,
    busy: false,
    fresh: true,
    arrivals: [],
    stored: undefined,
    consumed: [],
    inboxSeq: 0,
    inboxBehind: false,
    attempts: new Map(),
    transactions: [],
    placements: undefined,
    transactionPauseMs: FIRST_TRANSACTION_PAUSE_MS,
    afterCommit: [],
    restless: false,
    suspect: row.suspect,
    paused: undefined,
    doubted: false,
    cancelTimer: undefined,
  };
}
