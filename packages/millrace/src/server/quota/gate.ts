import { NO_QUOTA, quotaOf, type Quota } from '../../core/configuration/quotas.ts';
import { MillraceError } from '../../core/errors.ts';
import { createOpenRuns } from './open-runs.ts';
import { createShares, type Shares } from './shares.ts';
import { createStartRates } from './starts.ts';

/*
 * Who is let in, and how far. Owns the counts of requests on their way.
 *   I1  What is refused here costs nothing that others wait for: no body was read and no store asked, but for a count that
 *       all share who ask within two seconds.
 *   I2  A namespace that sends much waits for itself (shares.ts), and finds its own requests refused where that is not
 *       enough.
 *   I3  Requests that wait for something to happen are counted apart: they hold a connection, and nothing that is scarce.
 *   I4  Refusals for sending too much come late, and hold nothing meanwhile: refusing costs something, too.
 */
export interface Gate {
  /** Before anything is known of a request. @throws SERVER_BUSY. */
  arrive(): Visit;
}

/** One request on its way. */
export interface Visit {
  /**
   * When it is known whose it is, and before its body is read.
   * @returns how many bytes its body may have, by the quota of its namespace.
   * @throws TOO_MANY_REQUESTS, QUOTA_EXCEEDED.
   */
  enter(wish: Wish): number | Promise<number>;
  /** When it is known how many runs it starts, and before it does. @throws QUOTA_EXCEEDED. */
  start(runs: number): undefined | Promise<void>;
  /** It is answered; once. */
  leave(): void;
}

export interface Wish {
  readonly namespace: string;
  /** It may wait for something to happen. */
  readonly waits: boolean;
  /** It is there to start runs. */
  readonly starts: boolean;
}

export interface GateParts {
  readonly maxRequests: number;
  readonly maxNamespaceRequests: number;
  readonly openRuns?: Quota | undefined;
  readonly startsPerSecond?: Quota | undefined;
  readonly payloadBytes?: Quota | undefined;
  /** Asks the store how many runs of a namespace are open, and counts to `limit` and no further. */
  readonly countOpen: (namespace: string, limit: number) => Promise<number>;
  /** Resolves when somebody who sends more than he may has waited long enough for his refusal. Default: at once. */
  readonly dampen?: () => Promise<void>;
  /** Milliseconds that only grow. */
  readonly mono?: () => number;
}

/** Of a namespace. */
const MOST_WAITING = 1_000;
const SOON_MS = 1_000;

/** What all visits share. */
interface Shared {
  readonly shares: Shares;
  /** Requests that wait, by namespace. */
  readonly waiting: Map<string, number>;
  readonly quotas: Quotas;
  readonly payloadBytes: Quota;
  readonly dampen: (() => Promise<void>) | undefined;
  /** Requests that are on their way and do not wait. */
  inside: number;
}

export function createGate(parts: GateParts): Gate {
  const { maxRequests, maxNamespaceRequests, payloadBytes = NO_QUOTA, dampen } = parts;
  const { mono = () => performance.now() } = parts;
  const shares = createShares(maxNamespaceRequests, mono);
  const quotas = createQuotas(parts, mono);
  const shared: Shared = { shares, waiting: new Map(), quotas, payloadBytes, dampen, inside: 0 };
  return {
    arrive() {
      if (shared.inside >= maxRequests) throw busy(maxRequests);
      return new GatedVisit(shared);
    },
  };
}

// A class, because one is made for each request; and nobody waits for a promise where nothing has to be waited for.
class GatedVisit implements Visit {
  private readonly shared: Shared;
  private wish: Wish | undefined;
  private isInside = true;
  private release: (() => void) | undefined;

  constructor(shared: Shared) {
    this.shared = shared;
    shared.inside += 1;
  }

  enter(wish: Wish): number | Promise<number> {
    const { shares, waiting } = this.shared;
    const { namespace, waits } = wish;
    const turn = waits ? claim(waiting, namespace, MOST_WAITING) : shares.enter(namespace);
    if (turn === undefined) return this.refuse(waits);
    return typeof turn === 'function'
      ? this.admit(wish, turn)
      : turn.then((release) => this.admit(wish, release));
  }

