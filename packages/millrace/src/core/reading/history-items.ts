import { decodeValue } from '../json.ts';
import { decodeChunk } from '../run/chunk.ts';
import type { EventType, PlacedEvent, RunEvent } from '../run/event.ts';
import { isUnreadable, type UnreadableError } from '../payload/unreadable.ts';
import { describeError } from './describe-error.ts';
import { instant } from './instant.ts';
import type { ReadableChunk } from './readable-run.ts';

/** One line of a run's history as every surface shows it. */
export interface HistoryItem {
  /** Position in the history, from 0. */
  readonly seq: number;
  readonly type: EventType;
  /** ISO 8601, store time. */
  readonly at: string;
  /** Of the step, signal, timer, child, … that it is about. */
  readonly name?: string;
  /** From 1. */
  readonly attempt?: number;
  /** Name of the engine that recorded it. */
  readonly engineId?: string;
  /**
   * What else the event says; its value under `input`, `output`, `error`, `payload`, `value`, `reason` or
   * `mismatch`.
   */
  readonly data?: Readonly<Record<string, unknown>>;
}

/** The events of stored chunks, in order. */
export function placedEvents(chunks: readonly ReadableChunk[]): PlacedEvent[] {
  return chunks.flatMap(({ seq, data }) => decodeChunk(seq, data));
}

/** The events of stored chunks; or none, and why, where they cannot be opened with the keys that are here. */
export function eventsIn(chunks: readonly ReadableChunk[]): {
  history: readonly PlacedEvent[];
  unreadable?: UnreadableError;
} {
  try {
    return { history: placedEvents(chunks) };
  } catch (error) {
    if (isUnreadable(error)) return { history: [], unreadable: error };
    throw error;
  }
}

/** Stored chunks as lines of history. */
export function historyItems(chunks: readonly ReadableChunk[]): HistoryItem[] {
  return placedEvents(chunks).map(historyItem);
}

/** An event as a line of history. */
export function historyItem({ seq, at, engine, event }: PlacedEvent): HistoryItem {
  const data = dataOf(event);
  return {
    seq,
    type: event.type,
    at: instant(at),
    ...('name' in event ? { name: event.name } : {}),
    ...('attempt' in event ? { attempt: event.attempt } : {}),
    engineId: engine,
    ...(Object.keys(data).length === 0 ? {} : { data }),
  };
}

const SHOWN_ELSEWHERE: ReadonlySet<string> = new Set([
  ...(['type', 'name', 'attempt', 'payload', 'carried'] as const),
  // How the engine tells repeats apart; nothing that happened.
  ...(['seen', 'fingerprint'] as const),
]);

function dataOf(event: RunEvent): Record<string, unknown> {
  const data: Record<string, unknown> = {};
  for (const [field, value] of Object.entries(event)) {
    if (SHOWN_ELSEWHERE.has(field) || value === undefined) continue;
    data[field] = field.endsWith('At') ? instant(value as number) : value;
  }
  if (event.type === 'started' && event.carried !== undefined) {
    data['carried'] = event.carried.map(({ id, name, payload }) => ({
      id,
      name,
      payload: decodeValue(payload),
    }));
  }
  const field = fieldOfPayload(event);
  if (field === 'error') data['error'] = describeError(event.payload);
  else if (event.payload !== undefined) data[field] = decodeValue(event.payload);
  return data;
}

/** Under which name an event's value is shown; `error` where the payload is a stored failure. */
function fieldOfPayload(event: RunEvent): string {
  switch (event.type) {
    case 'started':
    case 'update-received':
    case 'continued':
      return 'input';
    case 'step-completed':
    case 'completed':
      return 'output';
    case 'step-failed':
    case 'step-retrying':
    case 'failed':
    case 'cancelled':
    case 'timed-out':
      return 'error';
    case 'child-closed':
      return event.status === 'completed' ? 'output' : 'error';
    case 'external-completed':
    case 'update-replied':
      return event.ok ? 'output' : 'error';
    case 'signal-received':
      return 'payload';
    case 'cancel-requested':
      return 'reason';
    case 'blocked':
      return 'mismatch';
    case 'step-checkpoint':
    case 'step-placed':
    case 'recorded':
    case 'published':
    case 'timer-fired':
    case 'timer-set':
    case 'child-started':
    case 'lock-requested':
    case 'lock-granted':
    case 'lock-released':
    case 'patched':
    case 'deadline-passed':
    case 'retried':
      return 'value';
  }
}
