import { OPEN_STATUSES, priorityOf, STATUS_CODE, statusOf } from '../../../core/status.ts';
import { TASK_PREFIX } from '../../../core/names.ts';
import type { RunFilter, RunPage, RunPause, RunRef, RunRow } from '../../port/store.ts';
import { int4Array, textArray, uuidArray } from '../database/binary-array.ts';
import type { Connections, Parameter, Statement } from '../database/connect.ts';
import { isOfVersion } from '../definitions/versions.ts';
import { sparse } from '../runs/columns.ts';

/* Run rows for people and clients. Both tables give the same columns in the same order. */

const SHARED = `r.run_id, r.namespace, r.workflow, r.workflow_version, r.queue, r.priority, r.key, r.tags,
  r.parent_run_id, r.parent_ordinal, r.created_at, r.deadline_at, r.epoch, r.version, r.events, r.inbox_seq,
  r.status, r.started_at`;

/** `source`: a table, or some of its rows in brackets: the engines are looked up for these alone. */
function openOf(source: string): string {
  return `SELECT ${SHARED}, r.owner, e.name, r.wake_at, r.waits, r.block_code, r.ready_at, NULL::bigint AS closed_at,
  r.suspect_group, r.deaths, NULL::uuid AS successor, r.assigned_to, r.assigned_until, r.paused_at, r.paused_by,
  r.pause_reason, r.paused_in
FROM ${source} r LEFT JOIN millrace.engines e ON e.engine_id = coalesce(r.owner, r.last_owner)`;
}

function closedOf(source: string): string {
  return `SELECT ${SHARED}, NULL::uuid, e.name, NULL::bigint, NULL::bytea, NULL::text, NULL::bigint, r.closed_at,
  NULL::bigint, 0, r.successor, NULL::uuid, NULL::bigint, NULL::bigint, NULL::text, NULL::text, NULL::uuid
FROM ${source} r LEFT JOIN millrace.engines e ON e.engine_id = r.last_owner`;
}

const READ = `
WITH wanted AS MATERIALIZED (
  SELECT w.n, coalesce(w.run_id,
    (SELECT k.run_id FROM millrace.keys k WHERE k.namespace = w.namespace AND k.key = w.key)) AS run_id
  FROM unnest($1::uuid[], $2::text[], $3::text[]) WITH ORDINALITY AS w(run_id, namespace, key, n)
)
SELECT f.*, h.seq, h.count, h.data FROM wanted w, LATERAL (
  SELECT w.n::integer, o.* FROM (${openOf('millrace.runs')} WHERE r.run_id = w.run_id) o
  UNION ALL SELECT w.n::integer, c.* FROM (${closedOf('millrace.runs_closed')} WHERE r.run_id = w.run_id) c
) f LEFT JOIN LATERAL (
  SELECT h.seq, h.count, h.data FROM millrace.history h
  WHERE h.run_id = w.run_id AND f.status >= ${STATUS_CODE.completed} ORDER BY h.seq DESC LIMIT 1
) h ON true`;

type Stored = [
  runId: string,
  namespace: string,
  workflow: string,
  workflowVersion: string,
  queue: string,
  priority: number,
  key: string | null,
  tags: string[] | null,
  parentRunId: string | null,
  parentOrdinal: number | null,
  createdAt: number,
  deadlineAt: number | null,
  epoch: number,
  version: number,
  events: number,
  inboxSeq: number,
  status: number,
  startedAt: number | null,
  ownerId: string | null,
  engineName: string | null,
  wakeAt: number | null,
  waits: Uint8Array | null,
  blockCode: string | null,
  readyAt: number | null,
  closedAt: number | null,
  suspectGroup: number | null,
  deaths: number,
  successor: string | null,
  assignedTo: string | null,
  assignedUntil: number | null,
  pausedAt: number | null,
  pausedBy: string | null,
  pauseReason: string | null,
  pausedIn: string | null,
];
type Read = [n: number, ...stored: Stored, seq: number | null, count: number, data: Uint8Array];

export async function readRuns(
  { read }: Connections,
  refs: readonly RunRef[],
): Promise<(RunRow | undefined)[]> {
  const answers = await read<Read>({
    text: READ,
    values: [
      uuidArray(refs.map((ref) => ('runId' in ref ? ref.runId : undefined))),
      sparse(
        textArray,
        refs.map((ref) => ('key' in ref ? ref.namespace : undefined)),
      ),
      sparse(
        textArray,
        refs.map((ref) => ('key' in ref ? ref.key : undefined)),
      ),
    ],
  });
  const rows = refs.map((): RunRow | undefined => undefined);
  for (const answer of answers) {
    const [n, ...rest] = answer;
    const stored = rest.slice(0, -3) as Stored; // The three at the end are the chunk.
    const [seq, count, data] = rest.slice(-3) as [number | null, number, Uint8Array];
    rows[n - 1] = { ...runOf(stored), lastChunk: seq === null ? undefined : { seq, count, data } };
  }
  return rows;
}

const MAX_PAGE = 1000;

