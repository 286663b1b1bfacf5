import { effective } from '../run/replay.ts';
import type { EventOf, PlacedEvent, RunEvent } from '../run/event.ts';
import { decodeValue } from '../json.ts';
import type { ClosedStatus } from '../status.ts';
import { recordTry, stepAt, type StepOutcome } from './state/fold-step.ts';
import type {
  ArrivalState,
  ChildState,
  RunState,
  StepState,
  TimerState,
  UpdateState,
} from './state/state.ts';

type Draft = { -readonly [K in keyof RunState]: RunState[K] } & {
  signals: ArrivalState[];
  retriedAt: number[];
  published: Map<string, string>;
  byOrdinal: {
    steps: Map<number, StepState>;
    children: Map<number, ChildState>;
    timers: Map<number, TimerState>;
  };
  updatesById: Map<string, UpdateState>;
};

/**
 * Folds a whole history into what readers show. What a retry of the run took back counts no more; tries of
 * steps that were taken back stay visible as superseded.
 */
export function fold(history: readonly PlacedEvent[]): RunState {
  const draft = emptyDraft();
  const counting = new Set(effective(history).map(({ seq }) => seq));
  for (const placed of history) {
    const { event } = placed;
    draft.block = event.type === 'blocked' ? { at: placed.at, event } : undefined;
    if (event.type === 'retried') draft.retriedAt.push(placed.at);
    else if (counting.has(placed.seq)) apply(draft, placed);
    else if (isStepOutcome(event)) recordTry(draft.byOrdinal.steps, { ...placed, event }, true);
  }
  const { byOrdinal, updatesById, ...state } = draft;
  const steps = inOrder(byOrdinal.steps);
  if (state.end !== undefined) {
    byOrdinal.timers.clear();
    for (const step of steps)
      if (step.status === 'running' || step.status === 'retrying') {
        step.status = 'cancelled';
        step.taskRunId = undefined;
      }
  }
  return {
    ...state,
    steps,
    updates: [...updatesById.values()],
    children: inOrder(byOrdinal.children),
    timers: inOrder(byOrdinal.timers),
  };
}

function emptyDraft(): Draft {
  return {
    started: undefined,
    startedAt: undefined,
    input: undefined,
    steps: [],
    signals: [],
    updates: [],
    children: [],
    timers: [],
    published: new Map(),
    cancelRequest: undefined,
    deadlinePassedAt: undefined,
    block: undefined,
    retriedAt: [],
    end: undefined,
    byOrdinal: { steps: new Map(), children: new Map(), timers: new Map() },
    updatesById: new Map(),
  };
}

function inOrder<T extends { ordinal: number }>(byOrdinal: ReadonlyMap<number, T>): T[] {
  return [...byOrdinal.values()].toSorted((a, b) => a.ordinal - b.ordinal);
}

function isStepOutcome(event: RunEvent): event is StepOutcome {
  return event.type === 'step-completed' || event.type === 'step-failed' || event.type === 'step-retrying';
}

function apply(draft: Draft, placed: PlacedEvent): void {
  const { event, at } = placed;
  const { payload } = event;
  switch (event.type) {
    case 'started':
      draft.started = event;
      draft.startedAt = at;
      draft.input = payload;
      draft.signals = (event.carried ?? []).map((signal) => ({ ...signal, at }));
      return;
    case 'step-completed':
    case 'step-failed':
    case 'step-retrying':
    case 'step-checkpoint':
      return applyToStep(draft, { ...placed, event });
    case 'step-placed':
      return placeStep(draft, event, at);
    case 'timer-set':
      return setTimer(draft, event, at);
    case 'timer-fired':
      return fireTimer(draft, event, at);
    case 'child-started':
      draft.byOrdinal.children.set(event.ordinal, openChild(event, at));
      return;
    case 'child-closed':
      return closeChild(draft, event, at);
    case 'external-completed':
      draft.byOrdinal.timers.delete(event.ordinal);
      return;
    case 'signal-received':
      draft.signals.push({ id: event.id, name: event.name, at, payload });
      return endTimedWait(draft, event.name);
    case 'update-received':
      draft.updatesById.set(event.id, { id: event.id, name: event.name, at, payload, reply: undefined });
      return;
    case 'update-replied':
      return replyTo(draft, event, at);
    case 'published':
      draft.published.set(event.name.replace(OCCURRENCE, ''), payload ?? 'null');
      return;
    case 'cancel-requested':
      draft.cancelRequest = { at, reason: reasonOf(payload) };
      draft.byOrdinal.timers.clear();
      return;
    case 'deadline-passed':
      draft.deadlinePassedAt = at;
      draft.byOrdinal.timers.clear();
      return;
    case 'completed':
    case 'failed':
    case 'cancelled':
    case 'timed-out':
    case 'continued':
      draft.end = { status: event.type satisfies ClosedStatus, at, payload };
      return;
    case 'lock-requested':
    case 'lock-granted':
    case 'lock-released':
    case 'recorded':
    case 'patched':
    case 'blocked':
    case 'retried':
      return;
  }
}