  start(runs: number): undefined | Promise<void> {
    const { wish } = this;
    if (wish === undefined) throw new Error('nobody starts anything before he is let in');
    const { quotas } = this.shared;
    const take = (): void => quotas.take(wish.namespace, runs);
    const checked = quotas.check(wish.namespace, runs);
    if (checked !== undefined) return checked.then(take);
    take();
    return undefined;
  }

  leave(): void {
    this.release?.();
    this.release = undefined;
    this.goOut();
  }

  private admit(wish: Wish, release: () => void): number | Promise<number> {
    const { quotas, payloadBytes } = this.shared;
    const { namespace, waits, starts } = wish;
    this.release = release;
    if (waits) this.goOut();
    this.wish = wish;
    const bytes = quotaOf(payloadBytes, namespace) ?? Infinity;
    const checked = starts ? quotas.check(namespace, 1) : undefined;
    return checked === undefined ? bytes : checked.then(() => bytes);
  }

  /** Whoever sends the next when he has his answer sends no more than there is time to refuse (I4). */
  private async refuse(waits: boolean): Promise<never> {
    this.goOut();
    await this.shared.dampen?.();
    throw tooMany(waits);
  }

  private goOut(): void {
    if (this.isInside) this.shared.inside -= 1;
    this.isInside = false;
  }
}

/** @returns how it is given back; undefined: there are as many as there may be. */
function claim(counts: Map<string, number>, namespace: string, most: number): (() => void) | undefined {
  const count = counts.get(namespace) ?? 0;
  if (count >= most) return undefined;
  counts.set(namespace, count + 1);
  return () => void counts.set(namespace, (counts.get(namespace) ?? 1) - 1);
}

/** What each namespace may start. */
interface Quotas {
  /** Undefined: it may. @throws QUOTA_EXCEEDED. */
  check(namespace: string, runs: number): undefined | Promise<void>;
  take(namespace: string, runs: number): void;
}

function createQuotas(
  { openRuns = NO_QUOTA, startsPerSecond = NO_QUOTA, countOpen }: GateParts,
  mono: () => number,
): Quotas {
  const rates = createStartRates(mono);
  const counts = createOpenRuns(countOpen, mono);
  return {
    check(namespace, runs) {
      const rate = quotaOf(startsPerSecond, namespace);
      const waitMs = rate === undefined ? 0 : rates.waitMs(namespace, rate);
      if (rate !== undefined && waitMs > 0)
        throw exceeded('startsPerSecond', `starts more than ${rate} runs a second`, { limit: rate, waitMs });
      const limit = quotaOf(openRuns, namespace);
      if (limit === undefined) return undefined;
      return counts.fits(namespace, limit, runs).then((fits) => {
        if (fits) return;
        throw exceeded('openRuns', `has ${limit} runs open, or would have more`, { limit, waitMs: SOON_MS });
      });
    },
    take(namespace, runs) {
      const rate = quotaOf(startsPerSecond, namespace);
      if (rate !== undefined) rates.take(namespace, rate, runs);
      if (quotaOf(openRuns, namespace) !== undefined) counts.add(namespace, runs);
    },
  };
}

/** Lets everybody in: for applications that have limits of their own. */
export const OPEN_GATE: Gate = {
  arrive: () => ({ enter: () => Infinity, start: () => undefined, leave: () => {} }),
};

function exceeded(quota: string, what: string, of: { limit: number; waitMs: number }): MillraceError {
  const { limit, waitMs } = of;
  return new MillraceError('QUOTA_EXCEEDED', `the namespace ${what}`, {
    details: { quota, limit, retryAfterMs: waitMs },
  });
}

function tooMany(waits: boolean): MillraceError {
  const what = waits
    ? `${MOST_WAITING} requests of the namespace wait`
    : 'the queue of the namespace is full';
  return new MillraceError('TOO_MANY_REQUESTS', what, { details: { retryAfterMs: SOON_MS } });
}

function busy(limit: number): MillraceError {
  return new MillraceError('SERVER_BUSY', `${limit} requests are on their way already`, {
    details: { limit, retryAfterMs: SOON_MS },
  });
}
