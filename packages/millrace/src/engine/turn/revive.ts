import { askAgain } from '../../core/locks/ask.ts';
import { retriesIn } from '../../core/policy/retry-run.ts';
import type { Beginning, PlacedEvent, StartedEvent } from '../../core/run/event.ts';
import { Execution } from '../../core/run/execution.ts';
import { effective, replay } from '../../core/run/replay.ts';
import { startProgram } from '../../core/workflow/program.ts';
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
  const [first, ...rest] = effective(history);
  if (first?.event.type !== 'started')
    throw new Error(`history of run ${row.runId} does not begin with its start`);
  const execution = prepare(engine, row.runId, first.event, first.at);
  execution.retries = retriesIn(history);
  const input = first.event.payload ?? 'null';
  await replay(execution, rest, () => startProgram(execution, workflow, input, engine.programPorts));
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
  const execution = prepare(engine, runId, started, at);
  execution.active = true;
  startProgram(execution, workflow, started.payload ?? 'null', engine.programPorts);
  return execution;
}

function prepare(engine: Engine, runId: string, started: StartedEvent, startedAt: number): Execution {
  const execution = new Execution(runId, started, startedAt, engine.executionPorts);
  execution.onForeignUse = () => engine.foreignUse(execution);
  return execution;
}
