import { apply } from './apply.ts';
import type { PlacedEvent, RunEvent } from './event.ts';
import type { Execution } from './execution.ts';

/**
 * What a program sees of a history: interventions are resolved. A `retried` event takes back the failure at its `cut`
 * (and every later end, cancel or compensation), so that what failed is tried again while all that succeeded stays.
 */
export function effective(history: readonly PlacedEvent[]): PlacedEvent[] {
  let events: PlacedEvent[] = [];
  for (const placed of history) {
    if (placed.event.type === 'retried') events = takeBack(events, placed.event.cut);
    else if (placed.event.type !== 'blocked') events.push(placed);
  }
  return events;
}

const ENDS = new Set<RunEvent['type']>(['completed', 'failed', 'cancelled', 'timed-out', 'cancel-requested', 'deadline-passed']);

function takeBack(events: readonly PlacedEvent[], cut: number): PlacedEvent[] {
  const firstUndone = events.find((placed) => placed.seq >= cut && isCompensation(placed.event));
  return events.filter(({ seq, event }) => {
    if (seq < cut) return true;
    if (seq === cut || ENDS.has(event.type)) return false;
    return firstUndone === undefined || seq < firstUndone.seq;
  });
}

/** Compensations are ordinary steps under a name that only they have. */
export const COMPENSATION_PREFIX = 'compensate ';

function isCompensation(event: RunEvent): boolean {
  return 'name' in event && 'ordinal' in event && event.name.startsWith(COMPENSATION_PREFIX);
}

const RECORDS = new Set<RunEvent['type']>(['timer-set', 'child-started', 'recorded', 'published']);

/**
 * Brings a fresh execution to where its history ends: the program runs again and is given what it was given then.
 * Afterwards `execution.standing` is `blocked` when the two disagree.
 * @param events - effective history after the `started` event.
 * @param start - calls the workflow function.
 */
export async function replay(
  execution: Execution,
  events: readonly PlacedEvent[],
  start: () => void,
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
  for (const { event, seq } of events) {
    if (execution.standing.kind === 'blocked') break;
    if (isRecord(event)) continue;
    apply(execution, event, seq);
    await execution.ports.drained();
  }
  execution.replaying = false;
  if (execution.standing.kind !== 'blocked') execution.checkUnclaimed();
  execution.active = false;
}

function isRecord(event: RunEvent): boolean {
  return RECORDS.has(event.type) || event.type === 'update-replied' || event.type === 'patched';
}
