import type { EventOf, PlacedEvent } from '../../run/event.ts';
import type { StepState } from './state.ts';

export type StepOutcome = EventOf<'step-completed' | 'step-failed' | 'step-retrying'>;

/** The step that an event is about; made at its first trace. */
export function stepAt(steps: Map<number, StepState>, event: { ordinal: number; name: string }): StepState {
  const known = steps.get(event.ordinal);
  // After a retry of the run a command number may be given to another command: the old one has nothing left
  // to show.
  if (known?.name === event.name) return reviveStep(known);
  const step: StepState = {
    ordinal: event.ordinal,
    name: event.name,
    status: 'running',
    attempts: 0,
    startedAt: undefined,
    endedAt: undefined,
    engine: undefined,
    output: undefined,
    error: undefined,
    checkpoint: undefined,
    taskRunId: undefined,
    tries: [],
  };
  steps.set(event.ordinal, step);
  return step;
}

function reviveStep(step: StepState): StepState {
  if (step.status === 'superseded') step.status = 'running';
  return step;
}

/** Adds an attempt to its step. A superseded one is only listed. */
export function recordTry(
  steps: Map<number, StepState>,
  placed: PlacedEvent & { event: StepOutcome },
  superseded: boolean,
): void {
  const { event, at } = placed;
  const { payload, engine = placed.engine } = event;
  const retryAt = event.type === 'step-retrying' ? event.retryAt : undefined;
  const step = stepAt(steps, event);
  step.tries.push({
    attempt: event.attempt,
    outcome: OUTCOME[event.type],
    at,
    engine,
    payload,
    retryAt,
    superseded,
  });
  if (superseded) {
    step.status = step.attempts === 0 ? 'superseded' : step.status;
    return;
  }
  step.attempts++;
  step.taskRunId = undefined;
  step.engine = engine;
  step.status = OUTCOME[event.type];
  step.endedAt = event.type === 'step-retrying' ? undefined : at;
  step.output = event.type === 'step-completed' ? payload : undefined;
  step.error = event.type === 'step-completed' ? undefined : payload;
}

const OUTCOME = {
  'step-completed': 'completed',
  'step-failed': 'failed',
  'step-retrying': 'retrying',
} as const satisfies Record<StepOutcome['type'], StepState['status']>;
