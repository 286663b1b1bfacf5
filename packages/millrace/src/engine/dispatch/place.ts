import { carriesAll, traitsOf } from '../../core/cluster/demands.ts';
import type { ExecutorWork, StepCommand } from '../../core/run/command.ts';
import type { Engine } from '../engine.ts';
import type { Instance } from '../instance.ts';

/**
 * Chooses where an attempt is made of a call that may be made here: by this engine, or by whichever takes it from
 * the queue.
 */
export type PlaceTask = (work: ExecutorWork) => 'inline' | 'queued';

/** A call that names another queue than its run's goes through that: its order and its limits hold for it. */
function mayStay(engine: Engine, { row }: Instance, { executor, place }: ExecutorWork): boolean {
  if (!engine.executors.has(executor) || (place.queue ?? row.queue) !== row.queue) return false;
  return carriesAll(engine.traits, traitsOf({ labels: place.requires, region: place.region }));
}

/** True when the attempt is given away: the plan of the turn that takes the arrival starts the task (T1). */
export function placeElsewhere(engine: Engine, instance: Instance, step: StepCommand): boolean {
  const { work, ordinal, name, attempt } = step;
  if (work.kind !== 'executor') return false;
  if (mayStay(engine, instance, work) && engine.placeTask(work) === 'inline') return false;
  const runId = engine.executionPorts.runId(instance.runId);
  instance.arrivals.push({ type: 'step-placed', ordinal, name, attempt, runId });
  return true;
}
