import type { Beginning } from '../../core/run/event.ts';
import type { ClosedStatus, Priority, RunStatus } from '../../core/status.ts';
import type { KeyLimit } from '../../core/limits/limit.ts';
import type { Outlook } from '../../core/limits/retry-after.ts';
import type { AuditEntry, AuditStore } from './access/audit.ts';
import type { AccessStore } from './access/keys.ts';
import type { ChangeStore } from './changes.ts';
import type { ClusterStore } from './cluster.ts';
import type { DefinitionStore } from './definitions.ts';
import type { LimitStore } from './limits.ts';
import type { LineStore } from './runs/lines.ts';
import type { LockAct, LockGrant, LockStore } from './locks.ts';
import type { PauseStore } from './runs/pauses.ts';
import type { RunFilter, RunPage, RunRow } from './reads.ts';

export type * from './access/audit.ts';
export type * from './access/keys.ts';
export type * from './changes.ts';
export type * from './cluster.ts';
export type * from './definitions.ts';
export type * from './limits.ts';
export type * from './runs/lines.ts';
export type * from './locks.ts';
export type * from './runs/pauses.ts';
export type * from './reads.ts';

/**
 * The ONE durable seam. Each function is one atomic act on a batch; there are no interactive transactions and
 * there is no `update(anything)`.
 *
 * Invariants that every backend keeps (the contract suite cites them):
 *   I1  A run row is changed only by its owner's plan that names the row's current `(epoch, version)`, or by one of the
 *       acts below that say so (of paused runs: P2, P3). `epoch` grows with every change of owner, `version` with every
 *       committed plan.
 *   I2  A plan is all or nothing: history, row, children, messages, consumed inbox rows and key change together.
 *   I3  A plan sent twice with one `commitId` is applied once: the second answer is `already`; after `discard` nothing is
 *       left that could tell, and it is `conflict`.
 *   I4  History is gap-free: a chunk is inserted only at the row's current `events` position.
 *   I5  Suspend, close and discard succeed only while `inboxSeq` equals what the plan has seen: no message is slept through.
 *   I6  A closed run takes no messages and no plans. It is opened again only after every transaction has ended in which
 *       it has refused a message: who then looks sees all that these have written.
 *   I7  A message is in the inbox once per `(run, dedup)` until its row is consumed by the target's own plan; its `seq`
 *       is assigned under the target's row lock and never reused.
 *   I8  At most one run that is open, or inside its dedup window, per `(namespace, key)`.
 *   I9  An incarnation that was retired can change nothing any more: its plans are `conflict`, its starts unowned, its
 *       claims empty.
 *   I10 A queued run that is assigned is claimed by nobody but `assignedTo` until `assignedUntil`; then, or when the
 *       assignee is retired, by anyone. Only a queued run is assigned, a suspect never. An assignment is a preference,
 *       for the engine that has the run in memory, or that a new one was placed at: nothing is less safe without it, or
 *       when it lingers on an assignee that was retired in the same moment.
 *
 * Times are integers, milliseconds since the epoch by the STORE's clock. Ids are lower-case UUID strings.
 */
