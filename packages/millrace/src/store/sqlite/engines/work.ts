import { STATUS_CODE } from '../../../core/status.ts';
import type { Scope, Work } from '../../port/store.ts';
import type { Connection } from '../database/connection.ts';
import type { Backlog } from '../runs/backlog.ts';
import { inScope, type Scoped } from '../runs/claim.ts';

/**
 * What there is to do for an engine: a few seeks at the ends of indexes, because every engine asks with every beat.
 * Runs inside a transaction of the caller.
 */
export type Glance = (engineId: string, scope: Scope) => Work;

export function prepareGlance(connection: Connection, backlog: Backlog): Glance {
  const selectSuspects = connection.prepare<Scoped>(`
    SELECT namespace, queue, workflow, workflow_version FROM runs
    WHERE status = ${STATUS_CODE.queued} AND suspect_group IS NOT NULL`);
  const selectAssigned = connection.prepare('SELECT 1 FROM runs WHERE assigned_to = ? LIMIT 1');
  const selectOwned = connection.prepare('SELECT 1 FROM runs WHERE owner = ? LIMIT 1');
  const selectNext = connection.prepare<{ wake_at: number | null }>(`
    SELECT min(at) AS wake_at FROM (
      SELECT min(wake_at) AS at FROM runs WHERE status = ${STATUS_CODE.waiting} AND wake_at IS NOT NULL
      UNION ALL SELECT min(expires_at) FROM locks WHERE waited = 1)`);

  return (engineId, scope) => {
    const has = inScope(scope);
    return {
      claimable:
        selectAssigned.get(engineId) !== undefined ||
        backlog.heads().anyLapsed() ||
        backlog.groups(scope.namespace).some(has) ||
        selectSuspects.all().some(has),
      owns: selectOwned.get(engineId) !== undefined,
      nextWakeAt: selectNext.get()?.wake_at ?? undefined,
    };
  };
}
