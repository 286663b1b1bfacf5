import { isClosed, type RunStatus } from '../../../core/status.ts';
import type { LockRow } from '../../../store/port/locks.ts';
import type { Plan, PlanResult, Store } from '../../../store/port/store.ts';
import type { Tally } from '../tally.ts';
import { violated } from '../violation.ts';

/** What may not happen to locks (store, L1 to L3). */
export interface LockCheck {
  /** What a plan that was applied gave back. */
  notePlan(plan: Plan, result: PlanResult): void;
  /** Looks at all locks, after a call. */
  look(what: string): Promise<void>;
}

/** Calls that may change who holds or awaits a lock. */
const CHANGE_LOCKS = new Set(['commit', 'wakeDue', 'retire', 'acquireLock', 'releaseLock', 'forceLock']);

interface Standing {
  status(runId: string): RunStatus | undefined;
  retired: ReadonlySet<string>;
}

export function createLockCheck(store: Store, standing: Standing, tally: Tally): LockCheck {
  let known = new Map<string, LockRow>();
  const tokens = new Map<string, number>();
  /** Holds that ended by a plan: `run request`, and `run` for one that left. */
  const ended = new Set<string>();

  const mayEnd = (lock: LockRow, storeTime: number): boolean => {
    if (lock.held === undefined || lock.held.expiresAt <= storeTime) return true;
    const { holder, request } = lock.held;
    return ended.has(holder.id) || ended.has(`${holder.id} ${request}`) || standing.retired.has(holder.id);
  };

  const compare = (what: string, before: LockRow, after: LockRow | undefined, storeTime: number): void => {
    const where = `lock ${before.name} after ${what}`;
    const same = before.held?.holder.id === after?.held?.holder.id && before.token === after?.token;
    if (before.held === undefined || same) return;
    if (!mayEnd(before, storeTime)) {
      violated('lock taken', `${where}: ${before.held.holder.id} held it until ${before.held.expiresAt}`);
    }
    if (after?.held === undefined) return;
    if (after.token <= before.token) violated('token did not grow', `${where}: ${after.token}`);
    tally.add(before.held.expiresAt <= storeTime ? 'lock expired to another' : 'lock passed on');
  };

  const check = (what: string, { name, held, waiters, token }: LockRow): void => {
    const where = `lock ${name} after ${what}`;
    if (token < (tokens.get(name) ?? 0)) violated('token went back', `${where}: ${token}`);
    tokens.set(name, token);
    if (held === undefined && waiters.length > 0) violated('waiter forgotten', where);
    for (const { holder } of held === undefined ? waiters : [held, ...waiters]) {
      const status = holder.kind === 'run' ? standing.status(holder.id) : undefined;
      if (status !== undefined && isClosed(status))
        violated('lock of a closed run', `${where}: ${holder.id}`);
      if (standing.retired.has(holder.id)) violated('lock of a retired engine', `${where}: ${holder.id}`);
    }
  };

  return {
    notePlan({ runId, locks = [] }, { outcome }) {
      if (outcome !== 'ok') return;
      for (const act of locks) {
        if (act.kind === 'leave') ended.add(runId);
        else if (act.kind === 'release') ended.add(`${runId} ${act.request}`);
        else tally.add('lock asked for');
      }
    },
    async look(what) {
      if (!CHANGE_LOCKS.has(what)) return;
      const { locks, storeTime } = await store.listLocks({ namespace: 'default', limit: 1_000 });
      const next = new Map(locks.map((lock) => [lock.name, lock]));
      for (const lock of known.values()) compare(what, lock, next.get(lock.name), storeTime);
      for (const lock of locks) check(what, lock);
      known = next;
    },
  };
}
