import { MillraceError } from '../core/errors.ts';
import { encodeChunk } from '../core/run/chunk.ts';
import type { EventOf, PlacedEvent, RunEvent } from '../core/run/event.ts';
import { COMPENSATION_PREFIX, effective } from '../core/run/replay.ts';
import { placedEvents } from '../core/reading/history-items.ts';
import { failureIn } from '../core/run/apply.ts';
import type { Failure } from '../core/failure.ts';
import { isClosed } from '../core/status.ts';
import type { RunRow } from '../store/port/store.ts';
import type { Desk } from './desk.ts';

/**
 * Opens a run again that ended badly, keeping its id and everything that succeeded: one more event says which
 * failure is taken back. A blocked run is only queued again.
 */
export async function retryRun(desk: Desk, row: RunRow): Promise<void> {
  if (row.status === 'completed' || row.status === 'continued') {
    throw new MillraceError('RUN_CLOSED', `run ${row.runId} is ${row.status}: there is nothing to retry`);
  }
  if (!isClosed(row.status) && row.status !== 'blocked') return finishRetry(desk, row);
  const history = isClosed(row.status) ? placedEvents(await desk.store.readHistory(row.runId)) : undefined;
  if (history !== undefined) refuseCompensated(row, history);
  const retried = history === undefined ? undefined : retriedEvent(history, desk.storeTime());
  const header = { at: Math.floor(desk.storeTime()), engine: desk.engineName };
  const outcome = await desk.store.reopen({
    runId: row.runId,
    version: row.version,
    from: row.status,
    seq: row.events,
    count: retried === undefined ? 0 : 1,
    history: retried === undefined ? undefined : encodeChunk(header, [retried]),
    commitId: desk.newCommitId(),
  });
  if (outcome !== 'ok') {
    const what = `run ${row.runId} changed while it was being retried`;
    throw new MillraceError(outcome === 'not-found' ? 'RUN_NOT_FOUND' : 'RUN_NOT_CLOSED', what, {
      remedy: 'Look at the run again, then retry it if it is still not running.',
    });
  }
  desk.requeued();
  if (history === undefined || retried === undefined) return;
  const place = { seq: row.events, at: header.at, engine: header.engine };
  await settleChildren(desk, row.runId, effective([...history, { ...place, event: retried }]));
}

/** A retry that was cut off between opening the run and telling its children is taken up where it stopped. */
async function finishRetry(desk: Desk, row: RunRow): Promise<void> {
  const history = placedEvents(await desk.store.readHistory(row.runId));
  if (!history.some(({ event }) => event.type === 'retried')) {
    throw new MillraceError('RUN_NOT_CLOSED', `run ${row.runId} is ${row.status}`);
  }
  await settleChildren(desk, row.runId, effective(history));
}

/** Steps that were undone count as done in history: going on from there would ship what was refunded. */
function refuseCompensated(row: RunRow, history: readonly PlacedEvent[]): void {
  const undone = effective(history).find(
    ({ event }) => event.type === 'step-completed' && event.name.startsWith(COMPENSATION_PREFIX),
  );
  if (undone === undefined) return;
  const name = 'name' in undone.event ? undone.event.name.slice(COMPENSATION_PREFIX.length) : '';
  throw new MillraceError('RUN_COMPENSATED', `run ${row.runId} has run its compensation "${name}"`);
}

/** The run gets the time again that it had from its start to its deadline. */
function retriedEvent(history: readonly PlacedEvent[], now: number): RunEvent {
  const retried: RunEvent = { type: 'retried', cut: failurePoint(effective(history)).seq };
  const first = history[0];
  if (first?.event.type !== 'started' || first.event.deadlineAt === undefined) return retried;
  const { deadlineAt, startAt = first.at } = first.event;
  return { ...retried, deadlineAt: Math.ceil(now + deadlineAt - startAt) };
}

/**
 * Children that the run waits for again may have ended while it was closed, when nobody could be told: those
 * that completed say so once more, the others (the one that failed, those that were cancelled with the run)
 * are retried too. After the parent, which must be open to hear of them.
 */
async function settleChildren(desk: Desk, runId: string, events: readonly PlacedEvent[]): Promise<void> {
  const awaited = new Map<number, EventOf<'child-started'>>();
  for (const { event } of events) {
    if (event.type === 'child-started' && !event.detached) awaited.set(event.ordinal, event);
    else if (event.type === 'child-closed') awaited.delete(event.ordinal);
  }
  for (const { ordinal, name, runId: childId } of awaited.values()) {
    const child = await desk.readRun({ runId: childId });
    if (!isClosed(child.status)) continue;
    if (child.status !== 'completed' && child.status !== 'continued') await retryRun(desk, child);
    else {
      const { status, payload } = await desk.results.ending(childId, undefined);
      await desk.send({ runId }, { kind: 'child-closed', ordinal, name, runId: childId, status, payload });
    }
  }
}

/**
 * Where the failure begins that ended the run: the step or child whose failure the end is, or was caused by;
 * the cancel or deadline; else the end itself (the program threw by itself: it is replayed up to there and
 * goes on).
 */
function failurePoint(events: readonly PlacedEvent[]): PlacedEvent {
  const end = events.at(-1) as PlacedEvent;
  const trigger = TRIGGERS[end.event.type];
  if (trigger !== undefined) return events.findLast(({ event }) => event.type === trigger) ?? end;
  for (
    let failure: Failure | undefined = failureIn(end.event);
    failure !== undefined;
    failure = failure.cause
  ) {
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
