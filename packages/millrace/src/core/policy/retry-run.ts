import type { Failure } from '../failure.ts';
import { failureIn } from '../run/apply.ts';
import type { EventOf, PlacedEvent, RunEvent } from '../run/event.ts';
import { COMPENSATION_PREFIX, effective } from '../run/replay.ts';

/**
 * The event that opens a closed run again: which failure is taken back, and until when the run has time now
 * (as long as it had from its start to its deadline).
 * @param now - store time in ms.
 */
export function retriedEvent(history: readonly PlacedEvent[], now: number): EventOf<'retried'> {
  const retried: EventOf<'retried'> = { type: 'retried', cut: failurePoint(effective(history)).seq };
  const first = history[0];
  if (first?.event.type !== 'started' || first.event.deadlineAt === undefined) return retried;
  const { deadlineAt, startAt = first.at } = first.event;
  return { ...retried, deadlineAt: Math.ceil(now + deadlineAt - startAt) };
}

/**
 * The name of a compensation that has run, if one has: its steps count as done in history, and going on from
 * there would ship what was refunded.
 */
export function undoneIn(history: readonly PlacedEvent[]): string | undefined {
  for (const { event } of effective(history)) {
    if (event.type !== 'step-completed' || !event.name.startsWith(COMPENSATION_PREFIX)) continue;
    return event.name.slice(COMPENSATION_PREFIX.length);
  }
  return undefined;
}

/** How often somebody has opened the run again after it had closed. */
export function retriesIn(history: readonly PlacedEvent[]): number {
  let retries = 0;
  for (const { event } of history) if (event.type === 'retried') retries++;
  return retries;
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
