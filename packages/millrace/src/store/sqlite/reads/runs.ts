import { isClosed, OPEN_STATUSES, STATUS_CODE, statusOf } from '../../../core/status.ts';
import { TASK_PREFIX } from '../../../core/names.ts';
import type { RunFilter, RunPage, RunRef, RunRow } from '../../port/store.ts';
import type { Connection, Statement, Value } from '../database/connection.ts';
import { AUTHOR_VERSION } from '../definitions/versions.ts';
import type { Backlog } from '../runs/backlog.ts';
import type { Deliveries } from '../runs/deliver.ts';
import { type ClosedRow, decodeRun, type OpenRow } from '../runs/rows.ts';
import type { Histories } from './history.ts';

/** Run rows for people and clients. All functions run inside a transaction of the caller: one snapshot. */
export interface RunReads {
  read(refs: readonly RunRef[]): (RunRow | undefined)[];
  list(filter: RunFilter): RunPage;
  countAhead(runId: string, limit: number): number;
}

interface Named {
  engine_name: string | null;
}

const MAX_PAGE = 1000;
const OPEN = `SELECT runs.*, engines.name AS engine_name FROM runs
  LEFT JOIN engines ON engine_id = coalesce(owner, last_owner)`;
const CLOSED = `SELECT runs_closed.*, engines.name AS engine_name FROM runs_closed
  LEFT JOIN engines ON engine_id = last_owner`;

export function prepareRunReads(
  connection: Connection,
  deliveries: Deliveries,
  histories: Histories,
  backlog: Backlog,
): RunReads {
  const selectOpen = connection.prepare<OpenRow & Named>(`${OPEN} WHERE run_id = ?`);
  const selectClosed = connection.prepare<ClosedRow & Named>(`${CLOSED} WHERE run_id = ?`);
  const selectPlace = connection.prepare<{ namespace: string; queue: string; rank: number }>(
    `SELECT namespace, queue, rank FROM runs WHERE run_id = ? AND status = ${STATUS_CODE.queued}`,
  );
  const countGroup = connection.prepare<{ count: number }>(`
    SELECT count(*) AS count FROM (
      SELECT 1 FROM runs
      WHERE status = ${STATUS_CODE.queued} AND suspect_group IS NULL
        AND namespace = ? AND queue = ? AND workflow = ? AND workflow_version = ? AND granted = ?
        AND (rank, run_id) < (?, ?)
      LIMIT ?)`);
  const listings = new Map<string, Statement<unknown>>();

  /** Filters come in few shapes: each is prepared once. */
  function query<Row>(sql: string): Statement<Row> {
    let statement = listings.get(sql);
    if (statement === undefined) listings.set(sql, (statement = connection.prepare(sql)));
    // The SQL text, which is the key, says what its columns are.
    return statement as Statement<Row>;
  }

  function readOne(ref: RunRef): RunRow | undefined {
    const runId = deliveries.resolve(ref);
    if (runId === undefined) return undefined;
    const open = selectOpen.get(runId);
    if (open !== undefined) return decodeOpen(open);
    const closed = selectClosed.get(runId);
    return closed && { ...decodeClosed(closed), lastChunk: histories.lastChunk(runId) };
  }

  return {
    countAhead: (runId, limit) => {
      const place = selectPlace.get(runId);
      if (place === undefined) return 0;
      let ahead = 0;
      for (const group of backlog.groups(place.namespace, place.queue)) {
        const { namespace, queue, workflow, workflow_version: version, granted } = group;
        const of = [namespace, queue, workflow, version, granted];
        const found = countGroup.get(...of, place.rank, runId, limit - ahead);
        ahead += found?.count ?? 0;
        if (ahead >= limit) break;
      }
      return ahead;
    },
    read: (refs) => refs.map(readOne),
    list: (filter) => {
      const limit = Math.min(filter.limit, MAX_PAGE);
      const { where, values } = conditionsOf(filter);
      const codes = filter.status?.map((status) => STATUS_CODE[status]);
      const wantsOpen = codes?.some((code) => code < STATUS_CODE.completed) ?? true;
      const wantsClosed = codes?.some((code) => code >= STATUS_CODE.completed) ?? true;
      const tail = `WHERE ${where} ORDER BY run_id DESC LIMIT ?`;
      // One more than the page shows whether there is a next one.
      const open = wantsOpen ? query<OpenRow & Named>(`${OPEN} ${tail}`).all(...values, limit + 1) : [];
      const closed = wantsClosed
        ? query<ClosedRow & Named>(`${CLOSED} ${tail}`).all(...values, limit + 1)
        : [];
      const found = [...open.map(decodeOpen), ...closed.map(decodeClosed)].toSorted(newestFirst);
      const runs = found.slice(0, limit);
      return { runs, next: found.length > limit ? runs.at(-1)?.runId : undefined };
    },
  };
}

