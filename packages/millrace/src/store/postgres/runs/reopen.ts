import { STATUS_CODE } from '../../../core/status.ts';
import { REOPENED_KEPT_MS } from '../../port/changes.ts';
import type { ReopenRequest, UnblockRequest } from '../../port/store.ts';
import type { Statement } from '../database/connect.ts';
import { SCOPE_COLUMNS, scopeColumns } from './columns.ts';
import { functionCall } from './function-call.ts';

/** Whoever follows what becomes of runs is told by `reopened` (port/changes.ts), in the same transaction. */
const REOPEN = `
WITH acted AS MATERIALIZED (${functionCall('reopen_v1', 8)}),
noted AS (
  INSERT INTO millrace.reopened AS o (run_id, at)
  SELECT $2::uuid, coalesce($1::bigint, millrace.clock_v1()) FROM acted WHERE acted.reopen_v1 = 'ok'
  ON CONFLICT (run_id) DO UPDATE SET at = excluded.at
),
forgotten AS (
  DELETE FROM millrace.reopened
  WHERE at < coalesce($1::bigint, millrace.clock_v1()) - ${REOPENED_KEPT_MS} AND run_id <> $2::uuid
)
SELECT reopen_v1 FROM acted`;
const UNBLOCK = functionCall('unblock_v1', 2 + SCOPE_COLUMNS);

/* Acts from outside on runs that nobody owns. `now`: undefined for the database's clock. */

export function reopenStatement(request: ReopenRequest, now: number | undefined): Statement {
  const { runId, version, from, seq, count, history, commitId } = request;
  const data = history && Buffer.from(history.buffer, history.byteOffset, history.byteLength);
  return {
    text: REOPEN,
    values: [now, runId, version, STATUS_CODE[from], seq, data === undefined ? 0 : count, data, commitId],
  };
}

export function unblockStatement(request: UnblockRequest, now: number | undefined): Statement {
  return { text: UNBLOCK, values: [now, request.code, ...scopeColumns(request)] };
}
