import { decodeChunk } from '../../core/run/chunk.ts';
import type { EventOf, PlacedEvent, RunEvent, StartedEvent } from '../../core/run/event.ts';
import { effective } from '../../core/run/replay.ts';
import type { ClosedStatus } from '../../core/status.ts';
import type { HistoryChunk } from '../../store/port/store.ts';
import { violated } from './violation.ts';

/** What a history has said so far, as far as its grammar needs it. */
export interface HistoryState {
  readonly runId: string;
  events: PlacedEvent[];
  started: (StartedEvent & { payload?: string | undefined }) | undefined;
  end: ClosedStatus | undefined;
  /** Ordinal → last attempt that failed with a retry to follow, and when that may begin. */
  retrying: Map<number, { attempt: number; retryAt: number }>;
  /** Ordinals that have an outcome. */
  done: Set<number>;
  /** Attempts that were given away. */
  placed: Set<string>;
  timers: Map<number, number>;
  children: Map<number, string>;
  recorded: Set<number>;
  signals: Set<string>;
  updates: Map<string, boolean>;
  cancelled: boolean;
}

export function emptyHistory(runId: string): HistoryState {
  return { runId, events: [], ...blank() };
}

function blank(): Omit<HistoryState, 'runId' | 'events'> {
  return {
    started: undefined,
    end: undefined,
    retrying: new Map(),
    done: new Set(),
    placed: new Set(),
    timers: new Map(),
    children: new Map(),
    recorded: new Set(),
    signals: new Set(),
    updates: new Map(),
    cancelled: false,
  };
}

/**
 * Adds a chunk and checks that the history still makes sense: no gaps, one start, at most one outcome per command, at
 * most one end and nothing after it.
 * @param sentAt - store time at which the plan with this chunk left its engine.
 */
export function addChunk(state: HistoryState, chunk: HistoryChunk, sentAt: number): RunEvent[] {
  const { runId } = state;
  if (chunk.seq !== state.events.length) {
    violated(
      'history gap',
      `run ${runId} has ${state.events.length} events, its next chunk is at ${chunk.seq}`,
    );
  }
  const placed = decodeChunk(chunk.seq, chunk.data);
  if (placed.length !== chunk.count) {
    violated(
      'history count',
      `chunk ${chunk.seq} of run ${runId} holds ${placed.length} events, says ${chunk.count}`,
    );
  }
  for (const event of placed) {
    // The header's time is cut to whole milliseconds, and the store's clock is too.
    if (event.at > sentAt && event.seq > 0)
      violated('event from the future', `${event.at} > ${sentAt} in run ${runId}`);
    state.events.push(event);
    if (event.event.type === 'retried') retake(state);
    else addEvent(state, event.event, sentAt);
  }
  return placed.map(({ event }) => event);
}

/** A retry takes things back: what counts is read again from the beginning. */
function retake(state: HistoryState): void {
  if (state.end === undefined) violated('retry of an open run', `run ${state.runId}`);
  Object.assign(state, blank());
  for (const { event } of effective(state.events)) addEvent(state, event, Number.POSITIVE_INFINITY);
}

