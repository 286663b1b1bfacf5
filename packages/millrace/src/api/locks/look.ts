import { describeLock, type LockDescription } from '../../core/locks/describe-lock.ts';
import { MillraceError } from '../../core/errors.ts';
import { checkName } from '../../core/names.ts';
import type { LockGrant, Store } from '../../store/port/store.ts';
import { ask } from '../store-failure.ts';

/** More than a person reads. */
const MOST_LOCKS = 1_000;

/** Locks that are held or waited for, by name. */
export async function readLocks(store: Store, namespace: string): Promise<LockDescription[]> {
  const { locks, storeTime } = await ask(() => store.listLocks({ namespace, limit: MOST_LOCKS }));
  return locks.map((lock) => describeLock(lock, storeTime));
}

/** @throws LOCK_NOT_HELD, INVALID_ARGUMENT. */
export async function forceLock(store: Store, namespace: string, name: string): Promise<LockGrant[]> {
  checkName('lock', name);
  const { held, grants } = await ask(() => store.forceLock({ namespace, name }));
  if (held) return grants;
  throw new MillraceError('LOCK_NOT_HELD', `nobody holds lock "${name}"`, { details: { lock: name } });
}

/** What a process that executes nothing tells those that were given a lock. */
export function hintGrants(store: Store, grants: readonly LockGrant[]): void {
  for (const { told } of grants) {
    const delivery = told?.delivery;
    if (delivery === undefined) store.hints?.send({ kind: 'locks' });
    else if (delivery.outcome !== 'delivered') continue;
    else if (delivery.ownerId !== undefined) store.hints?.send({ kind: 'inbox', engineId: delivery.ownerId });
    else if (delivery.assignedTo !== undefined)
      store.hints?.send({ kind: 'assigned', engineId: delivery.assignedTo });
    else store.hints?.send({ kind: 'ready' });
  }
}
