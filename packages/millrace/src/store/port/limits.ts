import type { KeyLimit, LimitKind, LimitState } from '../../core/limits/limit.ts';

/**
 * Limits on how much is worked on at once, and how fast. They are counted, never kept: a grant is a property of a run.
 *
 *   L1  A run is granted by the claim that first takes it, in the transaction that has locked all limits that apply to
 *       it and has seen room in each. It holds the grant until it closes; runs that hold theirs are never held back.
 *   L2  How much of a limit is in use is a count of open granted runs. A limit that is made for runs that are on their
 *       way counts them: each run that has begun is granted from then on.
 *   L3  A run that finds a key full is parked on it and is no candidate any more. While a key has room and runs are
 *       parked on it, it is stirred: claims look at what is parked there.
 *   L4  Nothing begins without a claim where a limit applies: no start and no wake makes such a run anybody's own.
 */
export interface LimitStore {
  /**
   * Makes or changes a limit; what the change leaves out stays. One that limits nothing any more is removed. Returns it
   * as it is then.
   */
  setLimit(change: LimitChange): Promise<LimitRow | undefined>;
  /** All limits of a namespace by kind and name, keys that are only in use by runs left out. */
  readLimits(namespace: string): Promise<LimitReport[]>;
  /** The limits that apply to an open run, widest first, and what of them is in use. */
  limitsOf(runId: string): Promise<RunLimits | undefined>;
  /** Queues of a namespace that have open runs. */
  readQueues(namespace: string): Promise<QueueReport[]>;
}

export interface LimitScope {
  namespace: string;
  kind: LimitKind;
  /** Empty for `global`. */
  name: string;
}

/** `null` takes a limit away. */
export interface LimitChange extends LimitScope {
  maxConcurrent?: number | null | undefined;
  ratePerSecond?: number | null | undefined;
  /** Queues only: how many queued runs there may be before starts from outside are refused. */
  maxDepth?: number | null | undefined;
  paused?: boolean | undefined;
  /** Who pauses it. */
  by?: string | undefined;
}

export interface LimitRow extends LimitScope {
  maxConcurrent: number | undefined;
  /** Keys: what the latest start asked for; `maxConcurrent` goes before it. */
  askedMax: number | undefined;
  ratePerSecond: number | undefined;
  maxDepth: number | undefined;
  paused: boolean;
  pausedBy: string | undefined;
  pausedAt: number | undefined;
}

export interface LimitReport extends LimitRow, Pick<LimitState, 'max' | 'inUse' | 'tokens'> {
  /** Store time from which on the rate allows one more; undefined: now, or there is no rate. */
  nextTokenAt: number | undefined;
  /** Runs that hold a grant of it, the first ones. */
  holders: string[];
}

/** How many holders a report names. */
export const HOLDERS_NAMED = 5;

export interface RunLimits {
  /** The keys that it brought along. */
  keys: readonly string[];
  granted: boolean;
  /** The key that it is parked on. */
  parkedOn: string | undefined;
  limits: LimitReport[];
}

export interface QueueReport {
  queue: string;
  /** Runs that are open, however they stand. */
  open: number;
  /** Queued runs, suspects and parked ones among them. */
  depth: number;
  /** Since when the one that has waited longest could be claimed. */
  oldestReadyAt: number | undefined;
  running: number;
}

/** The limits of a start as they are kept with its run: `[["key", max], …]`. */
export function encodeLimits(limits: readonly KeyLimit[] | undefined): string | undefined {
  if (limits === undefined || limits.length === 0) return undefined;
  return JSON.stringify(limits.map(({ key, max }) => [key, max]));
}

export function decodeLimits(text: string | null): KeyLimit[] {
  // Written by `encodeLimits` only.
  const pairs = text === null ? [] : (JSON.parse(text) as [string, number][]);
  return pairs.map(([key, max]) => ({ key, max }));
}