export async function listRuns({ read }: Connections, filter: RunFilter): Promise<RunPage> {
  const limit = Math.min(filter.limit, MAX_PAGE);
  const statement = listStatement({ ...filter, limit });
  if (statement === undefined) return { runs: [], next: undefined };
  const found = await read<Stored>(statement);
  const runs = found.slice(0, limit).map(runOf);
  return { runs, next: found.length > limit ? runs.at(-1)?.runId : undefined };
}

/** Undefined: no run has a status that is wanted. */
export function listStatement(filter: RunFilter): Statement | undefined {
  const codes = filter.status?.map((status) => STATUS_CODE[status]);
  const { where, values } = conditionsOf(filter, codes);
  // One more than the page shows whether there is a next one.
  values.push(filter.limit + 1);
  const page = `WHERE ${where} ORDER BY r.run_id DESC LIMIT $${values.length}`;
  const parts: string[] = [];
  if (codes?.some((code) => code < STATUS_CODE.completed) ?? true)
    parts.push(openOf(`(SELECT r.* FROM millrace.runs r ${page})`));
  if (codes?.some((code) => code >= STATUS_CODE.completed) ?? true)
    parts.push(closedOf(`(SELECT r.* FROM millrace.runs_closed r ${page})`));
  if (parts.length === 0) return undefined;
  const text = `SELECT * FROM (${parts.join(' UNION ALL ')}) r ORDER BY r.run_id DESC LIMIT $${values.length}`;
  return { text, values };
}

function conditionsOf(
  filter: RunFilter,
  codes: readonly number[] | undefined,
): { where: string; values: Parameter[] } {
  const values: Parameter[] = [filter.namespace];
  const conditions = ['r.namespace = $1'];
  function add(condition: (place: string) => string, value: Parameter): void {
    if (value === undefined) return;
    values.push(value);
    conditions.push(condition(`$${values.length}`));
  }
  // Status is left out where it decides nothing but the table.
  if (codes !== undefined && codes.length < OPEN_STATUSES.length * 2) {
    add((place) => `r.status = ANY(${place}::integer[])`, int4Array(codes));
  }
  add((place) => `r.workflow = ${place}`, filter.workflow);
  add(isOfVersion, filter.workflowVersion);
  add((place) => `r.queue = ${place}`, filter.queue);
  if (filter.workflow === undefined && filter.tasks !== true)
    conditions.push(`NOT starts_with(r.workflow, '${TASK_PREFIX}')`);
  add((place) => `${place} = ANY(r.tags)`, filter.tag);
  add((place) => `r.key = ${place}`, filter.key);
  add((place) => `r.parent_run_id = ${place}::uuid`, filter.parentRunId);
  add((place) => `r.run_id < ${place}::uuid`, filter.before);
  return { where: conditions.join(' AND '), values };
}

const NO_TAGS: readonly string[] = [];

function runOf(row: Stored): RunRow {
  return {
    runId: row[0],
    namespace: row[1],
    workflow: row[2],
    workflowVersion: row[3],
    queue: row[4],
    priority: priorityOf(row[5]),
    key: row[6] ?? undefined,
    tags: row[7] ?? NO_TAGS,
    parentRunId: row[8] ?? undefined,
    parentOrdinal: row[9] ?? undefined,
    createdAt: row[10],
    deadlineAt: row[11] ?? undefined,
    epoch: row[12],
    version: row[13],
    events: row[14],
    inboxSeq: row[15],
    status: statusOf(row[16]),
    startedAt: row[17] ?? undefined,
    ownerId: row[18] ?? undefined,
    engineName: row[19] ?? undefined,
    wakeAt: row[20] ?? undefined,
    waits: row[21] ?? undefined,
    blockCode: row[22] ?? undefined,
    readyAt: row[23] ?? undefined,
    closedAt: row[24] ?? undefined,
    suspectGroup: row[25] ?? undefined,
    deaths: row[26],
    successor: row[27] ?? undefined,
    assignedTo: row[28] ?? undefined,
    assignedUntil: row[29] ?? undefined,
    pause: pauseIn(row),
    lastChunk: undefined,
  };
}

function pauseIn(row: Stored): RunPause | undefined {
  const at = row[30];
  if (at === null) return undefined;
  return { at, by: row[31] ?? undefined, reason: row[32] ?? undefined, engineId: row[33] ?? undefined };
}

const COUNT_AHEAD = `
SELECT count(*)::integer FROM (
  SELECT 1 FROM millrace.runs me, millrace.groups_v1(me.namespace, me.queue) g, LATERAL (
    SELECT 1 FROM millrace.runs r
    WHERE r.status = ${STATUS_CODE.queued} AND r.suspect_group IS NULL
      AND r.namespace = g.namespace AND r.queue = g.queue
      AND r.workflow = g.workflow AND r.workflow_version = g.workflow_version AND r.granted = g.granted
      AND (r.rank, r.run_id) < (me.rank, me.run_id)
    LIMIT $2
  ) ahead
  WHERE me.run_id = $1 AND me.status = ${STATUS_CODE.queued} LIMIT $2
) counted`;

export async function countAhead({ read }: Connections, runId: string, limit: number): Promise<number> {
  const [row] = await read<[number]>({ text: COUNT_AHEAD, values: [runId, limit] });
  return row?.[0] ?? 0;
}