export interface Store
  extends
    AccessStore,
    AuditStore,
    ChangeStore,
    ClusterStore,
    DefinitionStore,
    LimitStore,
    LineStore,
    LockStore,
    PauseStore {
  readonly name: 'sqlite' | 'postgres';
  /** What survives what, in one line each; shown by `doctor` and the API. */
  readonly durability: Durability;

  /** Creates or brings the schema up to date; safe when several engines do it at once. */
  migrate(options?: MigrateOptions): Promise<MigrationReport>;
  close(): Promise<void>;

  // --- runs
  /**
   * Each request succeeds or is refused alone, in request order; `transaction` makes it part of the caller's
   * own.
   */
  startRuns(requests: readonly StartRequest[], transaction?: unknown): Promise<StartResult[]>;
  /**
   * Takes up to `limit` queued runs by ascending rank whose workflow and version the engine has, assigned ones in
   * line with the others (I10). Who claims a run ends its assignment. Limits hold runs back (L1).
   */
  claimRuns(request: ClaimRequest): Promise<ClaimedRuns>;
  /**
   * History from `fromSeq` on and all inbox rows of owned runs; a run that is closed or gone yields no entry.
   */
  loadRuns(requests: readonly LoadRequest[]): Promise<LoadedRun[]>;
  /** Results in plan order. At most 500 plans. */
  commit(plans: readonly Plan[]): Promise<PlanResult[]>;
  /** Results in message order. */
  deliver(messages: readonly Message[], adopter?: Adopter): Promise<DeliveryResult[]>;
  /**
   * Waiting runs whose `wakeAt` has passed, of every namespace and queue: who could execute them may not ask for
   * long. Those that another live incarnation owned last are queued and assigned to it. Of the others the adopter
   * gets what it has room for and is in the request's scope; the rest is queued for all.
   */
  wakeDue(request: WakeRequest): Promise<WakeResult>;
  /**
   * All runs that this incarnation owns, by run id: how an owner finds messages that no hint announced, and
   * runs that became its own in an answer that was lost (it gives those back with `release`).
   */
  listOwned(engineId: string): Promise<{ runId: string; epoch: number; version: number; inboxSeq: number }[]>;
  /** Gives runs back unharmed: queued again, nothing counted. Guarded by epoch and version like a plan. */
  release(runs: readonly { runId: string; epoch: number; version: number }[]): Promise<number>;
  /**
   * Runs `body` and the plan made of its value in ONE transaction, the plan last. PostgreSQL: `body` gets a
   * client on a connection of its own and may be async. SQLite: `body` is synchronous; a returned promise is
   * refused with `ASYNC_TRANSACTION`. When `body` throws nothing is written and the error passes through.
   */
  transact<T>(
    body: (tx: never) => T | Promise<T>,
    plan: (value: T) => Plan,
  ): Promise<{ value: T; result: PlanResult }>;

  // --- acts on a run from outside (guarded by its status)
  /** Closed → queued again with one more history chunk (`retry`), or blocked → queued. */
  reopen(request: ReopenRequest): Promise<'ok' | 'conflict' | 'not-found'>;
  /** Blocked by `code` and in this scope → queued. Returns how many. */
  unblock(request: UnblockRequest): Promise<number>;

  // --- reads
  /** In the order of the references. `firsts`: each with its first chunk, so that its input needs no other call. */
  readRuns(refs: readonly RunRef[], firsts?: boolean): Promise<(RunRow | undefined)[]>;
  listRuns(filter: RunFilter): Promise<RunPage>;
  /** Open runs of a namespace, tasks among them; counts to `limit` and no further. */
  countOpen(namespace: string, limit: number): Promise<number>;
  /**
   * How many queued runs of the same namespace and queue are claimed before this queued one, suspects left
   * out; counts to `limit` and no further. 0 for a run that is not queued.
   */
  countAhead(runId: string, limit: number): Promise<number>;
  /** Chunks in order, from the one that contains `fromSeq` on. */
  readHistory(runId: string, fromSeq?: number, limit?: number): Promise<HistoryChunk[]>;
  readInbox(runId: string): Promise<InboxRow[]>;
  /** Changes of interest to this process: cheap to ask; `undefined` where the backend has no hints. */
  readonly hints: Hints | undefined;
}

export interface Durability {
  profile: 'sqlite-full' | 'sqlite-memory' | 'postgres' | 'postgres-sync' | 'postgres-unsafe';
  processKill: string;
  osCrash: string;
  nodeLoss: string;
}

export interface MigrateOptions {
  /** Changes nothing and reports what is missing. */
  dryRun?: boolean;
  /** Called when a step is written and not yet committed: a place for fault tests to kill the process. */
  midStep?: () => void;
}

export interface MigrationReport {
  from: number;
  to: number;
  applied: { id: number; name: string }[];
}

export interface WorkflowRef {
  workflow: string;
  version: string;
}

