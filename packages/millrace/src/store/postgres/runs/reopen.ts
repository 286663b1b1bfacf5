import { STATUS_CODE } from '../../../core/status.ts';
import type { ReopenRequest, UnblockRequest } from '../../port/store.ts';
import type { Statement } from '../database/connect.ts';
import { SCOPE_COLUMNS, scopeColumns } from './columns.ts';
import { functionCall } from './function-call.ts';

const REOPEN = functionCall('reopen_v1', 8);
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
