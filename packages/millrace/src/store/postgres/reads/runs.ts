import { OPEN_STATUSES, priorityOf, STATUS_CODE, statusOf } from '../../../core/status.ts';
import { TASK_PREFIX } from '../../../core/names.ts';
import { isIndexed, LOOK_AT, smallLetters, tablesOf, type RunTable } from '../../port/reads.ts';
import type { HistoryChunk, RunFilter, RunPage, RunPause, RunRef, RunRow } from '../../port/store.ts';
import { int4Array, textArray, uuidArray } from '../database/binary-array.ts';
import type { Connections, Parameter, Statement } from '../database/connect.ts';
import { isOfVersion } from '../definitions/versions.ts';
import { sparse } from '../runs/columns.ts';
import { functionCall } from '../runs/function-call.ts';
import { closedOf, openOf } from './columns.ts';

const READ = functionCall('read_runs_v1', 4);

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
type Chunk = [seq: number | null, count: number, data: Uint8Array];
type First = [count: number | null, data: Uint8Array];
type Read = [...stored: Stored, ...last: Chunk, ...first: First, n: number];

export async function readRuns(
  { read }: Connections,
  refs: readonly RunRef[],
  firsts = false,
): Promise<(RunRow | undefined)[]> {
  const answers = await read<Read>({
    text: READ,
    values: [
      uuidArray(refs.map((ref) => ('runId' in ref ? ref.runId : undefined))),
      sparse(
        textArray,
        refs.map((ref) => ref.namespace),
      ),
      sparse(
        textArray,
        refs.map((ref) => ('key' in ref ? ref.key : undefined)),
      ),
      firsts,
    ],
  });
  const rows = refs.map((): RunRow | undefined => undefined);
  for (const answer of answers) {
    const seq = answer[34];
    const lastChunk = seq === null ? undefined : { seq, count: answer[35], data: answer[36] };
    const row = runOf(answer);
    row.lastChunk = lastChunk;
    if (firsts) row.firstChunk = seq === 0 ? lastChunk : firstOf(answer[37], answer[38]);
    rows[answer[39] - 1] = row;
  }
  return rows;
}

function firstOf(...[count, data]: First): HistoryChunk | undefined {
  return count === null ? undefined : { seq: 0, count, data };
}

const MAX_PAGE = 1000;

export async function listRuns({ read }: Connections, filter: RunFilter): Promise<RunPage> {
  const limit = Math.min(filter.limit, MAX_PAGE);
  const statement = listStatement({ ...filter, limit });
  if (statement === undefined) return { runs: [], next: undefined };
  const found = (await read<Stored>(statement)).map(runOf);
  const runs = found.slice(0, limit);
  if (found.length > limit) return { runs, next: runs.at(-1)?.runId };
  const end = await endOfLook(read, filter);
  return { runs: end === undefined ? runs : runs.filter(({ runId }) => runId >= end), next: end };
}

/** The last run that a page has looked at, where it has not looked at all: what is older belongs to the next one. */
async function endOfLook(read: Connections['read'], filter: RunFilter): Promise<string | undefined> {
  if (isIndexed(filter)) return undefined;
  const { text, values } = lookedAt(filter);
  const last = tablesOf(filter).map(
    (table) => `(SELECT l.run_id FROM (${text(table, 'r.run_id')}) l OFFSET $2::integer - 1 LIMIT 1)`,
  );
  const [row = []] = await read<(string | null)[]>({
    text: `SELECT ${last.join(', ')} WHERE $1::text <> ''`,
    values,
  });
  return row
    .filter((end) => end !== null)
    .toSorted()
    .at(-1);
}

/** Undefined: no run has a status that is wanted. */
export function listStatement(filter: RunFilter): Statement | undefined {
  const codes = filter.status?.map((status) => STATUS_CODE[status]);
  const { text: source, values: looked } = lookedAt(filter);
  const { where, values } = conditionsOf(filter, codes, looked);
  // One more than the page shows whether there is a next one.
  values.push(filter.limit + 1);
  const page = `WHERE ${where} ORDER BY r.run_id DESC LIMIT $${values.length}`;
  const from = (table: RunTable): string => `(SELECT r.* FROM (${source(table, 'r.*')}) r ${page})`;
  const parts = tablesOf(filter).map((table) =>
    table === 'runs' ? openOf(from(table)) : closedOf(from(table)),
  );
  if (parts.length === 0) return undefined;
  const text = `SELECT * FROM (${parts.join(' UNION ALL ')}) r ORDER BY r.run_id DESC LIMIT $${values.length}`;
  return { text, values };
}

/** The rows of a table that a page looks at, the newest; $1 is the namespace, $2 how many, $3 the cursor. */
function lookedAt(filter: RunFilter): {
  text: (table: RunTable, columns: string) => string;
  values: Parameter[];
} {
  const { namespace, lookAt = LOOK_AT, before } = filter;
  const values: Parameter[] = [namespace, lookAt, before];
  const older = before === undefined ? '$3::uuid IS NULL' : 'r.run_id < $3::uuid';
  const bound = isIndexed(filter) ? '' : 'ORDER BY r.run_id DESC LIMIT $2';
  // Open runs stand in order with those of other namespaces between: an index of their own would cost each start.
  const own = { runs: ownKey(filter, values), runs_closed: ' AND r.namespace = $1' };
  const text = (table: RunTable, columns: string): string =>
    `SELECT ${columns} FROM millrace.${table} r WHERE ${older}${own[table]} ${bound}`;
  return { text, values };
}

/** The open run of a key is the one that the key points to (I8). */
function ownKey(filter: RunFilter, values: Parameter[]): string {
  if (filter.key === undefined || !tablesOf(filter).includes('runs')) return '';
  values.push(filter.key);
  return ` AND r.run_id = (SELECT k.run_id FROM millrace.keys k WHERE k.namespace = $1 AND k.key = $${values.length})`;
}

function conditionsOf(
  filter: RunFilter,
  codes: readonly number[] | undefined,
  values: Parameter[],
): { where: string; values: Parameter[] } {
  const conditions = ['r.namespace = $1', '$2::integer > 0'];
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
  add(isKnownBy, filter.q === undefined ? undefined : smallLetters(filter.q));
  return { where: conditions.join(' AND '), values };
}

function isKnownBy(place: string): string {
  const has = (text: string): string => `strpos(lower(${text}), ${place}::text) > 0`;
  return `(${has('r.workflow')} OR ${has('r.key')} OR starts_with(r.run_id::text, ${place}::text)
    OR EXISTS (SELECT 1 FROM unnest(r.tags) t WHERE ${has('t')}))`;
}

const NO_TAGS: readonly string[] = [];

function runOf(row: Stored | Read): RunRow {
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

function pauseIn(row: Stored | Read): RunPause | undefined {
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

const COUNT_OPEN = `
SELECT count(*)::integer FROM (SELECT 1 FROM millrace.runs r WHERE r.namespace = $1 LIMIT $2) counted`;

export async function countOpen({ read }: Connections, namespace: string, limit: number): Promise<number> {
  const [row] = await read<[number]>({ text: COUNT_OPEN, values: [namespace, limit] });
  return row?.[0] ?? 0;
}
