import { firstIdAt } from '../../../core/ids.ts';
import { TASK_PREFIX } from '../../../core/names.ts';
import { isClosed, statusOf } from '../../../core/status.ts';
import {
  MAX_CHANGES,
  type ChangedRun,
  type ChangeRequest,
  type Changes,
  type EndedRun,
  type HeldRun,
} from '../../port/changes.ts';
import type { Connection } from '../database/connection.ts';
import { type ClosedRow, decodeRun, type OpenRow, type StoredRun } from '../runs/rows.ts';

/** What becomes of runs. All functions run inside a transaction of the caller: one snapshot. */
export interface ChangeReads {
  since(request: ChangeRequest): Changes;
  held(filter: { namespace: string; limit: number }): HeldRun[];
}

type Row = Pick<
  StoredRun,
  | 'run_id'
  | 'namespace'
  | 'workflow'
  | 'workflow_version'
  | 'queue'
  | 'priority'
  | 'key'
  | 'tags'
  | 'parent_run_id'
  | 'created_at'
>;

const COLUMNS = `r.run_id, r.namespace, r.workflow, r.workflow_version, r.queue, r.priority, r.key, r.tags,
  r.parent_run_id, r.created_at`;
const NO_TASKS = `substr(r.workflow, 1, ${TASK_PREFIX.length}) <> '${TASK_PREFIX}'`;

export function prepareChanges(connection: Connection): ChangeReads {
  // The namespace is not looked up: the newest of all are few, and stand at the end of the table.
  const begunIn = (table: string) =>
    connection.prepare<Row>(`
      SELECT ${COLUMNS} FROM ${table} r
      WHERE r.run_id > ? AND r.run_id < ? AND +r.namespace = ? AND ${NO_TASKS} ORDER BY r.run_id LIMIT ?`);
  const [selectOpen, selectClosed] = [begunIn('runs'), begunIn('runs_closed')];
  const selectEnded = connection.prepare<Row & Pick<ClosedRow, 'status' | 'closed_at' | 'events'>>(`
    SELECT ${COLUMNS}, r.status, r.closed_at, r.events FROM runs_closed r
    WHERE (r.closed_at, r.run_id) > (?, ?) AND r.closed_at < ? AND +r.namespace = ? AND ${NO_TASKS}
    ORDER BY r.closed_at, r.run_id LIMIT ?`);
  const reopenedIn = (table: string) =>
    connection.prepare<Row & { at: number }>(`
      SELECT ${COLUMNS}, o.at FROM reopened o JOIN ${table} r ON r.run_id = o.run_id
      WHERE (o.at, o.run_id) > (?, ?) AND o.at < ? AND o.namespace = ? AND ${NO_TASKS}
      ORDER BY o.at, o.run_id LIMIT ?`);
  const [selectOpenAgain, selectClosedAgain] = [reopenedIn('runs'), reopenedIn('runs_closed')];
  const selectHeld = connection.prepare<Row & Pick<OpenRow, 'status' | 'block_code' | 'epoch' | 'version'>>(`
    SELECT ${COLUMNS}, r.status, r.block_code, r.epoch, r.version FROM runs r
    WHERE r.namespace = ? AND r.status IN (3, 4) AND ${NO_TASKS} ORDER BY r.run_id LIMIT ?`);

  return {
    since: ({ namespace, after, until = Number.MAX_SAFE_INTEGER, limit: wanted }) => {
      const limit = Math.min(wanted, MAX_CHANGES);
      const { begun, ended, reopened } = after;
      const ids = [begun, firstIdAt(until), namespace, limit] as const;
      const again = [reopened.at, reopened.runId, until, namespace, limit] as const;
      return {
        storeTime: connection.timers.now(),
        begun: [...selectOpen.all(...ids), ...selectClosed.all(...ids)]
          .toSorted((a, b) => (a.run_id < b.run_id ? -1 : 1))
          .slice(0, limit)
          .map(changed),
        ended: selectEnded.all(ended.at, ended.runId, until, namespace, limit).map(endedRun),
        reopened: [...selectOpenAgain.all(...again), ...selectClosedAgain.all(...again)]
          .toSorted((a, b) => a.at - b.at || (a.run_id < b.run_id ? -1 : 1))
          .slice(0, limit)
          .map((row) => ({ ...changed(row), reopenedAt: row.at })),
      };
    },
    held: ({ namespace, limit }) =>
      selectHeld.all(namespace, Math.min(limit, MAX_CHANGES)).map((row) => ({
        ...changed(row),
        status: row.status === 3 ? 'paused' : 'blocked',
        blockCode: row.block_code ?? undefined,
        epoch: row.epoch,
        version: row.version,
      })),
  };
}

function changed(row: Row): ChangedRun {
  const { runId, workflow, workflowVersion, queue, priority, key, tags, parentRunId, createdAt } =
    // Only what is in `Row` is read of it below.
    decodeRun(row as StoredRun);
  return { runId, workflow, workflowVersion, queue, priority, key, tags, parentRunId, createdAt };
}

function endedRun(row: Row & Pick<ClosedRow, 'status' | 'closed_at' | 'events'>): EndedRun {
  const status = statusOf(row.status);
  if (!isClosed(status)) throw new Error(`run ${row.run_id} is in runs_closed with status ${status}`);
  return { ...changed(row), status, closedAt: row.closed_at, events: row.events };
}
