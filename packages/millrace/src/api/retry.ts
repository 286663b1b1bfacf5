import { MillraceError } from '../core/errors.ts';
import { leftBehind, undoneIn } from '../core/policy/retry-run.ts';
import { placedEvents } from '../core/reading/history-items.ts';
import { isClosed } from '../core/status.ts';
import { reopenRequest, type Reopener } from '../engine/retry/reopen.ts';
import type { ReopenRequest, RunRow } from '../store/port/store.ts';
import type { Desk } from './desk.ts';

export interface RetryRunOptions {
  /** The same `id` twice is one retry, of a run that had closed. */
  id?: string | undefined;
  /**
   * The name of a step, or of a node of a definition, as the history has it: that and all that was asked for after it is
   * done again. Default: it goes on from its failure, and all that succeeded stays.
   */
  from?: string | undefined;
}

/**
 * Opens a run again that ended badly, keeping its id and everything that succeeded: one more event says which
 * failure is taken back. A blocked run is only queued again. This is all: whoever loads the run then looks
 * after the children that it waits for (engine/retry/awaited.ts).
 */
export async function retryRun(desk: Desk, row: RunRow, { id, from }: RetryRunOptions): Promise<void> {
  const { runId, status } = row;
  if (status === 'completed' || status === 'continued') {
    throw new MillraceError('RUN_CLOSED', `run ${runId} is ${status}: there is nothing to retry`);
  }
  if (!isClosed(status) && status !== 'blocked') {
    throw new MillraceError('RUN_NOT_CLOSED', `run ${runId} is ${status}`);
  }
  if (status === 'blocked' && from !== undefined) throw standsBlocked(runId);
  const acts = { commitId: desk.newCommitId(), id, from };
  const by = { at: Math.floor(desk.storeTime()), engine: desk.engineName, ...acts };
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
  if (undone === undefined) {
    if (by.from !== undefined) await requireEnded(desk, leftBehind(history, by.from));
    return reopenRequest(row, history, by);
  }
  throw new MillraceError('RUN_COMPENSATED', `run ${row.runId} has run its compensation "${undone}"`);
}

/** Two would be at work on the same thing: it, and the one that is started anew. @throws RUN_NOT_CLOSED. */
async function requireEnded(desk: Desk, children: readonly string[]): Promise<void> {
  for (let runId of children) {
    // oxlint-disable-next-line no-await-in-loop -- each says which is the next
    let row = await desk.readRun({ runId });
    // oxlint-disable-next-line no-await-in-loop
    while (row.successor !== undefined) row = await desk.readRun({ runId: row.successor });
    ({ runId } = row);
    if (isClosed(row.status)) continue;
    throw new MillraceError(
      'RUN_NOT_CLOSED',
      `its child ${runId} is ${row.status}, and would be started anew`,
      {
        details: { runId, status: row.status },
        remedy: 'Wait for the child to end, or cancel it.',
      },
    );
  }
}

function standsBlocked(runId: string): MillraceError {
  return new MillraceError('RUN_NOT_CLOSED', `run ${runId} is blocked, and goes on where it stands`, {
    remedy: 'Retry it without a step, or cancel it first.',
  });
}
