import { priorityOf, rank, STATUS_CODE } from '../../../core/status.ts';
import type { WakeRequest, WakeResult } from '../../port/store.ts';
import type { Connection } from '../database/connection.ts';
import { workflowsOf } from './claim.ts';
import type { Deliveries } from './deliver.ts';
import { decodeOwned, type OpenRow } from './rows.ts';

/** Waiting runs whose time has come. Runs inside a transaction of the caller. */
export interface Wakes {
  wakeDue(request: WakeRequest): WakeResult;
}

type Due = Pick<
  OpenRow,
  'run_id' | 'wake_at' | 'priority' | 'workflow' | 'workflow_version' | 'last_owner' | 'suspect_group'
>;

export function prepareWakes(connection: Connection, deliveries: Deliveries): Wakes {
  const selectDue = connection.prepare<Due>(`
    SELECT run_id, wake_at, priority, workflow, workflow_version, last_owner, suspect_group FROM runs
    WHERE status = ${STATUS_CODE.waiting} AND wake_at <= ? ORDER BY wake_at, run_id LIMIT ?`);
  const selectNext = connection.prepare<{ wake_at: number | null }>(
    `SELECT min(wake_at) AS wake_at FROM runs WHERE status = ${STATUS_CODE.waiting} AND wake_at IS NOT NULL`,
  );
  const awake = 'rank = ?, ready_at = wake_at, wake_at = NULL, waits = NULL';
  const queue = connection.prepare(
    `UPDATE runs SET ${awake}, status = ${STATUS_CODE.queued} WHERE run_id = ?`,
  );
  const adopt = connection.prepare<OpenRow>(`
    UPDATE runs SET ${awake}, status = ${STATUS_CODE.running}, owner = ?, epoch = epoch + 1,
      started_at = coalesce(started_at, ?)
    WHERE run_id = ? RETURNING *`);
  const { now } = connection.timers;

  return {
    wakeDue: ({ limit, adopter, workflows }) => {
      const storeTime = now();
      const has = workflowsOf(workflows);
      const room = deliveries.room();
      const result: WakeResult = { adopted: [], queued: 0, nextWakeAt: undefined, storeTime };
      for (const due of selectDue.all(storeTime, limit)) {
        // It has been ready since its time came, not since somebody looked.
        const position = rank(priorityOf(due.priority), due.wake_at ?? storeTime);
        const adoptable = adopter !== undefined && due.suspect_group === null && has(due);
        if (adoptable && room.take(adopter, due.last_owner)) {
          const row = adopt.get(position, adopter.engineId, storeTime, due.run_id);
          if (row !== undefined) result.adopted.push(decodeOwned(row));
        } else {
          queue.run(position, due.run_id);
          result.queued += 1;
        }
      }
      result.nextWakeAt = selectNext.get()?.wake_at ?? undefined;
      return result;
    },
  };
}
