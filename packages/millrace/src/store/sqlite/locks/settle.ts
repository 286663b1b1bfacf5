import { grantPayload, type LockGrant, type LockName } from '../../port/locks.ts';
import type { Connection } from '../database/connection.ts';
import type { Deliveries, Room } from '../runs/deliver.ts';
import type { Statements, StoredLock, StoredWaiter } from './statements.ts';

export type Settle = (lock: LockName, room: Room | undefined) => LockGrant[];

/** Gives a lock that is free, or whose holder's time is over, to the first who waits and is still there. */
export function prepareSettle(
  connection: Connection,
  statements: Statements,
  deliveries: Deliveries,
): Settle {
  const { now } = connection.timers;

  function grant(lock: StoredLock, waiter: StoredWaiter, given: Room | undefined): LockGrant | undefined {
    const { namespace, name } = lock;
    const { holder_kind: kind, holder: id, request, owner } = waiter;
    const token = lock.token + 1;
    const expiresAt = now() + waiter.hold_ms;
    const claim = { namespace, name, holder: { kind, id }, request, token, expiresAt };
    let told: LockGrant['told'];
    if (waiter.dedup !== null && waiter.body !== null) {
      const body = Buffer.concat([waiter.body, Buffer.from(grantPayload(token, expiresAt))]);
      const message = { target: { runId: id }, dedup: waiter.dedup, body, windowMs: waiter.window_ms };
      const delivery = deliveries.deliver(message, undefined, given ?? deliveries.room());
      if (delivery.outcome !== 'delivered') return undefined;
      told = { message, delivery };
    }
    statements.grant.run(token, kind, id, request, owner, now(), expiresAt, namespace, name);
    return { ...claim, told };
  }

  return ({ namespace, name }, room) => {
    const lock = statements.selectLock.get(namespace, name);
    if (lock === undefined) return [];
    const at = now();
    let granted: LockGrant | undefined;
    if (lock.holder === null || (lock.expires_at ?? 0) <= at) {
      for (;;) {
        const next = statements.nextWaiter.get(namespace, name);
        if (next === undefined) break;
        statements.dropSeq.run(next.seq);
        if (next.until === null || next.until > at) granted = grant(lock, next, room);
        if (granted !== undefined) break;
      }
    }
    statements.note.run(namespace, name, namespace, name);
    return granted === undefined ? [] : [granted];
  };
}
