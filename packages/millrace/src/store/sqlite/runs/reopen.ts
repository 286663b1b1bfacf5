import { isClosed, priorityOf, rank, STATUS_CODE } from '../../../core/status.ts';
import { REOPENED_KEPT_MS } from '../../port/changes.ts';
import type { ReopenRequest, UnblockRequest } from '../../port/store.ts';
import type { Connection } from '../database/connection.ts';
import type { Limits } from '../limits/limits.ts';
import { inScope, type Scoped } from './claim.ts';
import type { ClosedRow, OpenRow } from './rows.ts';

/**
 * Acts from outside on runs that nobody owns, and giving runs back. All run inside a transaction of the
 * caller.
 */
export interface Reopenings {
  reopen(request: ReopenRequest): 'ok' | 'conflict' | 'not-found';
  unblock(request: UnblockRequest): number;
  release(runs: readonly { runId: string; epoch: number; version: number }[]): number;
}

type Blocked = Pick<OpenRow, 'run_id' | 'priority' | keyof Scoped>;

export function prepareReopenings(connection: Connection, limits: Limits): Reopenings {
  const statements = prepareStatements(connection);
  const { selectOpen, selectClosed, selectHolder, selectBlocked, insertHistory } = statements;
  const { now } = connection.timers;

  function requeue(request: ReopenRequest, row: OpenRow | ClosedRow): 'ok' | 'conflict' {
    if (row.status !== STATUS_CODE[request.from] || row.version !== request.version) return 'conflict';
    if (request.count > 0 && row.events !== request.seq) return 'conflict';
    const at = now();
    const position = rank(priorityOf(row.priority), at);
    if ('closed_at' in row) {
      if (row.successor !== null || !holdsKey(row)) return 'conflict';
      statements.copyToOpen.run(position, at, row.run_id);
      statements.deleteClosed.run(row.run_id);
      limits.keepKeys(row.run_id, row.namespace, row.limits);
    } else {
      statements.queueBlocked.run(position, at, row.run_id);
    }
    statements.advance.run(request.commitId, request.count, row.run_id);
    statements.note.run(row.run_id, row.namespace, at);
    statements.forget.run(at - REOPENED_KEPT_MS);
    if (request.history !== undefined && request.count > 0) {
      insertHistory.run(row.run_id, request.seq, request.count, at, request.history);
    }
    return 'ok';
  }

  /** Whether its key is still its own: a run whose key went to another one stays closed (I8). */
  function holdsKey(row: ClosedRow): boolean {
    return row.key === null || selectHolder.get(row.namespace, row.key)?.run_id === row.run_id;
  }

  return {
    reopen: (request) => {
      const row: OpenRow | ClosedRow | undefined =
        selectOpen.get(request.runId) ?? selectClosed.get(request.runId);
      if (row === undefined) return 'not-found';
      if (row.version === request.version + 1 && row.commit_id === request.commitId) return 'ok';
      if (request.from !== 'blocked' && !isClosed(request.from)) return 'conflict';
      return requeue(request, row);
    },
    unblock: (request) => {
      const at = now();
      const found = selectBlocked.all(request.code).filter(inScope(request));
      for (const { run_id: runId, priority } of found) {
        statements.queueBlocked.run(rank(priorityOf(priority), at), at, runId);
      }
      return found.length;
    },
    release: (runs) => {
      let released = 0;
      for (const { runId, epoch, version } of runs) {
        released += Number(statements.release.run(now(), runId, epoch, version).changes);
      }
      return released;
    },
  };
}

function prepareStatements(connection: Connection) {
  const shared = `run_id, namespace, workflow, workflow_version, queue, priority, epoch, version,
    commit_id, events, inbox_seq, created_at, started_at, deadline_at, key, tags, limits, parent_run_id, parent_ordinal`;
  return {
    selectOpen: connection.prepare<OpenRow>('SELECT * FROM runs WHERE run_id = ?'),
    selectClosed: connection.prepare<ClosedRow>('SELECT * FROM runs_closed WHERE run_id = ?'),
    selectHolder: connection.prepare<{ run_id: string }>(
      'SELECT run_id FROM keys WHERE namespace = ? AND key = ?',
    ),
    selectBlocked: connection.prepare<Blocked>(`
      SELECT run_id, priority, namespace, queue, workflow, workflow_version FROM runs
      WHERE status = ${STATUS_CODE.blocked} AND block_code = ? ORDER BY run_id`),
    // Nobody has had it since: a limit that is made now does not count it (L2).
    copyToOpen: connection.prepare(`
      INSERT INTO runs (${shared}, status, rank, ready_at)
      SELECT ${shared}, ${STATUS_CODE.queued}, ?, ? FROM runs_closed WHERE run_id = ?`),
    deleteClosed: connection.prepare('DELETE FROM runs_closed WHERE run_id = ?'),
    // A person has looked at it: the count of deaths starts again.
    queueBlocked: connection.prepare(`
      UPDATE runs SET status = ${STATUS_CODE.queued}, rank = ?, ready_at = ?, block_code = NULL, waits = NULL,
        suspect_group = NULL, deaths = 0
      WHERE run_id = ?`),
    advance: connection.prepare(`
      UPDATE runs SET version = version + 1, commit_id = ?, events = events + ? WHERE run_id = ?`),
    note: connection.prepare('INSERT OR REPLACE INTO reopened (run_id, namespace, at) VALUES (?, ?, ?)'),
    forget: connection.prepare('DELETE FROM reopened WHERE at < ?'),
    insertHistory: connection.prepare(
      'INSERT INTO history (run_id, seq, count, at, data) VALUES (?, ?, ?, ?, ?)',
    ),
    // It keeps its rank: what was given back has waited already.
    release: connection.prepare(`
      UPDATE runs SET status = ${STATUS_CODE.queued}, owner = NULL, last_owner = owner, epoch = epoch + 1,
        ready_at = coalesce(ready_at, ?)
      WHERE run_id = ? AND status = ${STATUS_CODE.running} AND epoch = ? AND version = ?
        AND owner IN (SELECT engine_id FROM engines WHERE retired = 0)`),
  };
}
