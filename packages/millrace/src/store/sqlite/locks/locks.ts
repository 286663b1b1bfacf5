/*
 * Named locks (L1–L5). Whatever changes who holds or awaits a lock ends with `settle`, which gives it to the first who
 * waits if it is free by then. All functions run inside a transaction of the caller.
 */
import {
  MAX_LISTED_WAITERS,
  type AcquireResult,
  type LockAct,
  type LockClaim,
  type LockFilter,
  type LockGrant,
  type LockList,
  type LockName,
  type LockRelease,
  type LockRequest,
  type LockRow,
} from '../../port/locks.ts';
import type { Connection } from '../database/connection.ts';
import type { Incarnations } from '../engines/incarnations.ts';
import type { Deliveries, Room } from '../runs/deliver.ts';
import { prepareSettle, type Settle } from './settle.ts';
import { prepareStatements, type Statements, type StoredLock } from './statements.ts';

export interface Locks {
  acquire(request: LockRequest): AcquireResult;
  renew(claim: LockClaim, holdMs: number): number | undefined;
  release(claim: LockClaim): LockRelease;
  force(lock: LockName): LockRelease;
  list(filter: LockFilter): LockList;
  /** The acts of a plan of this run. */
  act(runId: string, acts: readonly LockAct[], room: Room): LockGrant[];
  /** Ends everything that a holder holds or awaits (L3); `names`: what it held. */
  leave(holderId: string): { names: string[]; grants: LockGrant[] };
  /** Locks that are waited for and whose holder's time is over get their next holder. */
  expire(limit: number): LockGrant[];
  /** When the next such time is over. */
  nextExpiry(): number | undefined;
}

/** Told to a run with its grant. */
interface Told {
  dedup: string;
  body: Uint8Array;
  windowMs?: number | undefined;
}

interface Parts {
  connection: Connection;
  incarnations: Incarnations;
  deliveries: Deliveries;
}

export function prepareLocks(parts: Parts): Locks {
  return new LockActs(parts);
}

class LockActs implements Locks {
  private readonly incarnations: Incarnations;
  private readonly statements: Statements;
  private readonly settle: Settle;
  private readonly now: () => number;

  constructor({ connection, incarnations, deliveries }: Parts) {
    this.incarnations = incarnations;
    this.statements = prepareStatements(connection);
    this.settle = prepareSettle(connection, this.statements, deliveries);
    this.now = connection.timers.now;
  }

  acquire(request: LockRequest): AcquireResult {
    const { namespace, name, holder } = request;
    if (holder.kind === 'engine' && !this.incarnations.alive(holder.id))
      return { outcome: 'retired', grants: [] };
    const row = this.statements.selectLock.get(namespace, name);
    const mine = holds(row, request);
    if (mine && (row?.expires_at ?? 0) > this.now()) return this.answer(request, []);
    if (mine) this.statements.free.run(namespace, name);
    this.enqueue(request);
    return this.answer(request, this.settle(request, undefined));
  }

  renew({ namespace, name, holder, request }: LockClaim, holdMs: number): number | undefined {
    const at = this.now();
    const until = at + Math.ceil(holdMs);
    const { changes } = this.statements.renew.run(until, namespace, name, holder.id, request, at);
    return changes === 1 ? until : undefined;
  }

  release(claim: LockClaim): LockRelease {
    return this.end(claim, undefined);
  }

  force(lock: LockName): LockRelease {
    const row = this.statements.selectLock.get(lock.namespace, lock.name);
    if (row === undefined || row.holder === null) return { held: false, grants: [] };
    this.statements.free.run(lock.namespace, lock.name);
    return { held: true, grants: this.settle(lock, undefined) };
  }

  list(filter: LockFilter): LockList {
    return listLocks(this.statements, filter, this.now());
  }

  act(runId: string, acts: readonly LockAct[], room: Room): LockGrant[] {
    const run = this.statements.selectRun.get(runId, runId);
    const holder = { kind: 'run', id: runId } as const;
    return acts.flatMap((act) => {
      if (act.kind === 'leave') return this.leave(runId, room).grants;
      // It was discarded.
      if (run === undefined) return [];
      const { namespace, workflow: owner } = run;
      const claim = { namespace, name: act.name, holder, request: act.request };
      if (act.kind === 'release') return this.end(claim, room).grants;
      if (holds(this.statements.selectLock.get(namespace, act.name), claim)) return [];
      this.enqueue({ ...claim, owner, holdMs: act.holdMs, waitMs: 0 }, act.message);
      return this.settle(claim, room);
    });
  }

