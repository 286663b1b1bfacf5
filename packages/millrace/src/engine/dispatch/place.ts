import type { ExecutorWork, StepCommand } from '../../core/run/command.ts';
import type { Engine } from '../engine.ts';
import type { Instance } from '../instance.ts';

/**
 * Chooses where an attempt is made of a call whose executor is here: by this engine, or by whichever takes it from
 * the queue.
 */
export type PlaceTask = (work: ExecutorWork) => 'inline' | 'queued';

/** True when the attempt is given away: the plan of the turn that takes the arrival starts the task (T1). */
export function placeElsewhere(engine: Engine, instance: Instance, step: StepCommand): boolean {
  const { work, ordinal, name, attempt } = step;
  if (work.kind !== 'executor') return false;
  if (engine.executors.has(work.executor) && engine.placeTask(work) === 'inline') return false;
  const runId = engine.executionPorts.runId(instance.runId);
  instance.arrivals.push({ type: 'step-placed', ordinal, name, attempt, runId });
  return true;
}
