import { MillraceError } from '../../core/errors.ts';
import { lockTerms, type LockOptions, type LockTerms } from '../../core/locks/lock-options.ts';
import { lockTimeout } from '../../core/run/apply.ts';
import { persist } from '../../engine/commit/persist.ts';
import type { Meter, Ports } from '../../engine/ports.ts';
import type { AcquireResult, LockClaim, LockGrant, LockHolder, Store } from '../../store/port/store.ts';
import { ask } from '../store-failure.ts';
import { Hold, type HeldLock, type Terms } from './hold.ts';

export interface KeeperParts {
  store: Store;
  ports: Ports;
  namespace: string;
  /** Who this process is at present: an engine comes back under a new id. */
  holder(): LockHolder;
  /** For people. */
  owner: string;
  lockMs: number;
  meter: Meter;
  /** Tells runs and processes that were given a lock. */
  settle(grants: readonly LockGrant[]): void;
}

/** Who waits asks this often, should no hint come. */
const ASK_MS = 500;
/** Who has not asked for so long does not wait any more: its process is gone. */
const STAY_MS = 10_000;
/** A caller waits this long for a store that does not answer. */
const GIVE_UP_MS = 30_000;
/** And one that is leaving. */
const LAST_TRY_MS = 2_000;

/** Owns the locks that this process holds or waits for. */
export class Keeper {
  private readonly parts: KeeperParts;
  /** Wakes those that wait. */
  private readonly waiting = new Set<() => void>();
  private readonly asking = new Set<Promise<Hold>>();
  private readonly held = new Set<Hold>();
  private closed = false;
  private requests = 0;

  constructor(parts: KeeperParts) {
    this.parts = parts;
  }

  async lock(name: string, options: LockOptions | undefined): Promise<HeldLock> {
    const terms = lockTerms(name, options, this.parts.lockMs);
    if (this.closed) throw new MillraceError('ENGINE_CLOSED', 'lock after close');
    const { meter, ports } = this.parts;
    const askedAt = ports.clock.mono();
    const asked = this.acquire(name, terms);
    this.asking.add(asked);
    const hold = await asked.finally(() => this.asking.delete(asked));
    meter.locked('process', ports.clock.mono() - askedAt);
    if (!this.closed) return hold;
    await hold.release();
    throw leaving(name);
  }

  /** Locks were granted somewhere: whoever waits here looks at once. */
  nudge(): void {
    for (const wake of this.waiting) wake();
  }

  /** Gives back all that is held, and lets nobody wait any longer. */
  async close(): Promise<void> {
    this.closed = true;
    this.nudge();
    const late = await Promise.allSettled(this.asking);
    const got = late.flatMap((asked) => (asked.status === 'fulfilled' ? [asked.value] : []));
    await Promise.all([...this.held, ...got].map((hold) => hold.release().catch(() => false)));
  }

  private async acquire(name: string, { holdMs, waitMs }: LockTerms): Promise<Hold> {
    const { clock } = this.parts.ports;
    const untilMono = clock.mono() + (waitMs ?? Infinity);
    let claim = this.newClaim(name);
    for (;;) {
      const sentAt = clock.mono();
      const leftMs = untilMono - sentAt;
      // oxlint-disable-next-line no-await-in-loop -- each look comes after the pause before it
      const result = await this.look(claim, holdMs, leftMs <= 0 ? 0 : STAY_MS);
      // oxlint-disable-next-line no-await-in-loop
      const hold = await this.confirm(result, { claim, holdMs, sentAt });
      if (hold !== undefined) return hold;
      if (result.outcome === 'busy') throw lockTimeout(name);
      if (result.outcome !== 'waiting') claim = this.newClaim(name);
      // oxlint-disable-next-line no-await-in-loop
      await this.pause(Math.max(1, Math.min(ASK_MS, leftMs)));
      if (this.closed) break;
    }
    await this.withdraw(claim);
    throw leaving(name);
  }

  private newClaim(name: string): LockClaim {
    this.requests += 1;
    const { namespace } = this.parts;
    return { namespace, name, holder: this.parts.holder(), request: String(this.requests) };
  }

  private async look(claim: LockClaim, holdMs: number, waitMs: number): Promise<AcquireResult> {
    const { store, owner } = this.parts;
    const request = { ...claim, owner, holdMs, waitMs };
    try {
      const result = await this.answered(() => store.acquireLock(request));
      this.settle(result.grants);
      return result;
    } catch (error) {
      // Whether it was granted is not known, and nobody here would renew it.
      this.withdraw(claim).catch(() => false);
      throw error;
    }
  }

  /** A grant that was made while nobody looked has been running since: it counts from a renewal. */
  private async confirm(result: AcquireResult, asked: Omit<Terms, 'token'>): Promise<Hold | undefined> {
    if (result.outcome !== 'granted') return undefined;
    const { store, ports } = this.parts;
    const { claim, holdMs } = asked;
    const terms = { ...asked, token: result.token };
    if (result.grants.some((grant) => isOf(grant, claim))) return this.keep(terms);
    const sentAt = ports.clock.mono();
    const renewed = await this.answered(() => store.renewLock(claim, holdMs));
    return renewed === undefined ? undefined : this.keep({ ...terms, sentAt });
  }

  private keep(terms: Terms): Hold {
    const { store, ports } = this.parts;
    const hold = new Hold(terms, {
      store,
      ports,
      withdraw: (claim) => this.withdraw(claim),
      ended: (ended) => void this.held.delete(ended),
    });
    this.held.add(hold);
    return hold;
  }

  /** Once this process leaves, nobody waits for a store that does not answer. */
  private answered<R>(call: () => Promise<R>): Promise<R> {
    const { ports } = this.parts;
    const untilMono = ports.clock.mono() + GIVE_UP_MS;
    return ask(() => persist(ports, call, () => this.closed || ports.clock.mono() > untilMono));
  }

  private async withdraw(claim: LockClaim): Promise<boolean> {
    const { store, ports } = this.parts;
    const untilMono = ports.clock.mono() + (this.closed ? LAST_TRY_MS : GIVE_UP_MS);
    const isOver = (): boolean => ports.clock.mono() > untilMono;
    const { held, grants } = await ask(() => persist(ports, () => store.releaseLock(claim), isOver));
    this.settle(grants);
    return held;
  }

  private settle(grants: readonly LockGrant[]): void {
    if (grants.length === 0) return;
    this.parts.settle(grants);
    this.nudge();
  }

  /** Resolves after so long, or with the next hint. */
  private pause(ms: number): Promise<void> {
    return new Promise((resolve) => {
      const done = (): void => {
        cancel();
        this.waiting.delete(done);
        resolve();
      };
      const cancel = this.parts.ports.after(ms, done);
      this.waiting.add(done);
    });
  }
}

function isOf({ holder, request }: LockGrant, claim: LockClaim): boolean {
  return holder.id === claim.holder.id && request === claim.request;
}

function leaving(name: string): MillraceError {
  return new MillraceError('ENGINE_CLOSED', `close while lock "${name}" was waited for`);
}
