import { MillraceError } from '../core/errors.ts';
import { encodeChunk } from '../core/run/chunk.ts';
import type { PlacedEvent, RunEvent } from '../core/run/event.ts';
import { effective } from '../core/run/replay.ts';
import { placedEvents } from '../core/reading/history-items.ts';
import { failureIn } from '../core/run/apply.ts';
import type { Failure } from '../core/failure.ts';
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
  const point = isClosed(row.status) ? await pointOf(desk, row) : undefined;
  const event: RunEvent | undefined = point === undefined ? undefined : { type: 'retried', cut: point.seq };
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
  if (outcome === 'ok') {
    desk.requeued();
    return retryChild(desk, point?.event);
  }
  const what = `run ${row.runId} changed while it was being retried`;
  throw new MillraceError(outcome === 'not-found' ? 'RUN_NOT_FOUND' : 'RUN_NOT_CLOSED', what, {
    remedy: 'Look at the run again, then retry it if it is still not running.',
  });
}

async function pointOf(desk: Desk, row: RunRow): Promise<PlacedEvent> {
  return failurePoint(effective(placedEvents(await desk.store.readHistory(row.runId))));
}

/** When it was a child that failed, the child is retried too: after its parent, which must be open to hear of it. */
async function retryChild(desk: Desk, point: RunEvent | undefined): Promise<void> {
  if (point?.type !== 'child-closed') return;
  const child = await desk.readRun({ runId: point.runId });
  if (isClosed(child.status)) await retryRun(desk, child);
}

/**
 * Where the failure begins that ended the run: the step or child whose failure the end is, or was caused by; the
 * cancel or deadline; else the end itself (the program threw by itself: it is replayed up to there and goes on).
 */
export function failurePoint(events: readonly PlacedEvent[]): PlacedEvent {
  const end = events.at(-1) as PlacedEvent;
  const trigger = TRIGGERS[end.event.type];
  if (trigger !== undefined) return events.findLast(({ event }) => event.type === trigger) ?? end;
  for (let failure: Failure | undefined = failureIn(end.event); failure !== undefined; failure = failure.cause) {
    const { code, details } = failure;
    const told = (details ?? {}) as { step?: unknown; runId?: unknown };
    const point = events.findLast(({ event }) => {
      if (code === 'STEP_FAILED') return isFailureOf(event, told.step);
      return code === 'CHILD_FAILED' && event.type === 'child-closed' && event.runId === told.runId;
    });
    if (point !== undefined) return point;
  }
  return end;
}

const TRIGGERS: Partial<Record<RunEvent['type'], RunEvent['type']>> = {
  cancelled: 'cancel-requested',
  'timed-out': 'deadline-passed',
};

function isFailureOf(event: RunEvent, step: unknown): boolean {
  if (event.type === 'step-failed') return event.name === step;
  return event.type === 'external-completed' && !event.ok && event.name === step;
}