/**
 * A run by id, or by its caller-given key (then: the run that the key points to now). With a namespace beside its id it is
 * meant only if it is of that one: of another it is as if it did not exist.
 */
export type RunRef = { runId: string; namespace?: string | undefined } | { namespace: string; key: string };

export interface StartRequest {
  runId: string;
  namespace: string;
  workflow: string;
  /** With what it demands of its engine behind a `+` (core/cluster/demands.ts). */
  workflowVersion: string;
  queue: string;
  priority: Priority;
  tags: readonly string[];
  /** Limits that it brings along, each key once. The successor of a run has its predecessor's. */
  limits?: readonly KeyLimit[] | undefined;
  key?: string | undefined;
  /** Hash of what must be equal for a repeated start with the same key (workflow and input). */
  fingerprint?: string | undefined;
  /** What a start does when its key belongs to a run that has closed. */
  reuse: ReusePolicy;
  /** How long after its close a run still answers for its key, ms. */
  dedupMs: number;
  /** Delayed start: store time. The run waits until then. */
  startAt?: number | undefined;
  /** Store time at which the run times out. */
  deadlineAt?: number | undefined;
  parentRunId?: string | undefined;
  parentOrdinal?: number | undefined;
  /** The first history chunk: exactly one `started` event. */
  history: Uint8Array;
  /** What `history` says, for the engine of this process that may begin the run at once. No store reads it. */
  begins?: Beginning | undefined;
  commitId: number;
  /**
   * Eager ownership: insert it owned by this incarnation if nothing goes before it. That is what is queued in its
   * queue for all, or assigned to this incarnation in any; and while a window has passed and nobody has claimed
   * since, nothing is owned at once, because that run is not in its place yet.
   */
  owner?: string | undefined;
  /**
   * Where it was placed: insert it queued and assigned (I10), if the assignee is not retired. Of no effect beside an
   * `owner`, and on a delayed start.
   */
  assignTo?: Assignment | undefined;
  /**
   * Signal-with-start: delivered to the run that results, new or existing, in the same transaction. Such a
   * start is for whichever run has the key: fingerprints are not compared.
   */
  message?: Omit<Message, 'target'> | undefined;
  /** Written into the audit log together with the run; where the start starts nothing, not at all. */
  act?: AuditEntry | undefined;
}

/** Who may claim a run first, and for how long. */
export interface Assignment {
  engineId: string;
  /** More than 0, ms. */
  windowMs: number;
}

/**
 * `return`: the closed run is the answer while its dedup window lasts · `allow`: a new run · `allow-failed`:
 * a new run unless the earlier one completed · `refuse`: `key-in-use`.
 */
export type ReusePolicy = 'return' | 'allow' | 'allow-failed' | 'refuse';

export type StartResult =
  /** `assignedTo`: the engine that it is queued and kept for, as the request wished. */
  | {
      outcome: 'started';
      runId: string;
      owned: boolean;
      assignedTo: string | undefined;
      epoch: number;
      version: number;
      inboxSeq: number;
    }
  /** The key's run, with the same fingerprint. Also the answer to the same request sent twice. */
  | { outcome: 'existing'; runId: string; status: RunStatus; delivery?: DeliveryResult }
  /** The key's run has another workflow or input, or the reuse policy refuses. */
  | { outcome: 'key-in-use'; runId: string; status: RunStatus }
  /** Nothing was stored: its queue has its `maxDepth` of queued runs. Only starts from outside are refused. */
  | ({ outcome: 'queue-full'; runId: string; maxDepth: number } & Outlook);

/** The runs that an engine can execute. */
export interface Scope {
  /** Undefined: all. */
  namespace?: string | undefined;
  /** Undefined: all. */
  queues?: readonly string[] | undefined;
  workflows: readonly WorkflowRef[];
  /** What it carries of what versions demand behind a `+` (core/cluster/demands.ts). Undefined: nothing. */
  traits?: readonly string[] | undefined;
}

export interface UnblockRequest extends Scope {
  code: string;
}

