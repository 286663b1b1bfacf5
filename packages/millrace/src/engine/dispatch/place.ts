import { carriesAll, traitsOf } from '../../core/cluster/demands.ts';
import type { ExecutorWork, StepCommand } from '../../core/run/command.ts';
import type { EventOf } from '../../core/run/event.ts';
import { recordPlaced, type Turn } from '../../core/run/turn.ts';
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

/** That the next attempt is made elsewhere, unless it is made here. The plan that records it starts the task (T1). */
export function placeElsewhere(
  engine: Engine,
  instance: Instance,
  step: StepCommand,
): EventOf<'step-placed'> | undefined {
  const { work, ordinal, name, attempt } = step;
  if (work.kind !== 'executor') return undefined;
  const task = taskOf(instance, work);
  const place = engine.placeTask(task);
  if (place === 'self' && mayStay(engine, instance, task)) return undefined;
  const runId = engine.executionPorts.runId(instance.runId);
  if (typeof place === 'object') (instance.placements ??= new Map()).set(runId, place);
  return { type: 'step-placed', ordinal, name, attempt, runId };
}

const NONE: ReadonlySet<StepCommand> = new Set();

/**
 * Gives away, with the turn that made them ready, the attempts that others shall make: they begin one commit earlier
 * than if each went its way once the turn is durable. Returns those whose place is here.
 */
export function placeReady(engine: Engine, instance: Instance, turn: Turn): ReadonlySet<StepCommand> {
  if (turn.standing.kind !== 'open' || engine.isDraining()) return NONE;
  const { execution } = instance;
  const now = engine.clock.lower();
  let here: Set<StepCommand> | undefined;
  for (const step of turn.readySteps) {
    if (step.work.kind !== 'executor' || (step.retryAt ?? 0) > now) continue;
    if (execution.pending.get(step.ordinal) !== step) continue;
    const placed = placeElsewhere(engine, instance, step);
    if (placed === undefined) (here ??= new Set()).add(step);
    else recordPlaced(execution, turn, placed);
  }
  return here ?? NONE;
}
