import { MillraceError } from '../core/errors.ts';
import { encodeChunk } from '../core/run/chunk.ts';
import type { PlacedEvent, RunEvent } from '../core/run/event.ts';
import { effective } from '../core/run/replay.ts';
import { placedEvents } from '../core/reading/history-items.ts';
import { isClosed } from '../core/status.ts';
import type { RunRow } from '../store/port/store.ts';
import type { Desk } from './desk.ts';

/**
 * Opens a run again that ended badly, keeping its id and everything that succeeded: one more event says which failure
 * is taken back. A blocked run is only queued again.
 */
export async function retryRun(desk: Desk, row: RunRow): Promise<void> {
  if (row.status === 'completed' || row.status === 'continued') {
    throw new MillraceError('RUN_CLOSED', `run ${row.runId} is ${row.status}: there is nothing to retry`);
  }
  const event = isClosed(row.status) ? await retriedEvent(desk, row) : undefined;
  const header = { at: Math.floor(desk.storeTime()), engine: desk.engineName };
  const outcome = await desk.store.reopen({
    runId: row.runId,
    version: row.version,
    from: row.status,
    seq: row.events,
    count: event === undefined ? 0 : 1,
    history: event === undefined ? undefined : encodeChunk(header, [event]),
    commitId: desk.newCommitId(),
  });
  if (outcome === 'ok') return desk.requeued();
  const what = `run ${row.runId} changed while it was being retried`;
  throw new MillraceError(outcome === 'not-found' ? 'RUN_NOT_FOUND' : 'RUN_NOT_CLOSED', what, {
    remedy: 'Look at the run again, then retry it if it is still not running.',
  });
}

async function retriedEvent(desk: Desk, row: RunRow): Promise<RunEvent> {
  const events = effective(placedEvents(await desk.store.readHistory(row.runId)));
  return { type: 'retried', cut: lastFailure(events) };
}

/** Where the failure begins that ended the run: the last step or child that failed for good, or the end itself. */
function lastFailure(events: readonly PlacedEvent[]): number {
  const compensated = events.findIndex(({ event }) => 'name' in event && event.name.startsWith('compensate '));
  const until = compensated < 0 ? events : events.slice(0, compensated);
  const failed = until.findLast(
    ({ event }) =>
      event.type === 'step-failed' ||
      event.type === 'cancel-requested' ||
      event.type === 'deadline-passed' ||
      (event.type === 'external-completed' && !event.ok),
  );
  return (failed ?? (events.at(-1) as PlacedEvent)).seq;
}
