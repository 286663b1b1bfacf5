import { describeError } from '../../reading/describe-error.ts';
import { fold } from '../../reading/fold.ts';
import type { ReadableRun } from '../../reading/readable-run.ts';
import type { StepState } from '../../reading/state/state.ts';
import { rehearse, type Breach, type RehearsalNeeds } from '../../rehearsal/rehearse.ts';
import type { Pending } from '../../run/command.ts';
import type { PlacedEvent } from '../../run/event.ts';
import { isClosed } from '../../status.ts';
import type { AnyWorkflow } from '../../workflow/workflow.ts';
import type { Graph } from '../graph/graph.ts';
import { NodeTimes } from './node-times.ts';
import { viewGraph, type DrawnGraph, type Tries } from './view-graph.ts';

/** The nodes of a run, as far as definition and history agree. */
export interface RunView extends DrawnGraph {
  /** Where they part: what follows is not shown. */
  readonly breach: Breach | undefined;
}

export interface ViewNeeds extends Pick<RehearsalNeeds, 'drained'> {
  /** Store time, ms. */
  readonly now: number;
}

/**
 * The states of a run's nodes: its definition is rehearsed from its history, and its graph is looked at.
 * @param workflowOf - makes the workflow of the definition; the graph of its run is given to `watch`.
 * @param history - whole and in order.
 */
export async function viewRun(
  workflowOf: (watch: (graph: Graph) => void) => AnyWorkflow,
  run: ReadableRun,
  history: readonly PlacedEvent[],
  { drained, now }: ViewNeeds,
): Promise<RunView | undefined> {
  const times = new NodeTimes(run.startedAt ?? run.createdAt);
  let graph: Graph | undefined;
  const workflow = workflowOf((watched) => {
    graph = watched;
    times.watch(watched);
  });
  const rehearsal = await rehearse(workflow, run.runId, history, { drained, observe: times.observe });
  if (graph === undefined) return undefined;
  const { pending } = rehearsal.execution;
  const tries = triesIn(fold(history).steps, pending, { engine: run.engineName, now });
  const closed = isClosed(run.status);
  const view = viewGraph(graph, { times, triesOf: (id) => tries.get(id), closed, now });
  return { ...view, breach: rehearsal.outcome === 'breaks' ? rehearsal.mismatch : undefined };
}

/** A node's command, or that of an item of it; no other name has this form. */
const COMMAND = /^([A-Za-z_][\w-]*)(?:\[\d+\])?$/;

function triesIn(
  steps: readonly StepState[],
  pending: ReadonlyMap<number, Pending>,
  { engine, now }: { engine: string | undefined; now: number },
): Map<string, Tries> {
  const byNode = new Map<string, Tries>();
  for (const { name, attempts, status, error } of steps) {
    const failed = status === 'retrying' ? describeError(error, 'STEP_FAILED') : undefined;
    note(byNode, name, { attempts, error: failed, retryAt: undefined, engine: undefined });
  }
  for (const command of pending.values()) {
    if (command.kind !== 'step') continue;
    const { name, attempt, retryAt, taskRunId } = command;
    const isPause = retryAt !== undefined && retryAt > now;
    note(byNode, name, {
      attempts: isPause ? attempt - 1 : attempt,
      retryAt: isPause ? retryAt : undefined,
      engine: taskRunId === undefined && !isPause ? engine : undefined,
      error: undefined,
    });
  }
  return byNode;
}

function note(byNode: Map<string, Tries>, name: string, seen: Tries): void {
  const id = COMMAND.exec(name)?.[1];
  if (id === undefined) return;
  const known = byNode.get(id);
  if (known === undefined) return void byNode.set(id, seen);
  known.attempts = Math.max(known.attempts, seen.attempts);
  known.retryAt = earlier(known.retryAt, seen.retryAt);
  known.error ??= seen.error;
  known.engine ??= seen.engine;
}

function earlier(one: number | undefined, other: number | undefined): number | undefined {
  if (one === undefined || other === undefined) return one ?? other;
  return Math.min(one, other);
}
