import type { LockCommand } from '../../core/locks/ask.ts';
import { dedupOf, encodeMessage } from '../../core/run/message.ts';
import type { Turn } from '../../core/run/turn.ts';
import type { LockAct, LockGrant, Plan } from '../../store/port/store.ts';
import type { Engine } from '../engine.ts';
import type { Instance } from '../instance.ts';
import { settleDeliveries } from './effects.ts';

const LEAVE: readonly LockAct[] = [{ kind: 'leave' }];

/** What the plan of a turn does to locks; undefined: nothing. A run that ends leaves all that it ever asked for. */
export function actsOn(
  engine: Engine,
  { execution }: Instance,
  { standing, locks }: Turn,
): readonly LockAct[] | undefined {
  if (standing.kind !== 'open' && standing.kind !== 'blocked')
    return execution.asked === undefined ? undefined : LEAVE;
  if (locks.length === 0) return undefined;
  return locks.map((command) => actOf(engine, command));
}

function actOf({ options, clock }: Engine, command: LockCommand): LockAct {
  const request = String(command.ordinal);
  if (command.kind === 'release') return { kind: 'release', name: command.lock, request };
  const { ordinal, name } = command;
  const granted = { kind: 'lock-granted', ordinal, name, askedAt: Math.floor(clock.lower()) } as const;
  const message = { dedup: dedupOf(granted), body: encodeMessage(granted), windowMs: options.stickyMs };
  return { kind: 'request', name: command.lock, request, holdMs: command.holdMs, message };
}

/**
 * After a plan: who waits now may wait for a lock whose holder never comes back, and the waker must know until when.
 */
export function settleLocks(engine: Engine, { runId, locks }: Plan, grants: readonly LockGrant[] = []): void {
  const asked = locks?.filter(({ kind }) => kind === 'request').length ?? 0;
  const got = grants.filter(({ holder }) => holder.id === runId).length;
  if (got < asked) engine.waker.noteWakeAt(engine.clock.lower());
  settleGrants(engine, grants);
}

/** Locks that the program has got with this turn, and for how long it waited. */
export function meterGrants({ listener, clock }: Engine, { execution }: Instance, { events }: Turn): void {
  if (execution.asked === undefined) return;
  for (const event of events)
    if (event.type === 'lock-granted' && event.askedAt !== undefined)
      listener.meter.locked('run', Math.max(0, clock.upper() - event.askedAt));
}

/** Who was given a lock is told: runs by the message that was written with the grant, processes by a hint. */
export function settleGrants(engine: Engine, grants: readonly LockGrant[] = []): void {
  if (grants.length === 0) return;
  const told = grants.flatMap((grant) => grant.told ?? []);
  settleDeliveries(
    engine,
    told.map(({ message }) => message),
    told.map(({ delivery }) => delivery),
  );
  // Whoever is next may wait for the end of this one's time.
  for (const { expiresAt } of grants) engine.waker.noteWakeAt(expiresAt);
  if (told.length < grants.length) engine.hints?.send({ kind: 'locks' });
}
