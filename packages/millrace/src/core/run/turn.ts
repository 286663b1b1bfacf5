import type { LockCommand } from '../locks/ask.ts';
import { accepts, apply, failureIn } from './apply.ts';
import type { ChildStart, Mismatch, Standing, StepCommand } from './command.ts';
import type { Arrival, EventOf, RunEvent, TaskEnded } from './event.ts';
import type { Execution, LogLine } from './execution.ts';
import { failedAttempt } from './outcome.ts';

/** What one turn decided: the engine makes it a plan, commits it, and only then acts on it. */
export interface Turn {
  /**
   * How many of the arrivals it came to: all, unless the run was blocked before. The others have not
   * happened.
   */
  taken: number;
  /** New events, in order; the last one is the end where the run ended. */
  events: RunEvent[];
  children: readonly ChildStart[];
  locks: readonly LockCommand[];
  standing: Standing;
  /** Task runs that are to be cancelled. */
  unwantedTasks: readonly string[];
  // effects, after the commit
  readySteps: readonly StepCommand[];
  abandoned: readonly number[];
  logs: readonly LogLine[];
}

/**
 * Gives new arrivals to a program that can only wait, one by one, until it can only wait again.
 * Arrivals that mean nothing any more are left out of history. After the program has ended, what still
 * arrives is recorded but acts on nothing.
 * @param stored - an outcome that a transaction has written to history already: it acts first and is not new.
 */
export async function takeTurn(
  execution: Execution,
  arrivals: readonly Arrival[],
  stored?: RunEvent,
): Promise<Turn> {
  execution.active = true;
  if (stored !== undefined && execution.standing.kind !== 'blocked') {
    apply(execution, stored, undefined);
    await execution.ports.drained();
  }
  let taken = 0;
  for (const arrival of arrivals) {
    if (execution.standing.kind === 'blocked') break;
    taken++;
    if (arrival.type !== 'task-ended') {
      if (take(execution, arrival)) await execution.ports.drained();
      continue;
    }
    for (const event of endOfAttempt(execution, arrival)) {
      take(execution, event);
      await execution.ports.drained();
    }
  }
  return endTurn(execution, taken);
}

/** False: it says nothing to this execution any more. */
function take(execution: Execution, event: RunEvent): boolean {
  if (!accepts(execution, event)) return false;
  execution.events.push(event);
  noteGiven(execution, event);
  apply(execution, event, undefined);
  return true;
}

/** What the end of a task is in history: the end of an attempt means the same wherever it was made. */
function endOfAttempt(execution: Execution, arrival: TaskEnded): RunEvent[] {
  const { ok, engine, checkpoint, payload } = arrival;
  const step = execution.pending.get(arrival.ordinal);
  if (step?.kind !== 'step' || step.taskRunId !== arrival.runId) return [];
  const { ordinal, name, attempt } = step;
  if (ok) return [{ type: 'step-completed', ordinal, name, attempt, engine, payload }];
  const failed = { ...failedAttempt(execution.ports, step, failureIn(arrival)), engine };
  if (checkpoint === undefined) return [failed];
  return [{ type: 'step-checkpoint', ordinal, name, attempt, payload: checkpoint }, failed];
}

/** What a retry of the run may take back says how far the program was. */
function noteGiven(execution: Execution, event: RunEvent): void {
  switch (event.type) {
    case 'step-failed':
    case 'cancel-requested':
    case 'deadline-passed':
      event.given = execution.given;
      break;
    case 'child-closed':
      if (event.status !== 'completed') event.given = execution.given;
      break;
    case 'external-completed':
      if (!event.ok) event.given = execution.given;
      break;
    default:
  }
}

const NONE: readonly never[] = [];

/** Ends a turn in which `taken` arrivals were given: collects what the program has decided since the last one. */
export function endTurn(execution: Execution, taken: number): Turn {
  execution.active = false;
  if (execution.standing.kind === 'open' && isStuck(execution)) blockForeignAwait(execution);
  const { events, children, locks, readySteps, abandoned, unwantedTasks, logs, standing } = execution;
  execution.events = [];
  const end = endEvent(standing);
  if (end !== undefined) events.push(end);
  // The turn must not see what comes after it. What is empty, as most of it is, stays with the execution.
  if (children.length > 0) execution.children = [];
  if (locks.length > 0) execution.locks = [];
  if (readySteps.length > 0) execution.readySteps = [];
  if (abandoned.length > 0) execution.abandoned = [];
  if (unwantedTasks.length > 0) execution.unwantedTasks = [];
  if (logs.length > 0) execution.logs = [];
  return {
    taken,
    events,
    standing,
    children: children.length > 0 ? children : NONE,
    locks: locks.length > 0 ? locks : NONE,
    readySteps: readySteps.length > 0 ? readySteps : NONE,
    abandoned: abandoned.length > 0 ? abandoned : NONE,
    unwantedTasks: unwantedTasks.length > 0 ? unwantedTasks : NONE,
    logs: logs.length > 0 ? logs : NONE,
  };
}

/** It waits for nothing that it could be given. */
export function isStuck(execution: Execution): boolean {
  return execution.pending.size === 0 && !execution.answersUpdates;
}

/** The program neither ended nor waits for anything that this run could ever be given. */
export function blockForeignAwait(execution: Execution): void {
  execution.block(foreignAwaitOf(execution));
}

export function foreignAwaitOf({ started, lastCommand }: Execution): Mismatch {
  return {
    code: 'FOREIGN_AWAIT',
    message:
      `workflow "${started.workflow}" awaits something that is not an operation of its context, after ` +
      `${lastCommand}; put it into ctx.step, so that its outcome is recorded`,
    expected: 'an operation of the context',
    actual: `a foreign promise after ${lastCommand}`,
    seq: undefined,
  };
}

/** Adds to a turn that an attempt which it made ready is made elsewhere. The program learns nothing by it. */
export function recordPlaced(execution: Execution, turn: Turn, event: EventOf<'step-placed'>): void {
  turn.events.push(event);
  apply(execution, event, undefined);
}

function endEvent(standing: Standing): RunEvent | undefined {
  switch (standing.kind) {
    case 'open':
    case 'blocked':
      return undefined;
    case 'continued':
      return { type: 'continued', runId: standing.successor, payload: standing.payload };
    default:
      return { type: standing.kind, payload: standing.payload };
  }
}
