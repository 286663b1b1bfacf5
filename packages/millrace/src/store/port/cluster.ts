import type { LockGrant } from './locks.ts';
import type { Scope } from './store.ts';

/**
 * What the port says of engines together: who is there, who leads, what is set for all, who was declared
 * dead.
 *   K1  A lease has one holder per term, and terms only grow. It lives until its holder is retired or gone: no
 * clock is asked. Whoever believes to lead may be wrong, so leaders do only what two may do.
 *   K2  Revisions of settings are global and only grow: no two writes share one, deletions included.
 *   K3  One failover is recorded for each incarnation that somebody else declared dead, in the transaction that
 * marks it.
 */
export interface ClusterStore {
  /** Announces a process start. The incarnation id is new each time. */
  register(engine: EngineAnnouncement): Promise<void>;
  /**
   * One combined statement: renews the incarnation's sequence and returns what an observer needs. With a scope also what
   * there is to do for the caller, so that who is idle asks for nothing else.
   */
  beat(engineId: string, load: Uint8Array, scope?: Scope): Promise<Beat>;
  /**
   * Marks an incarnation as retired (I9), then requeues at most `limit` of the runs that it owns.
   * `expectBeat` guards against a beat that was renewed meanwhile (undefined: declared dead by an operator or
   * by itself). Call again while `remaining` is true. Runs that were assigned to it are free for all, as many
   * as `limit`; of more, the rest when their windows are over.
   */
  retire(engineId: string, expectBeat: number | undefined, options: RetireOptions): Promise<RetireResult>;
  /** All incarnations that are not retired, or were within the last `retiredMs`, by engineId; and the lease. */
  listEngines(filter?: { retiredMs: number }): Promise<EngineList>;
  /** Tells an engine to leave in good order; it reads so with its next beat. False: there is none to tell. */
  orderDrain(engineId: string): Promise<boolean>;

  /**
   * Takes the lease if nobody who is there holds it (K1), for a caller who is; the lease as it stands then.
   */
  lead(engineId: string): Promise<Leadership | undefined>;

  /** All settings, those that were deleted too. */
  readSettings(): Promise<ClusterSettings>;
  /**
   * Sets a value; undefined deletes it. `expectRevision` (0: it was never set) guards against a change that the
   * caller has not seen. At most `MAX_SETTING_BYTES`.
   */
  putSetting(
    name: string,
    value: Uint8Array | undefined,
    expectRevision?: number,
  ): Promise<'ok' | 'conflict'>;

  /** What was declared dead, newest first. `before`: an eventId, only older ones. */
  listFailovers(page: { limit: number; before?: string | undefined }): Promise<FailoverEvent[]>;
  /** Deletes retired incarnations that own nothing, and failovers, that are older than so many milliseconds. */
  prune(request: PruneRequest): Promise<{ engines: number; failovers: number }>;
}

/** The most bytes of one setting. */
export const MAX_SETTING_BYTES = 65_536;

/** The most runs that a failover lists by id. */
export const MAX_FAILOVER_RUNS = 1_000;

export interface EngineAnnouncement {
  /** Incarnation: a random id per process start. */
  engineId: string;
  /** Human name (`NODE_ID`); several incarnations in turn share it. */
  name: string;
  host: string;
  /** Identity of the machine's boot, so that a pid of an earlier boot is not mistaken for a live process. */
  bootId: string;
  pid: number;
  /** What it can do, the same for all its life; opaque here. */
  profile: Uint8Array;
}

export interface EngineRow extends EngineAnnouncement {
  beatSeq: number;
  startedAt: number;
  beatAt: number;
  retired: boolean;
  /** When it was retired. */
  retiredAt: number | undefined;
  /** It was told to leave in good order. */
  drain: boolean;
  /**
   * Of the lock that its process keeps for as long as it is connected. `gone`: it had one and it is not there, which
   * a lost connection explains as well as a lost process. `unknown`: it never had one.
   */
  session: 'held' | 'gone' | 'unknown';
  load: Uint8Array;
}

export interface EngineList {
  storeTime: number;
  engines: EngineRow[];
  /** The lease as it is stored, whoever its holder is by now. */
  leader: Leadership | undefined;
}

export interface Beat extends EngineList {
  /** False: this incarnation is retired; it must stop and come back as a new one. */
  alive: boolean;
  /**
   * All incarnations that are not retired, the caller included, and those that are but still own runs,
   * because whoever retired them did not come to the end; ordered by engineId.
   */
  engines: EngineRow[];
  /** The greatest revision of a setting; 0: nothing was ever set. */
  settings: number;
  /** What there is to do; undefined: no scope was given. */
  work: Work | undefined;
}

/**
 * What there is to do for an engine, as a glance at the indexes shows it: a reason to ask, never an order. Whatever an
 * idle engine would otherwise ask for by itself stands here.
 */
export interface Work {
  /** Queued runs stand in its scope that are not kept for others, or runs whose window has passed: a claim may find some. */
  claimable: boolean;
  /** It owns runs. */
  owns: boolean;
  /** The earliest time at which a waiting run wakes, whoever's it is, or a lock expires that is waited for; perhaps past. */
  nextWakeAt: number | undefined;
}

export interface RetireOptions {
  limit: number;
  /**
   * A sole suspect whose process has died this often in a row is blocked (`QUARANTINED`) instead of requeued.
   */
  deathLimit: number;
  /** Operator's order or own drain: nobody becomes a suspect, nothing is counted. */
  harmless: boolean;
  /** Who retires it; undefined: an operator. An engine that retires itself leaves, and that is no failover. */
  by?: string | undefined;
  /** How long its beat had stood still for who judged it, ms. */
  silentMs?: number | undefined;
}
export interface RetireResult {
  /**
   * False: the beat moved on, or it was already retired by someone else (who may still be requeuing: call
   * again).
   */
  retired: boolean;
  requeued: number;
  quarantined: string[];
  remaining: boolean;
  /** Names of the locks that it held, and who has them now (L3). Undefined: none. */
  locks?: string[];
  grants?: LockGrant[];
}

export interface Leadership {
  engineId: string;
  term: number;
  since: number;
}

export interface ClusterSettings {
  /** The greatest of all; 0: nothing was ever set. */
  revision: number;
  settings: { name: string; value: Uint8Array | undefined; revision: number; changedAt: number }[];
}

export interface FailoverEvent {
  /** The id of the incarnation that failed: each fails once. */
  eventId: string;
  /** Declared dead by an operator, or found silent by another engine. */
  kind: 'declared' | 'detected';
  engineName: string;
  /** What it and who took over announced, while their rows are there. */
  profile: Uint8Array | undefined;
  takeoverProfile: Uint8Array | undefined;
  /** Who took over; undefined: an operator. */
  takeoverId: string | undefined;
  takeoverName: string | undefined;
  detectedAt: number;
  /** When nothing remained to requeue. */
  finishedAt: number | undefined;
  silentMs: number | undefined;
  /** How many runs were requeued, and the first of them. */
  runs: number;
  runIds: string[];
  quarantined: string[];
  /** Names of the locks that it held and that were released with it, each after its namespace and a slash. */
  locks: string[];
}

export interface PruneRequest {
  /** Of each kind. */
  limit: number;
  enginesMs: number;
  failoversMs: number;
}
