import { MillraceError } from '../errors.ts';
import type { EventOf } from '../run/event.ts';
import type { Execution } from '../run/execution.ts';
import type { LockTerms } from './lock-options.ts';

/** A lock that a run holds. It ends with `release`, with the run, or at `expiresAt`, whichever comes first. */
export interface RunLock {
  readonly name: string;
  /**
   * Grows with each grant of this name, whoever gets it: a resource that remembers the largest can refuse a holder
   * of before.
   */
  readonly token: number;
  /** Store time, ms. */
  readonly expiresAt: number;
  /** Gives it to whoever waits, together with this turn. A second time it does nothing. */
  release(): Promise<void>;
}

/** What this turn asks of locks, written with its plan. */
export type LockCommand =
  | { kind: 'request'; ordinal: number; name: string; lock: string; holdMs: number }
  | { kind: 'release'; ordinal: number; lock: string };

/**
 * Asks for a lock. Undefined: history disagrees, the program must not go on.
 * @throws INVALID_ARGUMENT when this run holds it or waits for it already.
 */
export function askForLock(
  execution: Execution,
  lock: string,
  { holdMs, waitMs }: LockTerms,
  { ordinal, label: name }: { ordinal: number; label: string },
): EventOf<'lock-requested'> | undefined {
  if (execution.asked?.has(lock)) {
    throw new MillraceError('INVALID_ARGUMENT', `the run holds or awaits lock "${lock}" already`, {
      remedy: 'Release it before asking again: the run would wait for itself.',
    });
  }
  const before = execution.events.length;
  const record = execution.record(ordinal, () => ({
    type: 'lock-requested' as const,
    ordinal,
    name,
    lock,
    holdMs,
    fireAt: waitMs === undefined ? undefined : Math.ceil(execution.ports.storeTime() + waitMs),
  }));
  if (record === undefined) return undefined;
  (execution.asked ??= new Map()).set(lock, ordinal);
  if (execution.events.length > before)
    execution.locks.push({ kind: 'request', ordinal, name, lock, holdMs: record.holdMs });
  return record;
}

/** The lock as the program gets it. */
export function runLock(
  execution: Execution,
  lock: string,
  request: number,
  grant: { token: number; expiresAt: number },
): RunLock {
  let released = false;
  return {
    name: lock,
    ...grant,
    release: () => {
      if (!released) releaseLock(execution, lock, request);
      released = true;
      return Promise.resolve();
    },
  };
}

function releaseLock(execution: Execution, lock: string, request: number): void {
  const { ordinal, label } = execution.number('unlock', lock);
  const before = execution.events.length;
  execution.record(ordinal, () => ({ type: 'lock-released' as const, ordinal, name: label, request }));
  execution.asked?.delete(lock);
  if (execution.events.length > before) execution.locks.push({ kind: 'release', ordinal: request, lock });
}

/** The program waits no longer: whoever is behind it moves up, and a grant that is on its way is given back. */
export function withdraw(execution: Execution, lock: string, request: number): void {
  execution.asked?.delete(lock);
  // What history tells was withdrawn by the plan that recorded it.
  if (!execution.replaying) execution.locks.push({ kind: 'release', ordinal: request, lock });
}

/** Asks once more for what the program waits for: the close before a retry has withdrawn it. */
export function askAgain(execution: Execution): void {
  for (const pending of execution.pending.values()) {
    if (pending.kind !== 'lock') continue;
    const { ordinal, name, lock, holdMs } = pending;
    execution.locks.push({ kind: 'request', ordinal, name, lock, holdMs });
  }
}
