import { askAgain } from '../../core/locks/ask.ts';
import type { Beginning, PlacedEvent } from '../../core/run/event.ts';
import { Execution } from '../../core/run/execution.ts';
import { restoreProgram, startProgram } from '../../core/workflow/program.ts';
import type { AnyWorkflow } from '../../core/workflow/workflow.ts';
import type { OwnedRun } from '../../store/port/store.ts';
import type { Engine } from '../engine.ts';

/** Makes the execution of a stored run: the program runs again from its history and stands where it stood. */
export async function revive(
  engine: Engine,
  workflow: AnyWorkflow,
  row: OwnedRun,
  history: readonly PlacedEvent[],
): Promise<Execution> {
  const { runId } = row;
  const execution = await restoreProgram(
    workflow,
    { runId, history },
    {
      execution: engine.executionPorts,
      program: engine.programPorts,
      foreignUse: (of) => engine.foreignUse(of),
    },
  );
  engine.ports.crashPoint('turn.after-replay');
  if (execution.standing.kind === 'blocked') {
    execution.events = [];
    execution.locks = [];
  } else if (execution.retries > 0) askAgain(execution);
  return execution;
}

/** Makes the execution of a run that has just been started here: there is no history to feed. */
export function begin(
  engine: Engine,
  workflow: AnyWorkflow,
  runId: string,
  { event: started, at }: Beginning,
): Execution {
  const execution = new Execution(runId, started, at, engine.executionPorts);
  execution.onForeignUse = () => engine.foreignUse(execution);
  execution.active = true;
  startProgram(execution, workflow, engine.programPorts);
  return execution;
}
