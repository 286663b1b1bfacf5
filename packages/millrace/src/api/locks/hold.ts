import { MillraceError } from '../../core/errors.ts';
import { persist } from '../../engine/commit/persist.ts';
import type { Ports } from '../../engine/ports.ts';
import type { LockClaim, Store } from '../../store/port/store.ts';

/** A lock that this process holds, and renews for as long as it lives. */
export interface HeldLock {
  readonly name: string;
  /**
   * Grows with each grant of this name, whoever gets it: a resource that remembers the largest can refuse a holder
   * of before.
   */
  readonly token: number;
  /**
   * Aborted with LOCK_LOST when the lock is not certainly held any more: it was released by force, this process was
   * declared dead, or the store did not confirm it in time.
   */
  readonly signal: AbortSignal;
  /** Gives it to whoever waits. False: it was lost before. A second time it does nothing. */
  release(): Promise<boolean>;
  [Symbol.asyncDispose](): Promise<void>;
}

/** What was granted, and when what granted it was sent, by the monotonic clock. */
export interface Terms {
  claim: LockClaim;
  token: number;
  holdMs: number;
  sentAt: number;
}

export interface HoldPorts {
  store: Store;
  ports: Ports;
  withdraw(claim: LockClaim): Promise<boolean>;
  /** It ended, this way or that. */
  ended(hold: Hold): void;
}

/** As many tries to renew as fit into the time of a lock. */
const RENEWALS = 3;

/**
 * Renews one lock. It counts from the moment at which what granted or renewed it was sent, by this process's clock, so
 * that it is given up here before it expires in the store.
 */
export class Hold implements HeldLock {
  readonly name: string;
  readonly token: number;
  private readonly terms: Terms;
  private readonly parts: HoldPorts;
  private readonly controller = new AbortController();
  private state: 'held' | 'lost' | 'released' = 'held';
  private cancelRenewal: () => void = () => {};
  private cancelEnd: () => void = () => {};

  constructor(terms: Terms, parts: HoldPorts) {
    this.name = terms.claim.name;
    this.token = terms.token;
    this.terms = terms;
    this.parts = parts;
    this.count(terms.sentAt);
  }

  get signal(): AbortSignal {
    return this.controller.signal;
  }

  /** It is certain until its time, counted from here, is over. */
  private count(sentAt: number): void {
    const { holdMs } = this.terms;
    const { clock, after } = this.parts.ports;
    this.cancelEnd();
    const leftMs = sentAt + holdMs - clock.mono();
    this.cancelEnd = after(Math.max(0, leftMs), () => this.lose('it was not confirmed in time'));
    this.cancelRenewal = after(Math.max(0, leftMs - holdMs + holdMs / RENEWALS), () => void this.renew());
  }

  private async renew(): Promise<void> {
    const { store, ports } = this.parts;
    const { claim, holdMs } = this.terms;
    const sentAt = ports.clock.mono();
    const isOver = (): boolean => this.state !== 'held';
    try {
      const until = await persist(ports, () => store.renewLock(claim, holdMs), isOver);
      if (isOver()) return;
      if (until === undefined) this.lose('it was taken from this process');
      else this.count(sentAt);
    } catch {
      // Not confirmed: its end comes by itself.
    }
  }

  private lose(why: string): void {
    if (this.state !== 'held') return;
    this.stop('lost');
    const { name, token } = this;
    const what = `lock "${name}" with token ${token} is lost: ${why}`;
    this.controller.abort(new MillraceError('LOCK_LOST', what, { details: { lock: name, token } }));
  }

  private stop(state: 'lost' | 'released'): void {
    this.state = state;
    this.cancelRenewal();
    this.cancelEnd();
    this.parts.ended(this);
  }

  async release(): Promise<boolean> {
    if (this.state !== 'held') return false;
    this.stop('released');
    return this.parts.withdraw(this.terms.claim);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.release();
  }
}

/** Runs `work` while the lock is held. @throws what `work` throws; LOCK_LOST when it was lost meanwhile. */
export async function whileHeld<T>(hold: HeldLock, work: (lock: HeldLock) => T | Promise<T>): Promise<T> {
  let value: T;
  try {
    value = await work(hold);
  } catch (error) {
    await hold.release();
    throw error;
  }
  await hold.release();
  hold.signal.throwIfAborted();
  return value;
}
