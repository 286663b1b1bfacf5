import { TASK_PREFIX } from '../../../core/names.ts';
import { firstIdAt } from '../../../core/ids.ts';
import { isClosed, priorityOf, statusOf } from '../../../core/status.ts';
import {
  MAX_CHANGES,
  type ChangedRun,
  type ChangeRequest,
  type Changes,
  type ChangeStore,
  type EndedRun,
  type HeldRun,
  type ReopenedRun,
} from '../../port/changes.ts';
import type { Connections, Statement } from '../database/connect.ts';

/*
 * What becomes of runs, in one statement: one snapshot, so that a run that closes meanwhile is found once. Each part ends
 * after so many rows of its own index. The store's time stands in a row of its own, before the others.
 */
const COLUMNS = `r.run_id, r.workflow, r.workflow_version, r.queue, r.priority, r.key, r.tags, r.parent_run_id,
  r.created_at`;
const NO_TASKS = `NOT starts_with(r.workflow, '${TASK_PREFIX}')`;

const begunIn = (table: string): string => `(SELECT 1, ${COLUMNS}, 0::smallint, 0::bigint, 0 FROM ${table} r
  WHERE r.namespace = $2 AND r.run_id > $3::uuid AND r.run_id < $4::uuid AND ${NO_TASKS} ORDER BY r.run_id LIMIT $10)`;

const reopenedIn = (table: string): string => `(SELECT 3, ${COLUMNS}, 0::smallint, o.at, 0
  FROM millrace.reopened o JOIN ${table} r ON r.run_id = o.run_id
  WHERE r.namespace = $2 AND o.at >= $7 AND (o.at, o.run_id) > ($7, $8::uuid) AND o.at < $9 AND ${NO_TASKS}
  ORDER BY o.at, o.run_id LIMIT $10)`;

const SINCE = `
SELECT 0, NULL::uuid, NULL::text, NULL::text, NULL::text, 0::smallint, NULL::text, NULL::text[], NULL::uuid, 0::bigint,
  0::smallint, coalesce($1::bigint, millrace.clock_v1()), 0
UNION ALL ${begunIn('millrace.runs')}
UNION ALL ${begunIn('millrace.runs_closed')}
UNION ALL (SELECT 2, ${COLUMNS}, r.status, r.closed_at, r.events FROM millrace.runs_closed r
  WHERE r.namespace = $2 AND r.closed_at >= $5 AND (r.closed_at, r.run_id) > ($5, $6::uuid) AND r.closed_at < $9
    AND ${NO_TASKS}
  ORDER BY r.closed_at, r.run_id LIMIT $10)
UNION ALL ${reopenedIn('millrace.runs')}
UNION ALL ${reopenedIn('millrace.runs_closed')}`;

const HELD = `
SELECT ${COLUMNS}, r.status, r.block_code, r.epoch, r.version FROM millrace.runs r
WHERE r.namespace = $1 AND r.status IN (3, 4) AND ${NO_TASKS} ORDER BY r.run_id LIMIT $2`;

type Run = [
  runId: string,
  workflow: string,
  workflowVersion: string,
  queue: string,
  priority: number,
  key: string | null,
  tags: string[] | null,
  parentRunId: string | null,
  createdAt: number,
];
type Row = [part: number, ...run: Run, status: number, at: number, events: number];
type Held = [...run: Run, status: number, blockCode: string | null, epoch: number, version: number];

export function changeReads({ read }: Connections, now: () => number | undefined): ChangeStore {
  return {
    readChanges: async (request) => {
      const limit = Math.min(request.limit, MAX_CHANGES);
      return changesOf(await read<Row>(changesStatement({ ...request, limit }, now())), limit);
    },
    listHeld: async ({ namespace, limit }) => {
      const rows = await read<Held>({ text: HELD, values: [namespace, Math.min(limit, MAX_CHANGES)] });
      return rows.map(heldOf);
    },
  };
}

export function changesStatement(request: ChangeRequest, now: number | undefined): Statement {
  const { namespace, after, until = Number.MAX_SAFE_INTEGER, limit } = request;
  const { begun, ended, reopened } = after;
  return {
    text: SINCE,
    values: [
      ...[now, namespace, begun, firstIdAt(until)],
      ...[ended.at, ended.runId, reopened.at, reopened.runId, until, limit],
    ],
  };
}

function changesOf(rows: readonly Row[], limit: number): Changes {
  let storeTime = 0;
  const begun: ChangedRun[] = [];
  const ended: EndedRun[] = [];
  const reopened: ReopenedRun[] = [];
  for (const [part, ...rest] of rows) {
    const [status, at, events] = [rest[9], rest[10], rest[11]];
    if (part === 0) {
      storeTime = at;
      continue;
    }
    const run = runOf(rest);
    if (part === 1) begun.push(run);
    else if (part === 2)
      ended.push({ ...run, status: closedStatus(run.runId, status), closedAt: at, events });
    else reopened.push({ ...run, reopenedAt: at });
  }
  // Two tables gave to these.
  begun.sort((a, b) => (a.runId < b.runId ? -1 : 1));
  reopened.sort((a, b) => a.reopenedAt - b.reopenedAt || (a.runId < b.runId ? -1 : 1));
  return { storeTime, begun: begun.slice(0, limit), ended, reopened: reopened.slice(0, limit) };
}

const NO_TAGS: readonly string[] = [];

function runOf(row: readonly [...Run, ...unknown[]]): ChangedRun {
  return {
    runId: row[0],
    workflow: row[1],
    workflowVersion: row[2],
    queue: row[3],
    priority: priorityOf(row[4]),
    key: row[5] ?? undefined,
    tags: row[6] ?? NO_TAGS,
    parentRunId: row[7] ?? undefined,
    createdAt: row[8],
  };
}

function closedStatus(runId: string, code: number): EndedRun['status'] {
  const status = statusOf(code);
  if (!isClosed(status)) throw new Error(`run ${runId} is in runs_closed with status ${status}`);
  return status;
}

function heldOf(row: Held): HeldRun {
  return {
    ...runOf(row),
    status: row[9] === 3 ? 'paused' : 'blocked',
    blockCode: row[10] ?? undefined,
    epoch: row[11],
    version: row[12],
  };
}
