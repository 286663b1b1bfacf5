import { isMillraceError } from '../errors.ts';
import { failureOf } from '../failure.ts';
import { decodeValue } from '../json.ts';
import { doneAgainIn, retriesIn } from '../policy/retry-run.ts';
import type { StepPolicy } from '../run/command.ts';
import type { PlacedEvent } from '../run/event.ts';
import { Execution, type ExecutionPorts } from '../run/execution.ts';
import { encodeFailure } from '../run/outcome.ts';
import { effective, replay } from '../run/replay.ts';
import { bindContext, type Compensation } from './bind-context.ts';
import type { AnyWorkflow } from './workflow.ts';

/** What running a program needs besides its execution. */
export interface ProgramPorts {
  /** Of steps that say nothing themselves. */
  readonly defaultStep: StepPolicy;
  /** How long a lock is held that says nothing itself, ms. */
  readonly lockMs: number;
}

/** A run as it is stored. */
export interface StoredRun {
  readonly runId: string;
  /** Whole and in order. */
  readonly history: readonly PlacedEvent[];
}

/** What bringing a run back needs. */
export interface RestorePorts {
  readonly execution: ExecutionPorts;
  readonly program: ProgramPorts;
  /** The program gave a command while it was not its turn. */
  readonly foreignUse?: (execution: Execution) => void;
  /** Hears of each event that counts, before it acts on the program. */
  readonly observe?: ((placed: PlacedEvent) => void) | undefined;
}

/** Makes the execution of a stored run: the program runs again from its history and stands where it stood. */
export async function restoreProgram(
  workflow: AnyWorkflow,
  { runId, history }: StoredRun,
  ports: RestorePorts,
): Promise<Execution> {
  const [first, ...rest] = effective(history);
  if (first?.event.type !== 'started')
    throw new Error(`history of run ${runId} does not begin with its start`);
  const execution = new Execution(runId, first.event, first.at, ports.execution);
  const { foreignUse } = ports;
  if (foreignUse !== undefined) execution.onForeignUse = () => foreignUse(execution);
  execution.retries = retriesIn(history);
  execution.doneAgainFrom = doneAgainIn(history);
  ports.observe?.(first);
  const start = (): void => startProgram(execution, workflow, ports.program);
  await replay(execution, rest, start, ports.observe);
  return execution;
}

/**
 * Calls the workflow function with the run's input; when it ends, so does the execution: with its output, or with its
 * error after the compensations have run in reverse order.
 */
export function startProgram(execution: Execution, workflow: AnyWorkflow, ports: ProgramPorts): void {
  void play(execution, workflow, ports);
}

async function play(execution: Execution, workflow: AnyWorkflow, ports: ProgramPorts): Promise<void> {
  const { payload: input = 'null' } = execution.started;
  const compensations: Compensation[] = [];
  const ctx = bindContext(execution, compensations, ports);
  let payload: string;
  try {
    const output: unknown = await workflow.run(ctx, decodeValue(input));
    payload = execution.ports.encode(output, `output of workflow "${workflow.name}"`);
  } catch (thrown) {
    const error = unwrap(thrown, execution.cancellation);
    const undone = await compensate(execution, compensations, error);
    return end(execution, { kind: endOf(execution, error), payload: encodeFailure(undone) });
  }
  end(execution, { kind: 'completed', payload });
}

function end(execution: Execution, standing: Execution['standing']): void {
  if (!execution.active) return execution.onForeignUse();
  if (execution.standing.kind === 'open') execution.standing = standing;
}

function endOf(execution: Execution, error: unknown): 'failed' | 'cancelled' | 'timed-out' {
  if (execution.cancellation === undefined) return 'failed';
  if (isMillraceError(error, 'RUN_TIMED_OUT')) return 'timed-out';
  return isMillraceError(error, 'CANCELLED') ? 'cancelled' : 'failed';
}

/** `ctx.any` over waits that were all cancelled was cancelled, whatever it is wrapped in. */
function unwrap(thrown: unknown, cancellation: Error | undefined): unknown {
  if (cancellation === undefined || !(thrown instanceof AggregateError)) return thrown;
  return thrown.errors.every((error) => error === cancellation) ? cancellation : thrown;
}

async function compensate(
  execution: Execution,
  compensations: Compensation[],
  error: unknown,
): Promise<ReturnType<typeof failureOf>> {
  const failure = failureOf(error);
  if (compensations.length === 0) return failure;
  execution.shielded = true;
  const failed: { compensation: string; message: string }[] = [];
  for (const { name, undo } of compensations.toReversed()) {
    try {
      await undo();
    } catch (undoError) {
      failed.push({ compensation: name, message: failureOf(undoError).message });
    }
  }
  return failed.length === 0
    ? failure
    : { ...failure, details: { failedCompensations: failed, of: failure.details } };
}