export interface ClaimRequest extends Scope {
  engineId: string;
  limit: number;
  /**
   * False: only runs that are nobody's suspects. True: only suspects, and of one group: all that share the
   * `suspect` label of the first by rank. `more`: only of the group of which the engine has some already.
   */
  suspects: boolean | 'more';
}

/** The owner's copy of a run row. */
export interface OwnedRun {
  runId: string;
  namespace: string;
  workflow: string;
  workflowVersion: string;
  queue: string;
  priority: Priority;
  key: string | undefined;
  tags: readonly string[];
  parentRunId: string | undefined;
  parentOrdinal: number | undefined;
  createdAt: number;
  deadlineAt: number | undefined;
  epoch: number;
  version: number;
  /** Number of events in history = the seq of the next one. */
  events: number;
  inboxSeq: number;
  suspect: boolean;
}
export interface ClaimedRun extends OwnedRun {
  /** The first chunk when the run has never had a turn (`version` 0), so that a fresh run needs no load. */
  history: Uint8Array | undefined;
}

export interface ClaimedRuns extends Array<ClaimedRun> {
  /** Limits hold runs back that can be claimed after so many ms, 0: at once. Undefined: not known of any. */
  askAgainMs?: number;
}

export interface LoadRequest {
  runId: string;
  epoch: number;
  fromSeq: number;
}
export interface LoadedRun {
  runId: string;
  version: number;
  inboxSeq: number;
  chunks: HistoryChunk[];
  inbox: InboxRow[];
}
export interface HistoryChunk {
  seq: number;
  count: number;
  data: Uint8Array;
}
export interface InboxRow {
  seq: number;
  dedup: string;
  body: Uint8Array;
}

/** What a turn decides, written whole or not at all. */
export interface Plan {
  runId: string;
  /** The incarnation that decided it. */
  engineId: string;
  epoch: number;
  version: number;
  /** Random, below 2^53. */
  commitId: number;
  /** History to append at position `seq`: `count` events in one chunk; `count` 0 appends nothing. */
  seq: number;
  count: number;
  history: Uint8Array | undefined;
  next: NextState;
  /** Inbox rows that this plan has turned into history. */
  consumed: readonly number[];
  /**
   * Children, or the successor of a continued run: inserted with the plan, owned at once where `owner` says
   * so.
   */
  starts: readonly StartRequest[];
  messages: readonly Message[];
  /** What becomes of locks; undefined: nothing. */
  locks?: readonly LockAct[] | undefined;
  /** The deliverer may keep woken targets for itself. */
  adopter?: Adopter | undefined;
}

export type NextState =
  /** Stays running under the same owner. */
  | { kind: 'continue' }
  /** Unowned until a message or `wakeAt`; `waits` says for whom it waits (opaque, shown by `why`). */
  | { kind: 'suspend'; inboxSeq: number; wakeAt: number | undefined; waits: Uint8Array }
  /** Needs a person. `code` is `NON_DETERMINISTIC`, `QUARANTINED`, …; `waits` carries the particulars. */
  | { kind: 'block'; code: string; waits: Uint8Array }
  | { kind: 'close'; status: ClosedStatus; inboxSeq: number; successor: string | undefined }
  /**
   * It has ended and nothing of it is kept: row, history and inbox are deleted, as if it had never been. For runs
   * without key and successor. What the plan appends is not written; the plan sent again is a `conflict`.
   */
  | { kind: 'discard'; inboxSeq: number };

export type PlanResult =
  /** `freed`: it gave back what others may wait for (L1): a hint is worth sending. */
  | { outcome: 'ok'; starts: StartResult[]; deliveries: DeliveryResult[]; grants?: LockGrant[]; freed?: true }
  /**
   * An earlier sending of the same plan was applied (I3). Deliveries of that sending are not known any more.
   */
  | { outcome: 'already' }
  /** The guard failed: another owner, another version, closed, or the incarnation is retired. */
  | { outcome: 'conflict' }
  /** Suspend, close or discard met messages that the plan has not seen (I5); ownership and version are unchanged. */
  | { outcome: 'unread'; inboxSeq: number };

