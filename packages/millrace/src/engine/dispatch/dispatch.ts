import { CancelledError } from '../../core/errors.ts';
import type { StepCommand } from '../../core/run/command.ts';
import type { Engine } from '../engine.ts';
import type { Instance } from '../instance.ts';
import { Attempt } from './attempt.ts';
import { placeElsewhere } from './place.ts';

/**
 * Starts the steps that a turn made ready; those in a retry pause wait for their timer.
 * @param here - those of which it is decided that they are made here.
 */
export function dispatch(
  engine: Engine,
  instance: Instance,
  steps: readonly StepCommand[],
  here: ReadonlySet<StepCommand>,
): void {
  if (steps.length === 0) return;
  const now = engine.clock.lower();
  for (const step of steps) {
    if (instance.execution.pending.get(step.ordinal) === step)
      dispatchStep(engine, instance, step, { now, stays: here.has(step) });
  }
}

/** Starts whatever is due and not running: after a wake, when nobody remembers which steps were ready. */
export function dispatchDue(engine: Engine, instance: Instance, now: number): void {
  for (const pending of instance.execution.pending.values()) {
    if (pending.kind === 'step') dispatchStep(engine, instance, pending, { now, stays: false });
  }
}

function dispatchStep(
  engine: Engine,
  instance: Instance,
  step: StepCommand,
  { now, stays }: { now: number; stays: boolean },
): void {
  if (instance.attempts.has(step.ordinal) || step.taskRunId !== undefined || (step.retryAt ?? 0) > now)
    return;
  if (step.work.kind === 'transaction') {
    if (!instance.transactions.includes(step)) instance.transactions.push(step);
    return;
  }
  const placed = stays ? undefined : placeElsewhere(engine, instance, step);
  if (placed !== undefined) return void instance.arrivals.push(placed);
  const attempt = new Attempt(engine, instance, step);
  instance.attempts.set(step.ordinal, attempt);
  engine.runStep(attempt);
}

/** Tells attempts whose result is not wanted to stop. */
export function abandonAttempts(instance: Instance, ordinals: readonly number[]): void {
  for (const ordinal of ordinals) {
    const reason = instance.execution.cancellation ?? new CancelledError('the step timed out');
    instance.attempts.get(ordinal)?.abort(reason);
  }
}

/** Tells every attempt of a run to stop. */
export function abortAttempts(instance: Instance, reason: string): void {
  for (const attempt of [...instance.attempts.values()]) attempt.abort(new CancelledError(reason));
  instance.transactions = [];
}
