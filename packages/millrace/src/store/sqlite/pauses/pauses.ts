/*
 * Runs that somebody has paused (P1–P5). Everything else here leaves them alone by their status and because nobody owns
 * them. All functions run inside a transaction of the caller.
 */
import { TASK_PREFIX } from '../../../core/names.ts';
import { isClosed, priorityOf, rank, STATUS_CODE, statusOf, type OpenStatus } from '../../../core/status.ts';
import type {
  PausedRecord,
  PauseRequest,
  PauseResult,
  ResumeResult,
  Unpausable,
} from '../../port/runs/pauses.ts';
import type { Connection } from '../database/connection.ts';
import type { Incarnations } from '../engines/incarnations.ts';
import type { OpenRow } from '../runs/rows.ts';

export interface Pauses {
  pause(request: PauseRequest): PauseResult;
  resume(runId: string): ResumeResult;
  record(record: PausedRecord): 'ok' | 'already' | 'conflict';
}

/** Puts a run that is paused, and its tasks, where they stood (P3, P5). */
export type Unpause = (runId: string, at: number) => Resumed;

type Resumed = Extract<ResumeResult, { outcome: 'resumed' }>;
type Row = Pick<OpenRow, 'status' | 'owner' | 'version' | 'commit_id'>;
type PausedRow = Pick<
  OpenRow,
  'priority' | 'rank' | 'wake_at' | 'ready_at' | 'block_code' | 'paused_from' | 'paused_in'
>;

const TASKS_OF = `parent_run_id = ? AND substr(workflow, 1, ${TASK_PREFIX.length}) = '${TASK_PREFIX}'`;
const { queued, running, paused, blocked } = STATUS_CODE;

export function preparePauses(connection: Connection, incarnations: Incarnations, unpause: Unpause): Pauses {
  const { select, selectClosed, pauseRow, pauseTasks, record, insertHistory } = prepareStatements(connection);
  const { now } = connection.timers;

  function missed(runId: string): Unpausable {
    const row = selectClosed.get(runId);
    if (row === undefined) return { outcome: 'not-found' };
    const status = statusOf(row.status);
    if (!isClosed(status)) throw new Error(`run ${runId} is in runs_closed with status ${status}`);
    return { outcome: 'run-closed', status, successor: row.successor ?? undefined };
  }

  return {
    pause: ({ runId, by = null, reason = null }) => {
      const row = select.get(runId);
      if (row === undefined) return missed(runId);
      if (row.status !== paused) {
        const at = now();
        pauseRow.run(at, by, reason, runId);
        pauseTasks.run(at, by, runId);
      }
      return { outcome: 'paused', engineId: row.owner ?? undefined };
    },
    resume: (runId) => {
      const row = select.get(runId);
      if (row === undefined) return missed(runId);
      if (row.status !== paused) return { outcome: 'open' };
      return unpause(runId, now());
    },
    record: (given) => {
      const { runId, engineId, epoch, version, commitId, seq, count, history, done } = given;
      const guard = [runId, engineId, epoch, version, count > 0 ? seq : null] as const;
      const isAlive = incarnations.alive(engineId);
      const changed =
        isAlive && record.run(commitId, count, count, count, done ? 1 : 0, ...guard).changes === 1;
      if (!changed) {
        const row = select.get(runId);
        return row?.version === version + 1 && row.commit_id === commitId ? 'already' : 'conflict';
      }
      if (history !== undefined) insertHistory.run(runId, seq, count, now(), history);
      return 'ok';
    },
  };
}

