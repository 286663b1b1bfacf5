import type { DeliveryResult, Message } from './store.ts';

/**
 * What the port says of named locks. Each is a lease with a queue.
 *   L1  A name has at most one holder whose expiry has not come. Its token is greater than those of all grants before,
 *       also of holders that have gone.
 *   L2  First come, first served: who asks while others wait waits behind them. No lock is free, or was released, while
 *       somebody waits: the act that frees it grants it. One that expires is granted by the next act that looks at it,
 *       and `wakeDue` looks at all that are waited for.
 *   L3  What a run holds and awaits ends with the plan that closes it; what an incarnation holds and awaits ends with
 *       its retirement, in the same transaction.
 *   L4  A grant to a run is a message in its inbox, written with the grant.
 *   L5  Every act is done once however often it is sent: a request is known by its holder and its `request`.
 */
export interface LockStore {
  /** Grants it, or lets the holder wait. Asked again, it says how that request stands, and grants nothing twice. */
  acquireLock(request: LockRequest): Promise<AcquireResult>;
  /** A new expiry, counted from now; undefined: it is not held any more, or its expiry has come. */
  renewLock(claim: LockClaim, holdMs: number): Promise<number | undefined>;
  /** Ends a hold or a wait. `held`: it was held until now. */
  releaseLock(claim: LockClaim): Promise<LockRelease>;
  /** Takes it from whoever holds it. */
  forceLock(lock: LockName): Promise<LockRelease>;
  /** Locks that are held or waited for, by namespace and name; expired holders too, as long as nobody followed. */
  listLocks(filter: LockFilter): Promise<LockList>;
}

export interface LockName {
  namespace: string;
  name: string;
}

/** A run, an incarnation, or a process that is none, known by an id of its own. */
export interface LockHolder {
  kind: 'run' | 'engine' | 'client';
  id: string;
}

/** Which hold or wait of a holder. */
export interface LockClaim extends LockName {
  holder: LockHolder;
  /** Tells apart what one holder asked for: a command's ordinal, a counter. */
  request: string;
}

/** Runs ask with their plans only. */
export interface LockRequest extends LockClaim {
  /** For people: the name of the engine. */
  owner: string;
  holdMs: number;
  /** How long it waits without being asked again; 0: it does not wait. */
  waitMs: number;
}

export type AcquireResult =
  | { outcome: 'granted'; token: number; expiresAt: number; grants: LockGrant[] }
  /** `ahead`: how many wait before it. `expiresAt`: of the holder. */
  | { outcome: 'waiting'; ahead: number; expiresAt: number; grants: LockGrant[] }
  | { outcome: 'busy'; expiresAt: number; grants: LockGrant[] }
  /** The incarnation is retired (I9). */
  | { outcome: 'retired'; grants: LockGrant[] };

export interface LockRelease {
  held: boolean;
  grants: LockGrant[];
}

/** A lock that an act gave to somebody. Of a run also the message, and how it was delivered. */
export interface LockGrant extends LockClaim {
  token: number;
  expiresAt: number;
  told: { message: Message; delivery: DeliveryResult } | undefined;
}

/** What a plan does to locks, in order, after everything else. */
export type LockAct =
  | {
      kind: 'request';
      name: string;
      request: string;
      holdMs: number;
      /**
       * What tells the run of the grant: to `body` is added a line feed and the JSON of `{token, expiresAt}`. Its
       * target is the run.
       */
      message: Omit<Message, 'target'>;
    }
  | { kind: 'release'; name: string; request: string }
  /** Everything that the run holds and awaits: with each plan that closes a run that ever asked (L3). */
  | { kind: 'leave' };

export interface LockFilter {
  namespace: string;
  name?: string | undefined;
  /** At most 1,000. */
  limit: number;
}

export interface LockList {
  storeTime: number;
  locks: LockRow[];
}

export interface LockRow extends LockName {
  /** Of the last grant; 0: there was none. */
  token: number;
  held: LockHold | undefined;
  /** In the order in which they come; at most 100. */
  waiters: LockWaiter[];
}

export interface LockHold {
  holder: LockHolder;
  request: string;
  owner: string;
  since: number;
  expiresAt: number;
}

export interface LockWaiter {
  holder: LockHolder;
  request: string;
  owner: string;
  since: number;
}

/** The most waiters of one lock that a list has. */
export const MAX_LISTED_WAITERS = 100;

/** What the store adds to the message of a grant. */
export function grantPayload(token: number, expiresAt: number): string {
  return `\n{"token":${token},"expiresAt":${expiresAt}}`;
}