function newestFirst(a: RunRow, b: RunRow): number {
  return a.runId < b.runId ? 1 : -1;
}

function conditionsOf(filter: RunFilter): { where: string; values: Value[] } {
  const conditions = ['namespace = ?'];
  // The index of the others (see schema.ts); of the default one the table itself is in the right order.
  if (filter.namespace !== 'default') conditions.push(`namespace <> 'default'`);
  const values: Value[] = [filter.namespace];
  function add(condition: string, value: Value | undefined): void {
    if (value === undefined) return;
    conditions.push(condition);
    values.push(value);
  }
  const codes = filter.status?.map((status) => STATUS_CODE[status]);
  // Status is left out where it decides nothing but the table.
  if (codes !== undefined && codes.length < OPEN_STATUSES.length * 2) {
    add('status IN (SELECT value FROM json_each(?))', JSON.stringify(codes));
  }
  add('workflow = ?', filter.workflow);
  add(`${AUTHOR_VERSION} = ?`, filter.workflowVersion);
  add('queue = ?', filter.queue);
  if (filter.workflow === undefined && filter.tasks !== true)
    conditions.push(`substr(workflow, 1, ${TASK_PREFIX.length}) <> '${TASK_PREFIX}'`);
  add('EXISTS (SELECT 1 FROM json_each(tags) WHERE value = ?)', filter.tag);
  add('key = ?', filter.key);
  add('parent_run_id = ?', filter.parentRunId);
  add('run_id < ?', filter.before);
  return { where: conditions.join(' AND '), values };
}

function decodeOpen(row: OpenRow & Named): RunRow {
  return {
    ...decodeRun(row),
    status: statusOf(row.status),
    ownerId: row.owner ?? undefined,
    engineName: row.engine_name ?? undefined,
    wakeAt: row.wake_at ?? undefined,
    waits: row.waits ?? undefined,
    blockCode: row.block_code ?? undefined,
    readyAt: row.ready_at ?? undefined,
    assignedTo: row.assigned_to ?? undefined,
    assignedUntil: row.assigned_until ?? undefined,
    startedAt: row.started_at ?? undefined,
    closedAt: undefined,
    suspectGroup: row.suspect_group ?? undefined,
    pause: pauseIn(row),
    deaths: row.deaths,
    successor: undefined,
    lastChunk: undefined,
  };
}

function pauseIn({ paused_at: at, paused_by: by, pause_reason: reason, paused_in: engineId }: OpenRow) {
  if (at === null) return undefined;
  return { at, by: by ?? undefined, reason: reason ?? undefined, engineId: engineId ?? undefined };
}

function decodeClosed(row: ClosedRow & Named): RunRow {
  const status = statusOf(row.status);
  if (!isClosed(status)) throw new Error(`run ${row.run_id} is in runs_closed with status ${status}`);
  return {
    ...decodeRun(row),
    status,
    ownerId: undefined,
    engineName: row.engine_name ?? undefined,
    wakeAt: undefined,
    waits: undefined,
    blockCode: undefined,
    readyAt: undefined,
    assignedTo: undefined,
    assignedUntil: undefined,
    startedAt: row.started_at ?? undefined,
    closedAt: row.closed_at,
    suspectGroup: undefined,
    pause: undefined,
    deaths: 0,
    successor: row.successor ?? undefined,
    lastChunk: undefined,
  };
}