export function prepareUnpause(connection: Connection, incarnations: Incarnations): Unpause {
  const selectPaused = connection.prepare<PausedRow>(`
    SELECT priority, rank, wake_at, ready_at, block_code, paused_from, paused_in FROM runs
    WHERE run_id = ? AND status = ${paused}`);
  const selectTasks = connection.prepare<{ run_id: string }>(
    `SELECT run_id FROM runs WHERE ${TASKS_OF} AND status = ${paused} ORDER BY run_id`,
  );
  const hasUnread = connection.prepare('SELECT 1 FROM inbox WHERE run_id = ? LIMIT 1');
  const over = `paused_from = NULL, paused_at = NULL, paused_by = NULL, pause_reason = NULL, paused_in = NULL`;
  const stay = connection.prepare(`UPDATE runs SET ${over}, status = ? WHERE run_id = ?`);
  const giveBack = connection.prepare(`
    UPDATE runs SET ${over}, status = ${running}, owner = paused_in, epoch = epoch + 1 WHERE run_id = ?`);
  const queue = connection.prepare(`
    UPDATE runs SET ${over}, status = ${queued}, rank = ?, ready_at = ?, wake_at = NULL, waits = NULL, block_code = NULL,
      epoch = epoch + ? WHERE run_id = ?`);
  const acquit = connection.prepare('UPDATE runs SET suspect_group = NULL, deaths = 0 WHERE run_id = ?');

  function stays(runId: string, status: OpenStatus, row: PausedRow): Resumed {
    stay.run(STATUS_CODE[status], runId);
    return { outcome: 'resumed', status, ownerId: undefined, wakeAt: row.wake_at ?? undefined };
  }

  function putBack(runId: string, at: number): Resumed {
    const row = selectPaused.get(runId);
    if (row === undefined) throw new Error(`run ${runId} is not paused`);
    const { paused_from: from, paused_in: engineId, wake_at: wakeAt, block_code: code } = row;
    if (engineId !== null && incarnations.alive(engineId)) {
      giveBack.run(runId);
      return { outcome: 'resumed', status: 'running', ownerId: engineId, wakeAt: undefined };
    }
    const priority = priorityOf(row.priority);
    if (from === running) queue.run(row.rank, row.ready_at ?? at, 1, runId);
    else if (from === queued) return stays(runId, 'queued', row);
    else if (from === blocked) {
      if (code !== 'NON_DETERMINISTIC') return stays(runId, 'blocked', row);
      queue.run(rank(priority, at), at, 0, runId);
      acquit.run(runId);
    } else if (hasUnread.get(runId) !== undefined) queue.run(rank(priority, at), at, 0, runId);
    // It has been ready since its time came, not since somebody resumed it.
    else if (wakeAt !== null && wakeAt <= at) queue.run(rank(priority, wakeAt), wakeAt, 0, runId);
    else return stays(runId, 'waiting', row);
    return { outcome: 'resumed', status: 'queued', ownerId: undefined, wakeAt: undefined };
  }

  return (runId, at) => {
    for (const { run_id: task } of selectTasks.all(runId)) putBack(task, at);
    return putBack(runId, at);
  };
}

function prepareStatements(connection: Connection) {
  const away = 'assigned_to = NULL, assigned_until = NULL, parked_on = NULL';
  return {
    select: connection.prepare<Row>('SELECT status, owner, version, commit_id FROM runs WHERE run_id = ?'),
    selectClosed: connection.prepare<{ status: number; successor: string | null }>(
      'SELECT status, successor FROM runs_closed WHERE run_id = ?',
    ),
    pauseRow: connection.prepare(`
      UPDATE runs SET status = ${paused}, paused_from = status, paused_at = ?, paused_by = ?, pause_reason = ?,
        paused_in = owner, last_owner = coalesce(owner, last_owner), owner = NULL, ${away}
      WHERE run_id = ?`),
    pauseTasks: connection.prepare(`
      UPDATE runs SET status = ${paused}, paused_from = status, paused_at = ?, paused_by = ?,
        pause_reason = 'its caller is paused', ${away}
      WHERE ${TASKS_OF} AND status = ${queued}`),
    record: connection.prepare(`
      UPDATE runs SET version = version + 1, commit_id = ?, events = events + ?,
        suspect_group = CASE WHEN ? > 0 THEN NULL ELSE suspect_group END,
        deaths = CASE WHEN ? > 0 THEN 0 ELSE deaths END, paused_in = CASE WHEN ? = 1 THEN NULL ELSE paused_in END
      WHERE run_id = ? AND status = ${paused} AND paused_in = ? AND epoch = ? AND version = ?
        AND events = coalesce(?, events)`),
    insertHistory: connection.prepare(
      'INSERT INTO history (run_id, seq, count, at, data) VALUES (?, ?, ?, ?, ?)',
    ),
  };
}