  leave(holderId: string, room?: Room): { names: string[]; grants: LockGrant[] } {
    const { selectHeld, selectAwaited, free, dropWaiters } = this.statements;
    const held = selectHeld.all(holderId);
    const touched = [...held, ...selectAwaited.all(holderId)];
    for (const { namespace, name } of held) free.run(namespace, name);
    dropWaiters.run(holderId);
    const names = held.map(({ namespace, name }) => `${namespace}/${name}`);
    return { names, grants: touched.flatMap((lock) => this.settle(lock, room)) };
  }

  expire(limit: number): LockGrant[] {
    return this.statements.selectExpired
      .all(this.now(), limit)
      .flatMap((lock) => this.settle(lock, undefined));
  }

  nextExpiry(): number | undefined {
    return this.statements.selectNextExpiry.get()?.at ?? undefined;
  }

  private enqueue(request: LockRequest, told?: Told): void {
    const { namespace, name, holder, waitMs } = request;
    const at = this.now();
    // A run is there until it ends; who does not wait, for this one look.
    const until = told === undefined && waitMs > 0 ? at + Math.ceil(waitMs) : null;
    const message = [told?.dedup ?? null, told?.body ?? null, Math.ceil(told?.windowMs ?? 0)];
    const terms = [request.owner, Math.ceil(request.holdMs), at, until, ...message];
    this.statements.makeLock.run(namespace, name);
    this.statements.insertWaiter.run(namespace, name, holder.kind, holder.id, request.request, ...terms);
  }

  /** Where a request stands now. */
  private answer(request: LockRequest, grants: LockGrant[]): AcquireResult {
    const { namespace, name, holder } = request;
    const { selectLock, dropWaiter, countAhead } = this.statements;
    const row = selectLock.get(namespace, name);
    const expiresAt = row?.expires_at ?? 0;
    if (row !== undefined && holds(row, request))
      return { outcome: 'granted', token: row.token, expiresAt, grants };
    if (request.waitMs === 0) {
      dropWaiter.run(namespace, name, holder.id, request.request);
      return { outcome: 'busy', expiresAt, grants: [...grants, ...this.settle(request, undefined)] };
    }
    const ahead = countAhead.get(namespace, name, namespace, name, holder.id, request.request);
    return { outcome: 'waiting', ahead: ahead?.count ?? 0, expiresAt, grants };
  }

  /** Ends one hold or wait. */
  private end(claim: LockClaim, room: Room | undefined): LockRelease {
    const { namespace, name, holder, request } = claim;
    const row = this.statements.selectLock.get(namespace, name);
    const mine = holds(row, claim);
    const held = mine && (row?.expires_at ?? 0) > this.now();
    if (mine) this.statements.free.run(namespace, name);
    this.statements.dropWaiter.run(namespace, name, holder.id, request);
    return { held, grants: this.settle(claim, room) };
  }
}

function holds(row: StoredLock | undefined, { holder, request }: LockClaim): boolean {
  return row?.holder === holder.id && row.request === request;
}

function listLocks(
  statements: Statements,
  { namespace, name, limit }: LockFilter,
  storeTime: number,
): LockList {
  const rows =
    name === undefined
      ? statements.list.all(namespace, limit)
      : statements.listOne.all(namespace, name, limit);
  const locks = rows.map((row): LockRow => {
    const waiters = statements.selectWaiters.all(row.namespace, row.name, MAX_LISTED_WAITERS);
    return {
      ...{ namespace: row.namespace, name: row.name, token: row.token, held: heldOf(row) },
      waiters: waiters.map(({ holder_kind: kind, holder: id, request, owner, since }) => {
        return { holder: { kind, id }, request, owner, since };
      }),
    };
  });
  return { storeTime, locks };
}

function heldOf(row: StoredLock): LockRow['held'] {
  const { holder_kind: kind, holder: id, request, owner, since, expires_at: expiresAt } = row;
  if (kind === null || id === null || request === null || owner === null) return undefined;
  return { holder: { kind, id }, request, owner, since: since ?? 0, expiresAt: expiresAt ?? 0 };
}
