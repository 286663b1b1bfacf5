import { STATUS_CODE } from '../../../core/status.ts';
import type { Hint } from '../../port/store.ts';
import type { Connection } from '../database/connection.ts';

/**
 * What another process's commit may mean for the engines of this one: a few seeks at the ends of indexes. Most commits are
 * beats, and mean nothing.
 */
export type News = (engineIds: Iterable<string>) => Hint[];

export function prepareNews(connection: Connection): News {
  const { queued, waiting } = STATUS_CODE;
  const selectQueued = connection.prepare(`
    SELECT 1 FROM runs WHERE status = ${queued} AND suspect_group IS NULL AND assigned_to IS NULL LIMIT 1`);
  const selectSuspects = connection.prepare(
    `SELECT 1 FROM runs WHERE status = ${queued} AND suspect_group IS NOT NULL LIMIT 1`,
  );
  const selectAssigned = connection.prepare('SELECT 1 FROM runs WHERE assigned_to = ? LIMIT 1');
  const selectOwned = connection.prepare('SELECT 1 FROM runs WHERE owner = ? LIMIT 1');
  const selectNext = connection.prepare<{ wake_at: number }>(`
    SELECT wake_at FROM runs WHERE status = ${waiting} AND wake_at IS NOT NULL ORDER BY wake_at LIMIT 1`);
  const selectHeld = connection.prepare(`SELECT 1 FROM locks WHERE holder_kind <> 'run' LIMIT 1`);
  let nextWakeAt = Infinity;

  /** Whoever looks for due runs knows when the next was due. A later one was not first, and changes nothing for him. */
  function isSooner(): boolean {
    const before = nextWakeAt;
    nextWakeAt = selectNext.get()?.wake_at ?? Infinity;
    return nextWakeAt < before;
  }

  return (engineIds) => {
    const own = [...engineIds].toSorted();
    const isSoonerNow = isSooner();
    const isReady =
      isSoonerNow ||
      selectQueued.get() !== undefined ||
      selectSuspects.get() !== undefined ||
      own.some((engineId) => selectAssigned.get(engineId) !== undefined);
    const inboxes = own.filter((engineId) => selectOwned.get(engineId) !== undefined);
    return [
      ...(isReady ? [{ kind: 'ready' } as const] : []),
      ...inboxes.map((engineId): Hint => ({ kind: 'inbox', engineId })),
      // Whose end somebody waits for only he knows.
      { kind: 'closed' },
      ...(selectHeld.get() === undefined ? [] : [{ kind: 'locks' } as const]),
    ];
  };
}
