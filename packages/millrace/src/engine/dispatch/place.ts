import { carriesAll, traitsOf } from '../../core/cluster/demands.ts';
import type { ExecutorWork, StepCommand } from '../../core/run/command.ts';
import type { Engine } from '../engine.ts';
import type { Instance } from '../instance.ts';

/** What a call asks of the engine that makes it, as placement speaks of it. */
function taskOf({ row }: Instance, { executor, place }: ExecutorWork) {
  const { requires: labels, region, affinity, queue = row.queue } = place;
  const { namespace } = row;
  return { executor, namespace, queue, requires: traitsOf({ labels, region }), region, affinity };
}

/** A call that names another queue than its run's goes through that: its order and its limits hold for it. */
function mayStay(
  engine: Engine,
  { row }: Instance,
  { executor, queue, requires }: ReturnType<typeof taskOf>,
) {
  return engine.executors.has(executor) && queue === row.queue && carriesAll(engine.traits, requires);
}

/** True when the attempt is given away: the plan of the turn that takes the arrival starts the task (T1). */
export function placeElsewhere(engine: Engine, instance: Instance, step: StepCommand): boolean {
  const { work, ordinal, name, attempt } = step;
  if (work.kind !== 'executor') return false;
  const task = taskOf(instance, work);
  const place = engine.placeTask(task);
  if (place === 'self' && mayStay(engine, instance, task)) return false;
  const runId = engine.executionPorts.runId(instance.runId);
  if (typeof place === 'object') (instance.placements ??= new Map()).set(runId, place);
  instance.arrivals.push({ type: 'step-placed', ordinal, name, attempt, runId });
  return true;
}
