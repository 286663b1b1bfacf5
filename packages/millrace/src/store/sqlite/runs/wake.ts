import { priorityOf, rank, STATUS_CODE } from '../../../core/status.ts';
import type { WakeRequest, WakeResult } from '../../port/store.ts';
import type { Connection } from '../database/connection.ts';
import { inScope, type Scoped } from './claim.ts';
import type { Locks } from '../locks/locks.ts';
import type { Deliveries, Room } from './deliver.ts';
import { decodeOwned, type OpenRow } from './rows.ts';

/** Waiting runs whose time has come. Runs inside a transaction of the caller. */
export interface Wakes {
  wakeDue(request: WakeRequest): WakeResult;
}

type Due = Pick<OpenRow, 'run_id' | 'wake_at' | 'priority' | 'last_owner' | 'suspect_group' | keyof Scoped>;
interface Waiting {
  wake_at: number;
  last_owner: string | null;
}

/** How many of the next runs are looked at to tell when to ask again. */
const LOOK_AHEAD = 100;

export function prepareWakes(connection: Connection, deliveries: Deliveries, locks: Locks): Wakes {
  const selectDue = connection.prepare<Due>(`
    SELECT run_id, wake_at, priority, namespace, queue, workflow, workflow_version, last_owner, suspect_group FROM runs
    WHERE status = ${STATUS_CODE.waiting} AND wake_at <= ? ORDER BY wake_at, run_id LIMIT ?`);
  const selectNext = connection.prepare<Waiting>(`
    SELECT wake_at, last_owner FROM runs WHERE status = ${STATUS_CODE.waiting} AND wake_at IS NOT NULL
    ORDER BY wake_at LIMIT ${LOOK_AHEAD}`);
  const awake = 'rank = ?, ready_at = wake_at, wake_at = NULL, waits = NULL';
  const queue = connection.prepare(`
    UPDATE runs SET ${awake}, status = ${STATUS_CODE.queued}, assigned_to = ?, assigned_until = ? WHERE run_id = ?`);
  const adopt = connection.prepare<OpenRow>(`
    UPDATE runs SET ${awake}, status = ${STATUS_CODE.running}, owner = ?, epoch = epoch + 1,
      started_at = coalesce(started_at, ?)
    WHERE run_id = ? RETURNING *`);
  const { now } = connection.timers;

  function askAgainAt({ adopter, headStartMs = 0 }: WakeRequest, room: Room): number | undefined {
    const next = selectNext.all();
    const times = next.map(({ wake_at: at, last_owner: lastOwner }) =>
      room.isOfAnother(lastOwner, adopter) ? at + Math.floor(headStartMs) : at,
    );
    // Those behind the last that was looked at come no earlier than it.
    if (next.length === LOOK_AHEAD) times.push(next.at(-1)?.wake_at ?? 0);
    const expiry = locks.nextExpiry();
    if (expiry !== undefined) times.push(expiry);
    return times.length === 0 ? undefined : Math.min(...times);
  }

  return {
    wakeDue: (request) => {
      const { limit, adopter } = request;
      const storeTime = now();
      const windowMs = Math.ceil(request.windowMs ?? 0);
      const has = inScope(request);
      const room = deliveries.room();
      const result: WakeResult = { adopted: [], queued: 0, assigned: [], nextWakeAt: undefined, storeTime };
      const grants = locks.expire(limit);
      if (grants.length > 0) result.grants = grants;
      for (const due of selectDue.all(storeTime, limit)) {
        const { run_id: runId, last_owner: lastOwner } = due;
        // It has been ready since its time came, not since somebody looked.
        const position = rank(priorityOf(due.priority), due.wake_at ?? storeTime);
        const healthy = due.suspect_group === null;
        const ofAnother = room.isOfAnother(lastOwner, adopter);
        if (healthy && ofAnother && windowMs > 0) {
          queue.run(position, lastOwner, storeTime + windowMs, runId);
          result.assigned.push(lastOwner);
        } else if (healthy && !ofAnother && adopter !== undefined && has(due) && room.take(adopter)) {
          const row = adopt.get(position, adopter.engineId, storeTime, runId);
          if (row !== undefined) result.adopted.push(decodeOwned(row));
        } else {
          queue.run(position, null, null, runId);
          result.queued += 1;
        }
      }
      result.nextWakeAt = askAgainAt(request, room);
      return result;
    },
  };
}
