import { PAUSED_MS, stepMsOf, type Line, type Outlook } from '../../../core/limits/retry-after.ts';
import { STATUS_CODE } from '../../../core/status.ts';
import type { Connection } from '../database/connection.ts';
import type { Limits } from './limits.ts';

/** When a full queue has room again. It reads over the queue, once more than the start that was refused. */
export function prepareOutlook(
  connection: Connection,
  limits: Limits,
): (namespace: string, queue: string) => Outlook {
  // With `min` SQLite takes the other columns from the row that has it.
  const selectLines = connection.prepare<Line & { rank: number }>(`
    SELECT count(*) AS depth, min(rank) AS rank, ready_at AS firstReadyAt FROM runs
    WHERE status = ${STATUS_CODE.queued} AND suspect_group IS NULL AND assigned_to IS NULL AND parked_on IS NULL
      AND namespace = ?1 AND queue = ?2
    GROUP BY workflow, workflow_version, granted
    UNION ALL
    SELECT count(*), min(rank), ready_at FROM runs WHERE parked_on IS NOT NULL AND namespace = ?1 AND queue = ?2
    HAVING count(*) > 0`);
  return (namespace, queue) => {
    const now = connection.timers.now();
    const scopes = [{ kind: 'global', name: '' } as const, { kind: 'queue', name: queue } as const];
    const held = scopes.map((scope) => {
      const limit = limits.read({ namespace, ...scope });
      return limit?.paused === true ? PAUSED_MS : (limit?.nextTokenAt ?? now) - now;
    });
    return { heldMs: Math.max(...held), stepMs: stepMsOf(selectLines.all(namespace, queue), now) };
  };
}
