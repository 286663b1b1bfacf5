import { MillraceError } from '../core/errors.ts';
import { undoneIn } from '../core/policy/retry-run.ts';
import { placedEvents } from '../core/reading/history-items.ts';
import { isClosed } from '../core/status.ts';
import { reopenRequest, type Reopener } from '../engine/retry/reopen.ts';
import type { ReopenRequest, RunRow } from '../store/port/store.ts';
import type { Desk } from './desk.ts';

/**
 * Opens a run again that ended badly, keeping its id and everything that succeeded: one more event says which
 * failure is taken back. A blocked run is only queued again. This is all: whoever loads the run then looks
 * after the children that it waits for (engine/retry/awaited.ts).
 */
export async function retryRun(desk: Desk, row: RunRow, id?: string): Promise<void> {
  const { runId, status } = row;
  if (status === 'completed' || status === 'continued') {
    throw new MillraceError('RUN_CLOSED', `run ${runId} is ${status}: there is nothing to retry`);
  }
  if (!isClosed(status) && status !== 'blocked') {
    throw new MillraceError('RUN_NOT_CLOSED', `run ${runId} is ${status}`);
  }
  const by = { at: Math.floor(desk.storeTime()), engine: desk.engineName, commitId: desk.newCommitId(), id };
  const request = status === 'blocked' ? requeue(row, by) : await goOn(desk, row, by);
  const outcome = await desk.reopen(request);
  if (outcome === 'ok') return;
  const what = `run ${runId} changed while it was being retried`;
  throw new MillraceError(outcome === 'not-found' ? 'RUN_NOT_FOUND' : 'RUN_NOT_CLOSED', what, {
    remedy: 'Look at the run again, then retry it if it is still not running.',
  });
}

function requeue(
  { runId, version, status: from, events: seq }: RunRow,
  { commitId }: Reopener,
): ReopenRequest {
  return { runId, version, from, seq, count: 0, history: undefined, commitId };
}

async function goOn(desk: Desk, row: RunRow, by: Reopener): Promise<ReopenRequest> {
  const history = placedEvents(await desk.readHistory(row.runId));
  const undone = undoneIn(history);
  if (undone === undefined) return reopenRequest(row, history, by);
  throw new MillraceError('RUN_COMPENSATED', `run ${row.runId} has run its compensation "${undone}"`);
}
