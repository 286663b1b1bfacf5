import { instant } from '../reading/instant.ts';

/** A lock as the store has it. */
export interface StoredLock {
  readonly namespace: string;
  readonly name: string;
  readonly token: number;
  readonly held: (StoredClaim & { readonly expiresAt: number }) | undefined;
  readonly waiters: readonly StoredClaim[];
}

export interface StoredClaim {
  readonly holder: { readonly kind: 'run' | 'engine' | 'client'; readonly id: string };
  readonly owner: string;
  readonly since: number;
}

/** Who holds a lock or waits for it, as every surface shows it. */
export interface LockClaimant {
  /** A run, an engine's process, or a client's. */
  readonly kind: 'run' | 'engine' | 'client';
  /** The run, or the incarnation. */
  readonly id: string;
  /** The run's workflow, or the name of the engine or client. */
  readonly owner: string;
  readonly since: string;
}

/** A lock as every surface shows it. */
export interface LockDescription {
  readonly name: string;
  /** Of the last grant. */
  readonly token: number;
  /** Null: nobody, and somebody is about to be given it. */
  readonly holder: LockClaimant | null;
  readonly expiresAt: string | null;
  /** Its holder's time is over, and nobody has asked for it since. */
  readonly expired: boolean;
  /** In the order in which they come; the first 100. */
  readonly waiters: readonly LockClaimant[];
}

/** @param now - store time. */
export function describeLock({ name, token, held, waiters }: StoredLock, now: number): LockDescription {
  return {
    ...{ name, token },
    holder: held === undefined ? null : claimant(held),
    expiresAt: held === undefined ? null : instant(held.expiresAt),
    expired: held !== undefined && held.expiresAt <= now,
    waiters: waiters.map(claimant),
  };
}

function claimant({ holder: { kind, id }, owner, since }: StoredClaim): LockClaimant {
  return { kind, id, owner, since: instant(since) };
}
