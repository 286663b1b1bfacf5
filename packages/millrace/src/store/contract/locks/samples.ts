import type { LockAct, LockHolder, LockRequest, LockRow } from '../../port/locks.ts';
import type { Plan, Store } from '../../port/store.ts';
import { bytes, newId, text } from '../samples.ts';

export const HOLD_MS = 10_000;

let asked = 0;

/** A process that is no incarnation. */
export function client(): LockHolder {
  return { kind: 'client', id: newId() };
}

export function requestOf(holder: LockHolder, more: Partial<LockRequest> = {}): LockRequest {
  asked += 1;
  return {
    ...{ namespace: 'default', name: 'door', holder, request: `r${asked}`, owner: 'somebody' },
    ...{ holdMs: HOLD_MS, waitMs: 60_000, ...more },
  };
}

/** What a plan does that asks for a lock. */
export function asks(name = 'door', request = '0', holdMs = HOLD_MS): Pick<Plan, 'locks'> {
  const message = { dedup: `lock:${request}`, body: bytes(`granted ${request}`) };
  return { locks: [{ kind: 'request', name, request, holdMs, message }] };
}

export function releases(name = 'door', request = '0'): Pick<Plan, 'locks'> {
  return { locks: [{ kind: 'release', name, request }] };
}

export const LEAVES: { locks: readonly LockAct[] } = { locks: [{ kind: 'leave' }] };

export async function lockOf(store: Store, name = 'door'): Promise<LockRow | undefined> {
  const { locks } = await store.listLocks({ namespace: 'default', name, limit: 10 });
  return locks[0];
}

/** Who holds it, and with what token. */
export async function holderOf(
  store: Store,
  name = 'door',
): Promise<[id: string, token: number] | undefined> {
  const lock = await lockOf(store, name);
  return lock?.held && [lock.held.holder.id, lock.token];
}

export async function inboxOf(store: Store, runId: string): Promise<(string | undefined)[]> {
  return (await store.readInbox(runId)).map(({ body }) => text(body));
}
