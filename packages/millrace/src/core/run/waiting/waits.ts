import type { Wait } from '../command.ts';
import type { RunEvent } from '../event.ts';
import type { Execution } from '../execution.ts';

/**
 * When the next timer of this run is due, in store time.
 * @param running - ordinals of steps whose attempt runs now: the pause before it is over.
 */
export function nextWakeAt(
  execution: Execution,
  running: { has(ordinal: number): boolean } = NOBODY,
): number | undefined {
  let earliest = execution.nextTimerAt;
  const { deadlineAt } = execution.started;
  if (execution.cancellation === undefined && isBefore(deadlineAt, earliest)) earliest = deadlineAt;
  for (const { ordinal, retryAt } of execution.pausingSteps) {
    if (!running.has(ordinal) && isBefore(retryAt, earliest)) earliest = retryAt;
  }
  return earliest;
}

const NOBODY: ReadonlySet<number> = new Set();

function isBefore(at: number | undefined, other: number | undefined): boolean {
  return at !== undefined && (other === undefined || at < other);
}

/**
 * The timers that are due at `storeTime`, earliest first. Retry pauses are no events: their steps become
 * ready.
 */
export function dueTimers(execution: Execution, storeTime: number): RunEvent[] {
  const events: RunEvent[] = execution
    .timersDue(storeTime)
    .map(({ ordinal, name }) => ({ type: 'timer-fired', ordinal, name }));
  const { deadlineAt } = execution.started;
  if (deadlineAt !== undefined && deadlineAt <= storeTime && execution.cancellation === undefined) {
    events.push({ type: 'deadline-passed' });
  }
  return events;
}

/** For whom or what the run waits, for `why`. */
export function waitsOf(execution: Execution): Wait[] {
  const waits: Wait[] = [];
  for (const pending of execution.pending.values()) {
    const { ordinal, name, fireAt: until } = pending;
    if (pending.kind === 'step') {
      const { attempt, taskRunId: runId } = pending;
      if (runId === undefined) waits.push({ kind: 'retry', name, ordinal, until: pending.retryAt, attempt });
      else waits.push({ kind: 'task', name, ordinal, until, runId, attempt });
    } else if (pending.kind === 'signal')
      waits.push({ kind: 'signal', name: pending.signal, ordinal, until });
    else if (pending.kind === 'child')
      waits.push({ kind: 'child', name, ordinal, until, runId: pending.runId });
    else if (pending.kind === 'lock') waits.push({ kind: 'lock', name: pending.lock, ordinal, until });
    else waits.push({ kind: pending.kind, name, ordinal, until });
    if (waits.length === WAITS_SHOWN) break;
  }
  return waits;
}

/** A fan-out waits for thousands; a person reads the first few. */
const WAITS_SHOWN = 20;