/**
 * A message wakes a run that waits. Its last owner, which may have it in memory, gets it: as its own if that is the
 * adopter of the call, else, if it is alive, assigned (I10). A suspect is queued for all, and so is what the adopter
 * owned last and has no room for.
 */
export interface Message {
  target: RunRef;
  dedup: string;
  body: Uint8Array;
  /**
   * How long the run is assigned to its last owner, ms; 0 or undefined: it is queued for all. It stands with the
   * message, not with the adopter, because a message from a process that executes nothing wakes runs that are in
   * memory elsewhere.
   */
  windowMs?: number | undefined;
}

/** Who may keep the runs that a call wakes and that it owned last. */
export interface Adopter {
  engineId: string;
  /**
   * How many woken runs it has room for: in one call, all its plans and messages together. With 0 its own runs are
   * queued for all. Suspects are not adopted.
   */
  limit: number;
}

export type DeliveryResult =
  /**
   * Durable. `adopted` is set when the message woke the run into the deliverer's ownership; `ownerId` names
   * who owns the run, `assignedTo` to whom it is assigned (a hint is worth sending), when someone else does.
   */
  | {
      outcome: 'delivered';
      runId: string;
      seq: number;
      adopted: OwnedRun | undefined;
      ownerId: string | undefined;
      assignedTo: string | undefined;
    }
  | { outcome: 'duplicate'; runId: string }
  | { outcome: 'run-closed'; runId: string; status: ClosedStatus; successor: string | undefined }
  | { outcome: 'not-found' };

export interface WakeRequest extends Scope {
  limit: number;
  /** Who asks. */
  adopter: Adopter | undefined;
  /** How long runs are assigned to another incarnation, ms; 0 or undefined: not at all. */
  windowMs?: number | undefined;
  /** How much later than their time `nextWakeAt` counts the runs of others, who ask for them themselves, ms. */
  headStartMs?: number | undefined;
}
export interface WakeResult {
  adopted: OwnedRun[];
  /** How many are queued for all. */
  queued: number;
  /** Of each run that is assigned, the engine. */
  assigned: string[];
  /** Locks whose holder's time was over, and who has them now (L2). Undefined: none. */
  grants?: LockGrant[];
  /**
   * When the asker should ask again: the earliest `wakeAt` still in the store, or expiry of a lock that is waited for,
   * those of other live incarnations
   * counted `headStartMs` later. It may be too early, never too late. And the store's clock.
   */
  nextWakeAt: number | undefined;
  storeTime: number;
}

export interface ReopenRequest {
  runId: string;
  /** The row as the caller saw it; another version is a conflict. */
  version: number;
  from: RunStatus;
  seq: number;
  count: number;
  history: Uint8Array | undefined;
  commitId: number;
}

/** Hints make things faster, never correct: each may be lost, late or doubled. */
export interface Hints {
  /** Tells the processes concerned, coalesced, after a commit. */
  send(hint: Hint): void;
  /** Registers the one receiver of this process; returns the undo. */
  receive(receiver: (hint: Hint) => void): () => void;
}
/** Where a message stands: it is the `seq`th of the run's inbox. */
export interface ArrivedMessage {
  readonly runId: string;
  readonly seq: number;
}
/** Where runs became claimable. */
export interface ReadyPlace {
  readonly namespace: string;
  readonly queue: string;
}
export type Hint =
  /** Runs became claimable: in this queue, or anywhere where it is not said. */
  | { kind: 'ready'; place?: ReadyPlace | undefined }
  /** Runs were assigned to this incarnation: it may claim them. */
  | { kind: 'assigned'; engineId: string }
  /** Messages arrived for runs that this incarnation owns: this one, or any where it is not said. */
  | { kind: 'inbox'; engineId: string; message?: ArrivedMessage }
  /** Runs closed that a process may be waiting for. */
  | { kind: 'closed' }
  /** Locks were granted to processes. */
  | { kind: 'locks' };