/** Commands of one name are told apart by `#2`, `#3`, …; a published key means the same each time. */
const OCCURRENCE = /#\d+$/;

function reasonOf(payload: string | undefined): string | undefined {
  const reason = payload === undefined ? undefined : decodeValue(payload);
  return typeof reason === 'string' ? reason : undefined;
}

function applyToStep(
  draft: Draft,
  placed: PlacedEvent & { event: StepOutcome | EventOf<'step-checkpoint'> },
): void {
  const { event } = placed;
  const { steps, timers } = draft.byOrdinal;
  const step = stepAt(steps, event);
  step.startedAt ??= timers.get(event.ordinal)?.setAt;
  if (event.type === 'step-checkpoint') {
    step.checkpoint = event.payload;
    step.engine = placed.engine;
    return;
  }
  recordTry(steps, { ...placed, event }, false);
  if (event.type !== 'step-retrying') timers.delete(event.ordinal);
}

function placeStep(draft: Draft, event: EventOf<'step-placed'>, at: number): void {
  const step = stepAt(draft.byOrdinal.steps, event);
  step.startedAt ??= draft.byOrdinal.timers.get(event.ordinal)?.setAt ?? at;
  step.status = 'running';
  step.taskRunId = event.runId;
}

function setTimer({ byOrdinal }: Draft, event: EventOf<'timer-set'>, at: number): void {
  const { ordinal, name, fireAt } = event;
  byOrdinal.timers.set(ordinal, { ordinal, name, setAt: at, fireAt });
}

function fireTimer(draft: Draft, event: EventOf<'timer-fired'>, at: number): void {
  draft.byOrdinal.timers.delete(event.ordinal);
  const step = draft.byOrdinal.steps.get(event.ordinal);
  // By ordinal alone it may be one that a retry has taken back.
  if (step?.name !== event.name) return;
  step.status = 'timed-out';
  step.taskRunId = undefined;
  step.endedAt = at;
}

function openChild(event: EventOf<'child-started'>, at: number): ChildState {
  const { ordinal, name, runId, workflow, detached } = event;
  return {
    ordinal,
    name,
    runId,
    workflow,
    detached,
    startedAt: at,
    status: 'open',
    closedAt: undefined,
    payload: undefined,
  };
}

function closeChild(
  draft: Draft,
  event: EventOf<'child-closed'> & { payload?: string | undefined },
  at: number,
): void {
  const child = draft.byOrdinal.children.get(event.ordinal);
  if (child === undefined) return;
  child.status = event.status;
  child.closedAt = at;
  child.payload = event.payload;
}

function endTimedWait(draft: Draft, signal: string): void {
  const { steps, timers } = draft.byOrdinal;
  for (const { ordinal, name } of timers.values()) {
    if (name.replace(OCCURRENCE, '') !== signal || steps.get(ordinal)?.name === name) continue;
    timers.delete(ordinal);
    return;
  }
}

function replyTo(
  draft: Draft,
  event: EventOf<'update-replied'> & { payload?: string | undefined },
  at: number,
): void {
  const update = draft.updatesById.get(event.id);
  if (update !== undefined) update.reply = { ok: event.ok, at, payload: event.payload };
}