function addEvent(state: HistoryState, event: RunEvent, sentAt: number): void {
  const { runId } = state;
  const where = `${event.type} in run ${runId}`;
  if (state.end !== undefined) violated('event after the end', `${where}, which is ${state.end}`);
  if ((state.started === undefined) !== (event.type === 'started')) violated('history start', where);
  switch (event.type) {
    case 'started':
      state.started = event;
      for (const { id } of event.carried ?? []) once(state.signals, id, 'signal twice', where);
      return;
    case 'step-retrying':
      checkAttempt(state, event);
      state.retrying.set(event.ordinal, { attempt: event.attempt, retryAt: event.retryAt });
      return;
    case 'step-checkpoint':
      return checkAttempt(state, event);
    case 'step-placed':
      return checkPlaced(state, event);
    case 'step-completed':
    case 'step-failed':
      checkAttempt(state, event);
      return once(state.done, event.ordinal, 'second outcome', `${where}, "${event.name}"`);
    case 'timer-set':
      return setTimer(state, event.ordinal, event.fireAt);
    case 'timer-fired':
      checkFired(state, event.ordinal, sentAt);
      return once(state.done, event.ordinal, 'second outcome', `${where}, "${event.name}"`);
    case 'child-started':
      if (state.children.has(event.ordinal))
        violated('child started twice', `${where}, command ${event.ordinal}`);
      state.children.set(event.ordinal, event.runId);
      return;
    case 'lock-requested':
    case 'lock-granted':
    case 'lock-released':
      return addLockEvent(state, event);
    case 'child-closed':
      if (!state.children.has(event.ordinal)) violated('child unknown', `${where}, command ${event.ordinal}`);
      return once(state.done, event.ordinal, 'child closed twice', `${where}, command ${event.ordinal}`);
    case 'external-completed':
      return once(state.done, event.ordinal, 'second outcome', `${where}, "${event.name}"`);
    case 'signal-received':
      return once(state.signals, event.id, 'signal twice', `${where}, "${event.name}" ${event.id}`);
    case 'update-received':
    case 'update-replied':
      return addUpdate(state, event, where);
    case 'cancel-requested':
      if (state.cancelled) violated('cancelled twice', where);
      state.cancelled = true;
      return;
    case 'deadline-passed':
      if ((state.started?.deadlineAt ?? Infinity) > sentAt) violated('deadline early', where);
      return;
    case 'recorded':
    case 'published':
      return once(state.recorded, event.ordinal, 'recorded twice', `${where}, command ${event.ordinal}`);
    case 'completed':
    case 'failed':
    case 'cancelled':
    case 'timed-out':
    case 'continued':
      state.end = event.type;
      return;
    case 'patched':
    case 'blocked':
    case 'retried':
      return;
  }
}

function setTimer({ runId, timers }: HistoryState, ordinal: number, fireAt: number): void {
  if (timers.has(ordinal)) violated('timer set twice', `in run ${runId}, command ${ordinal}`);
  timers.set(ordinal, fireAt);
}

function addLockEvent(
  state: HistoryState,
  event: EventOf<'lock-requested' | 'lock-granted' | 'lock-released'>,
): void {
  const where = `${event.type} in run ${state.runId}, command ${event.ordinal}`;
  if (event.type === 'lock-granted') {
    if (!state.recorded.has(event.ordinal)) violated('lock unknown', where);
    return once(state.done, event.ordinal, 'second outcome', where);
  }
  once(state.recorded, event.ordinal, 'recorded twice', where);
  if (event.type === 'lock-requested' && event.fireAt !== undefined)
    setTimer(state, event.ordinal, event.fireAt);
}

function once<T>(seen: Set<T>, value: T, rule: string, where: string): void {
  if (seen.has(value)) violated(rule, where);
  seen.add(value);
}

function checkAttempt(
  state: HistoryState,
  event: { ordinal: number; name: string; attempt: number; type: string },
): void {
  const expected = (state.retrying.get(event.ordinal)?.attempt ?? 0) + 1;
  const where = `${event.type} of "${event.name}" in run ${state.runId}`;
  if (state.done.has(event.ordinal)) violated('second outcome', where);
  if (event.attempt !== expected)
    violated('attempt number', `${where} is ${event.attempt}, expected ${expected}`);
}

/** One attempt is given away once. */
function checkPlaced(state: HistoryState, event: EventOf<'step-placed'>): void {
  checkAttempt(state, event);
  const { ordinal, attempt } = event;
  once(state.placed, `${ordinal} ${attempt}`, 'placed twice', `attempt ${attempt} in run ${state.runId}`);
}

function addUpdate(
  { updates }: HistoryState,
  { id, type }: EventOf<'update-received' | 'update-replied'>,
  where: string,
): void {
  const replied = type === 'update-replied';
  if (replied && updates.get(id) !== false) violated('update reply', `${where}, ${id}`);
  if (!replied && updates.has(id)) violated('update twice', `${where}, ${id}`);
  updates.set(id, replied);
}

function checkFired(state: HistoryState, ordinal: number, sentAt: number): void {
  const fireAt = state.timers.get(ordinal);
  if (fireAt === undefined) violated('timer unknown', `command ${ordinal} of run ${state.runId}`);
  if (sentAt < fireAt) violated('timer early', `by ${fireAt - sentAt} ms in run ${state.runId}`);
}
