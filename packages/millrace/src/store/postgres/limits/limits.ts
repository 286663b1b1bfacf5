import { LIMIT_CODE, limitKindOf } from '../../../core/limits/limit.ts';
import { nextTokenAt, tokensAt } from '../../../core/limits/rate.ts';
import { STATUS_CODE } from '../../../core/status.ts';
import {
  HOLDERS_NAMED,
  type LimitChange,
  type LimitReport,
  type LimitRow,
  type LimitStore,
  type QueueReport,
  type RunLimits,
} from '../../port/limits.ts';
import { checkLimit } from '../../port/text.ts';
import { textArray } from '../database/binary-array.ts';
import type { Connections, Statement } from '../database/connect.ts';
import { functionCall } from '../runs/function-call.ts';

const COLUMNS = `l.namespace, l.kind, l.name, l.max_concurrent, l.asked_max, l.rate, l.max_depth, l.paused, l.paused_by,
  l.paused_at, l.tokens, l.refilled_at`;
const SET = `SELECT ${COLUMNS} FROM (${functionCall('set_limit_v1', 10)}) l`;

const REPORT = `${COLUMNS}, millrace.in_use_v1(l.namespace, l.kind, l.name, 2147483647),
  CASE WHEN l.kind = ${LIMIT_CODE.key} THEN ARRAY(
    SELECT k.run_id FROM millrace.run_keys k
    WHERE k.granted AND k.namespace = l.namespace AND k.key = l.name ORDER BY k.run_id LIMIT ${HOLDERS_NAMED})
  ELSE ARRAY(
    SELECT r.run_id FROM millrace.runs r
    WHERE r.granted AND r.namespace = l.namespace AND (l.kind = ${LIMIT_CODE.global}
      OR (l.kind = ${LIMIT_CODE.queue} AND r.queue = l.name) OR (l.kind = ${LIMIT_CODE.workflow} AND r.workflow = l.name))
    ORDER BY r.run_id LIMIT ${HOLDERS_NAMED}) END, coalesce($1::bigint, millrace.clock_v1())`;

const READ = `SELECT ${REPORT} FROM millrace.limits l
WHERE l.namespace = $2
  AND (l.kind < ${LIMIT_CODE.key} OR l.max_concurrent IS NOT NULL OR l.rate IS NOT NULL OR l.paused)
ORDER BY l.kind, l.name`;

const OF_RUN = `
SELECT r.granted, r.parked_on, ARRAY(SELECT k.key FROM millrace.run_keys k WHERE k.run_id = r.run_id ORDER BY k.key)
FROM millrace.runs r WHERE r.run_id = $1`;
const LIMITS_OF_RUN = `
SELECT ${REPORT} FROM millrace.runs r, LATERAL (
  SELECT 0 AS kind, '' AS name UNION ALL SELECT 1, r.queue UNION ALL SELECT 2, r.workflow
  UNION ALL SELECT 3, k.key FROM millrace.run_keys k WHERE k.run_id = r.run_id
) u, millrace.limits l
WHERE r.run_id = $2 AND l.namespace = r.namespace AND l.kind = u.kind AND l.name = u.name
ORDER BY l.kind, l.name`;

const QUEUES = `
SELECT r.queue, (count(*) FILTER (WHERE r.status = ${STATUS_CODE.queued}))::integer,
  min(r.ready_at) FILTER (WHERE r.status = ${STATUS_CODE.queued}),
  (count(*) FILTER (WHERE r.status = ${STATUS_CODE.running}))::integer, count(*)::integer
FROM millrace.runs r WHERE r.namespace = $1 GROUP BY r.queue ORDER BY r.queue`;

type Row = [
  namespace: string,
  kind: number,
  name: string,
  maxConcurrent: number | null,
  askedMax: number | null,
  rate: number | null,
  maxDepth: number | null,
  paused: boolean,
  pausedBy: string | null,
  pausedAt: number | null,
  tokens: number,
  refilledAt: number,
];
type QueueRow = [queue: string, depth: number, oldest: number | null, running: number, open: number];
type ReportRow = [...row: Row, inUse: number, holders: string[], now: number];

/** The table `limits`. `now`: undefined for the database's clock. */
export function limitActs({ write, read }: Connections, now: () => number | undefined): LimitStore {
  const reports = async (text: string, of: string): Promise<LimitReport[]> =>
    (await read<ReportRow>({ text, values: [now(), of] })).map(reportOf);
  return {
    setLimit: async (change) => {
      checkLimit(change);
      const [row] = await write<Row>(setLimitStatement(change, now()));
      return row && limitOf(row);
    },
    readLimits: (namespace) => reports(READ, namespace),
    limitsOf: async (runId): Promise<RunLimits | undefined> => {
      const [row] = await read<[granted: boolean, parkedOn: string | null, keys: string[]]>({
        text: OF_RUN,
        values: [runId],
      });
      if (row === undefined) return undefined;
      const [granted, parkedOn, keys] = row;
      return { granted, parkedOn: parkedOn ?? undefined, keys, limits: await reports(LIMITS_OF_RUN, runId) };
    },
    readQueues: async (namespace): Promise<QueueReport[]> => {
      const rows = await read<QueueRow>({
        text: QUEUES,
        values: [namespace],
      });
      return rows.map(([queue, depth, oldest, running, open]) => {
        return { queue, open, depth, running, oldestReadyAt: oldest ?? undefined };
      });
    },
  };
}

export function setLimitStatement(change: LimitChange, now: number | undefined): Statement {
  const { namespace, kind, name, maxConcurrent, ratePerSecond, maxDepth, paused, by } = change;
  const given = { max: maxConcurrent, rate: ratePerSecond, depth: maxDepth, paused };
  const set = Object.entries(given).flatMap(([field, value]) => (value === undefined ? [] : [field]));
  const scope = [now, namespace, LIMIT_CODE[kind], name];
  return {
    text: SET,
    values: [...scope, textArray(set), maxConcurrent, ratePerSecond, maxDepth, paused, by],
  };
}

function limitOf(row: Row | ReportRow): LimitRow {
  const [namespace, kind, name, maxConcurrent, askedMax, rate, maxDepth, paused, pausedBy, pausedAt] = row;
  return {
    namespace,
    kind: limitKindOf(kind),
    name,
    maxConcurrent: maxConcurrent ?? undefined,
    askedMax: askedMax ?? undefined,
    ratePerSecond: rate ?? undefined,
    maxDepth: maxDepth ?? undefined,
    paused,
    pausedBy: pausedBy ?? undefined,
    pausedAt: pausedAt ?? undefined,
  };
}

function reportOf(row: ReportRow): LimitReport {
  const limit = limitOf(row);
  const [inUse, holders, at] = row.slice(12) as [number, string[], number]; // what follows the columns of a limit
  const perSecond = limit.ratePerSecond;
  const bucket = perSecond === undefined ? undefined : { perSecond, tokens: row[10], refilledAt: row[11] };
  const tokens = bucket && Math.floor(tokensAt(bucket, at));
  return {
    ...limit,
    ...{ inUse, holders, tokens },
    max: limit.maxConcurrent ?? limit.askedMax,
    nextTokenAt:
      bucket === undefined || tokens === undefined || tokens >= 1 ? undefined : nextTokenAt(bucket, at),
  };
}
