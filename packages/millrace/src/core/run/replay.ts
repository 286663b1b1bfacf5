import { apply } from './apply.ts';
import type { StepCommand } from './command.ts';
import type { EventOf, PlacedEvent, RunEvent } from './event.ts';
import type { Execution } from './execution.ts';

/**
 * What a program sees of a history: interventions are resolved. A `retried` event takes back the failure at
 * its `cut`, every end after it, and what belongs to commands that were given only because of it
 * (compensations among them), so that what failed is tried again while all else that succeeded stays. One that says `from`
 * takes back that command and all that were given after it: none of them has a say in how the program came there.
 * Attempts elsewhere that had no outcome ended with the run: they are made again.
 */
export function effective(history: readonly PlacedEvent[]): PlacedEvent[] {
  let events: PlacedEvent[] = [];
  for (const placed of history) {
    if (placed.event.type === 'retried') events = takeBack(events, placed.event);
    else if (placed.event.type !== 'blocked') events.push(placed);
  }
  return events;
}

const ENDS = new Set<RunEvent['type']>([
  ...(['completed', 'failed', 'cancelled', 'timed-out', 'cancel-requested', 'deadline-passed'] as const),
]);

function takeBack(events: readonly PlacedEvent[], retried: EventOf<'retried'>): PlacedEvent[] {
  const { deadlineAt } = retried;
  const left = withoutLostTasks(
    retried.from === undefined
      ? withoutFailure(events, retried.cut)
      : before(events, retried.from, retried.cut),
  );
  const [first, ...rest] = left;
  if (first?.event.type !== 'started' || deadlineAt === undefined) return left;
  return [{ ...first, event: { ...first.event, deadlineAt } }, ...rest];
}

function withoutFailure(events: readonly PlacedEvent[], cut: number): PlacedEvent[] {
  const failure = events.find(({ seq }) => seq === cut)?.event;
  const given = failure !== undefined && 'given' in failure ? (failure.given ?? Infinity) : Infinity;
  return events.filter(({ seq, event }) => {
    if (seq < cut) return true;
    if (seq === cut || ENDS.has(event.type)) return false;
    return !('ordinal' in event) || event.ordinal < given;
  });
}

/** What was sent to the run stays, and what it has answered while nothing had come yet of what is taken back. */
function before(events: readonly PlacedEvent[], from: number, cut: number): PlacedEvent[] {
  return events.filter(({ seq, event }) => {
    if (ENDS.has(event.type)) return false;
    if ('ordinal' in event) return event.ordinal < from;
    return seq < cut || !ANSWERS.has(event.type);
  });
}

const ANSWERS = new Set<RunEvent['type']>(['update-replied', 'patched']);

function withoutLostTasks(events: readonly PlacedEvent[]): PlacedEvent[] {
  const tried = new Set<string>();
  for (const { event } of events) {
    if (OUTCOMES.has(event.type) && 'attempt' in event) tried.add(`${event.ordinal} ${event.attempt}`);
  }
  return events.filter(
    ({ event }) => event.type !== 'step-placed' || tried.has(`${event.ordinal} ${event.attempt}`),
  );
}

const OUTCOMES = new Set<RunEvent['type']>(['step-completed', 'step-failed', 'step-retrying']);

/** Compensations are ordinary steps under names that no other step may have. */
export const COMPENSATION_PREFIX = 'compensate ';

const RECORDS = new Set<RunEvent['type']>([
  ...(['timer-set', 'child-started', 'lock-requested', 'lock-released', 'recorded', 'published'] as const),
]);

/**
 * Brings a fresh execution to where its history ends: the program runs again and is given what it was given
 * then. Afterwards `execution.standing` is `blocked` when the two disagree.
 * @param events - effective history after the `started` event.
 * @param start - calls the workflow function.
 * @param observe - hears of each event before it acts.
 */
export async function replay(
  execution: Execution,
  events: readonly PlacedEvent[],
  start: () => void,
  observe?: (placed: PlacedEvent) => void,
): Promise<void> {
  const records = new Map<number | string, PlacedEvent>();
  const patches: string[] = [];
  for (const placed of events) {
    const { event } = placed;
    if (RECORDS.has(event.type)) records.set((event as RunEvent & { ordinal: number }).ordinal, placed);
    if (event.type === 'update-replied') records.set(`update:${event.id}`, placed);
    if (event.type === 'patched') patches.push(event.name);
  }
  execution.expect(records, patches);
  execution.replaying = events.length > 0;
  execution.active = true;
  start();
  await execution.ports.drained();
  for (const placed of events) {
    const { event, seq } = placed;
    if (execution.standing.kind === 'blocked') break;
    observe?.(placed);
    if (isRecord(event)) continue;
    apply(execution, event, seq);
    await execution.ports.drained();
  }
  execution.replaying = false;
  // Each once: a step was made ready by its command, and again by each retry.
  execution.readySteps = [...execution.pending.values()].filter(
    (pending): pending is StepCommand => pending.kind === 'step' && pending.taskRunId === undefined,
  );
  // Whoever recorded that they are not wanted has told them.
  execution.unwantedTasks = [];
  if (execution.standing.kind !== 'blocked') execution.checkUnclaimed();
  execution.active = false;
}

function isRecord(event: RunEvent): boolean {
  return RECORDS.has(event.type) || event.type === 'update-replied' || event.type === 'patched';
}
