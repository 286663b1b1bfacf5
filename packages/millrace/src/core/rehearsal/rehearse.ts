import { failureIn } from '../run/apply.ts';
import type { Mismatch, Standing } from '../run/command.ts';
import type { PlacedEvent, RunEvent } from '../run/event.ts';
import { describe, type Execution } from '../run/execution.ts';
import { effective } from '../run/replay.ts';
import { foreignAwaitOf, isStuck } from '../run/turn.ts';
import { CLOSED_STATUSES } from '../status.ts';
import { restoreProgram } from '../workflow/program.ts';
import type { AnyWorkflow } from '../workflow/workflow.ts';
import { REHEARSAL_PROGRAM, RehearsalPorts } from './ports.ts';

/** How a program and a history that it did not write agree. */
export type Rehearsal =
  | { readonly outcome: 'agrees'; readonly execution: Execution }
  | {
      readonly outcome: 'breaks';
      readonly mismatch: Breach;
      /** Where in the program: the command that history has, or the one given last. */
      readonly at: string;
      /** As far as the two agree. */
      readonly execution: Execution;
    };

/**
 * `NON_DETERMINISTIC` and `FOREIGN_AWAIT`: as a run is blocked for them · `HISTORY_LIMIT`: the program gives commands
 * without end · `RUN_FAILED`: the run is open, and the program fails where its history ends.
 */
export interface Breach extends Omit<Mismatch, 'code'> {
  code: Mismatch['code'] | 'HISTORY_LIMIT' | 'RUN_FAILED';
}

export interface RehearsalNeeds {
  /** Resolves when every microtask that is due has run. */
  readonly drained: () => Promise<void>;
  /** Hears of each event that counts, before it acts on the program. */
  readonly observe?: ((placed: PlacedEvent) => void) | undefined;
}

/** Of what a program may ask for, so many times what its history may hold. */
const ASKED_PER_EVENT = 4;

/**
 * Replays a stored run, open or closed, against a workflow, with no effect: no step, child, lock or log line leaves the
 * execution that comes back, and it must not be given any turn.
 *
 * What goes through the context is bounded: a program that waits for a foreign promise, throws, recurses or gives
 * commands for ever is told as a breach. One that runs without end and without the context, or that does something
 * foreign by itself, cannot be stopped from within: whoever cannot trust it rehearses in a thread that he can end.
 */
export async function rehearse(
  workflow: AnyWorkflow,
  runId: string,
  history: readonly PlacedEvent[],
  { drained, observe }: RehearsalNeeds,
): Promise<Rehearsal> {
  const last = history.at(-1);
  const most = ASKED_PER_EVENT * (workflow.maxEvents + history.length);
  const ports = new RehearsalPorts(drained, last?.at ?? 0, most);
  const execution = await restoreProgram(
    workflow,
    { runId, history },
    { execution: ports, program: REHEARSAL_PROGRAM, observe },
  );
  const mismatch = ports.exhausted ? endless(execution, workflow) : breachOf(execution, history);
  if (mismatch === undefined) return { outcome: 'agrees', execution };
  return { outcome: 'breaks', mismatch, at: placeOf(execution, history, mismatch), execution };
}

function breachOf(execution: Execution, history: readonly PlacedEvent[]): Breach | undefined {
  if (execution.standing.kind === 'blocked') return execution.standing.mismatch;
  const last = effective(history).at(-1);
  if (last !== undefined && ENDS.has(last.event.type)) return endBreach(execution.standing, last);
  if (execution.standing.kind === 'failed') return failsNow(execution.standing);
  return execution.standing.kind === 'open' && isStuck(execution) ? foreignAwaitOf(execution) : undefined;
}

const ENDS: ReadonlySet<RunEvent['type']> = new Set(CLOSED_STATUSES);

/** Whether a run with this history has ended, and nobody has opened it again. */
export function hasEnded(history: readonly PlacedEvent[]): boolean {
  const last = history.at(-1);
  return last !== undefined && ENDS.has(last.event.type);
}

/** The run has ended: so must the program, in the same way. */
function endBreach(standing: Standing, { event, seq }: PlacedEvent): Breach | undefined {
  if (standing.kind === event.type) return undefined;
  // Such an end was the engine's decision: the program knows nothing of it.
  if (event.type === 'failed' && failureIn(event).code === 'HISTORY_LIMIT') return undefined;
  const [expected, actual] = [`the end as ${event.type}`, wordsOf(standing)];
  const message = `history and program disagree: history has ${expected}, the program ${actual}`;
  return { code: 'NON_DETERMINISTIC', message, expected, actual, seq };
}

function failsNow(standing: Extract<Standing, { payload: string }>): Breach {
  const actual = wordsOf(standing);
  const message = `the run would fail at once: the program ${actual}`;
  return { code: 'RUN_FAILED', message, expected: 'a run that goes on', actual, seq: undefined };
}

function wordsOf(standing: Standing): string {
  if (standing.kind === 'open' || standing.kind === 'blocked') return 'goes on';
  if (standing.kind !== 'failed') return `ends as ${standing.kind}`;
  const { name, code = name, message } = failureIn(standing);
  return `fails with ${code}: ${message}`;
}

function endless({ lastCommand }: Execution, { maxEvents }: AnyWorkflow): Breach {
  const actual = `commands without end, the last one ${lastCommand}`;
  const expected = `at most ${maxEvents} events`;
  const message = `the program gives ${actual}; a run may have ${expected}`;
  return { code: 'HISTORY_LIMIT', message, expected, actual, seq: undefined };
}

function placeOf({ lastCommand }: Execution, history: readonly PlacedEvent[], { code, seq }: Breach): string {
  const found = code === 'NON_DETERMINISTIC' ? history.find((placed) => placed.seq === seq) : undefined;
  return found === undefined ? `after ${lastCommand}` : describe(found.event);
}
