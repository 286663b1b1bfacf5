import { MillraceError, show } from '../errors.ts';
import type { Failure } from '../failure.ts';
import { failureIn } from '../run/apply.ts';
import type { EventOf, PlacedEvent, RunEvent } from '../run/event.ts';
import { COMPENSATION_PREFIX, effective } from '../run/replay.ts';

/**
 * The event that opens a closed run again: which failure is taken back, and until when the run has time now
 * (as long as it had from its start to its deadline).
 * @param now - store time in ms.
 * @param step - from which on all is done again, as its name stands in the history; undefined: only what failed is.
 * @throws STEP_NOT_FOUND.
 */
export function retriedEvent(
  history: readonly PlacedEvent[],
  now: number,
  step?: string,
): EventOf<'retried'> {
  const events = effective(history);
  const retried: EventOf<'retried'> =
    step === undefined
      ? { type: 'retried', cut: failurePoint(events).seq }
      : { type: 'retried', ...placeOf(events, step) };
  const first = history[0];
  if (first?.event.type !== 'started' || first.event.deadlineAt === undefined) return retried;
  const { deadlineAt, startAt = first.at } = first.event;
  return { ...retried, deadlineAt: Math.ceil(now + deadlineAt - startAt) };
}

/**
 * The command of this name, of a node its first item's, and the first event of it or of what was given after it. A cancel is
 * taken back with it, so that what was given because of the cancel is, too.
 */
function placeOf(events: readonly PlacedEvent[], step: string): { cut: number; from: number } {
  const given = events.filter((placed): placed is Given => 'ordinal' in placed.event);
  const named = given.filter(({ event: { name } }) => name === step || name.startsWith(`${step}[`));
  if (named.length === 0) throw noStep(step, given);
  const ends = events.flatMap(({ event }) =>
    event.type === 'cancel-requested' || event.type === 'deadline-passed' ? [event.given ?? Infinity] : [],
  );
  const from = Math.min(...named.map(({ event }) => event.ordinal), ...ends);
  const cut = Math.min(...given.filter(({ event }) => event.ordinal >= from).map(({ seq }) => seq));
  return { cut, from };
}

type Given = PlacedEvent & { readonly event: { readonly ordinal: number; readonly name: string } };

const MOST_NAMED = 20;

function noStep(step: string, given: readonly Given[]): MillraceError {
  const names = [...new Set(given.map(({ event }) => event.name))];
  const others = names.length > MOST_NAMED ? [...names.slice(0, MOST_NAMED), '…'] : names;
  return new MillraceError('STEP_NOT_FOUND', `nothing is recorded of a step ${show(step)} of the run`, {
    remedy: others.length === 0 ? 'Retry without a step.' : `Recorded are ${others.join(', ')}.`,
    details: { step },
  });
}

/**
 * Children that the run waited for and has not seen end, and that would be started anew: their runIds.
 * @param step - as for `retriedEvent`.
 */
export function leftBehind(history: readonly PlacedEvent[], step: string): string[] {
  const events = effective(history);
  const { from } = placeOf(events, step);
  const ended = new Set(
    events.flatMap(({ event }) => (event.type === 'child-closed' ? [event.ordinal] : [])),
  );
  return events.flatMap(({ event }) =>
    event.type === 'child-started' && event.ordinal >= from && !event.detached && !ended.has(event.ordinal)
      ? [event.runId]
      : [],
  );
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

/** The commands from which on retries did all again, in order. */
export function doneAgainIn(history: readonly PlacedEvent[]): number[] {
  return history.flatMap(({ event }) =>
    event.type === 'retried' && event.from !== undefined ? [event.from] : [],
  );
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
