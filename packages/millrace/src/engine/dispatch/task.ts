import { encodeFailure } from '../../core/run/outcome.ts';
import { demandingVersion } from '../../core/cluster/demands.ts';
import { failureIn } from '../../core/run/apply.ts';
import { decodeValue, encodeValue } from '../../core/json.ts';
import { TASK_PREFIX } from '../../core/names.ts';
import { encodeChunk } from '../../core/run/chunk.ts';
import type { Standing, StepCommand } from '../../core/run/command.ts';
import type { EventOf, StartedEvent } from '../../core/run/event.ts';
import type { InboxMessage } from '../../core/run/message.ts';
import type { Executor, StepContext } from '../../core/workflow/context.ts';
import { defineWorkflow, type AnyWorkflow } from '../../core/workflow/workflow.ts';
import type { StartRequest } from '../../store/port/store.ts';
import type { Engine } from '../engine.ts';
import type { Instance } from '../instance.ts';
import { fencingToken } from './fencing-token.ts';
import { stepKey } from './step-key.ts';

/*
 * A task: one attempt of a call, made as a run by an engine that has the executor. The caller's plan starts it, its
 * last plan tells the caller how it ended and leaves nothing behind. It tries once: retries are the caller's.
 *
 *   T1  A task is started by the plan that records `step-placed`, unless nobody waits for it any more by then.
 *   T2  Its end and the message about it are one plan, so that a caller never waits for a task that is gone.
 */

/** The input of a task: what its attempt must know of the caller's step. */
interface Task {
  /** Payload text. */
  input: string;
  runId: string;
  name: string;
  attempt: number;
  /** The idempotency key of the caller's step. */
  key: string;
  /** Of the caller when it gave the task away. */
  epoch: number;
  /** Payload text. */
  checkpoint: string | undefined;
  timeoutMs: number | undefined;
  heartbeatTimeoutMs: number | undefined;
}

const VERSION = '1';
/** The epoch of a run that nobody has taken from the queue: no task is owned from its start. */
const UNTAKEN = 1;

/** The workflow whose runs are attempts of this executor. */
export function taskWorkflow(name: string, executor: Executor): AnyWorkflow {
  return defineWorkflow(`${TASK_PREFIX}${name}`, { version: VERSION }, (ctx, task: Task) =>
    ctx.step(name, (step) => executor(decodeValue(task.input) as never, callersStep(step, task)), {
      retry: false,
      timeout: task.timeoutMs,
      heartbeatTimeout: task.heartbeatTimeoutMs,
    }),
  );
}

/** The executor sees the caller's step, as if it were executed there. */
function callersStep(step: StepContext, task: Task): StepContext {
  const { runId, name, attempt, key, epoch, checkpoint } = task;
  return {
    runId,
    name,
    attempt,
    idempotencyKey: key,
    traceparent: step.traceparent,
    log: step.log,
    heartbeat: () => step.heartbeat(),
    checkpoint: (value) => step.checkpoint(value),
    get fencingToken() {
      return fencingToken(epoch, attempt, step.fencingToken.epoch - UNTAKEN);
    },
    get signal() {
      return step.signal;
    },
    get lastCheckpoint() {
      const { lastCheckpoint } = step;
      return lastCheckpoint === undefined && checkpoint !== undefined
        ? decodeValue(checkpoint)
        : lastCheckpoint;
    },
  };
}

/** The start of the task that makes the next attempt of a step; none where nobody waits for it any more. */
export function taskStart(
  engine: Engine,
  { row, execution, placements }: Instance,
  { ordinal: placed, runId }: EventOf<'step-placed'>,
): StartRequest | undefined {
  const step = execution.pending.get(placed);
  const assignTo = placements?.get(runId);
  placements?.delete(runId);
  if (step?.kind !== 'step' || step.taskRunId !== runId || step.work.kind !== 'executor') return undefined;
  const { runId: caller, namespace } = row;
  const { ordinal, name, attempt, checkpoint, policy } = step;
  const { executor, input, place } = step.work;
  const workflow = `${TASK_PREFIX}${executor}`;
  const queue = place.queue ?? row.queue;
  const priority = place.priority ?? row.priority;
  const { timeoutMs, heartbeatTimeoutMs } = policy;
  const task: Task = {
    ...{ input, runId: caller, name, attempt, key: stepKey(execution, ordinal), epoch: row.epoch },
    ...{ checkpoint, timeoutMs, heartbeatTimeoutMs },
  };
  const workflowVersion = demandingVersion(VERSION, { labels: place.requires, region: place.region });
  const parent = { runId: caller, ordinal, name };
  const started: StartedEvent = {
    type: 'started',
    workflow,
    version: VERSION,
    priority,
    queue,
    parent,
    task: { workflow: row.workflow, attempt },
    traceparent: execution.started.traceparent,
  };
  const payload = encodeValue(task, `task of call "${executor}"`);
  return {
    runId,
    namespace,
    workflow,
    workflowVersion,
    queue,
    priority,
    tags: [],
    reuse: 'return',
    dedupMs: 0,
    parentRunId: caller,
    parentOrdinal: ordinal,
    assignTo,
    history: encodeChunk(engine.chunkHeader(), [{ ...started, payload }]),
    commitId: engine.newCommitId(),
  };
}

/** Whether this run is a task. */
export function isTask({ execution }: Instance): boolean {
  return execution.started.task !== undefined;
}

/** The executor that makes this attempt; undefined: it is a function of the program. */
export function executorOf(instance: Instance, { name, work }: StepCommand): string | undefined {
  if (work.kind === 'executor') return work.executor;
  // The one step of a task has the name of its executor.
  return isTask(instance) ? name : undefined;
}

/** Which attempt of which run this is, for people: of a task its caller's. */
export function shownAttempt(instance: Instance, { attempt }: StepCommand) {
  const { parent, task } = instance.execution.started;
  if (parent !== undefined && task !== undefined) return { runId: parent.runId, ...task };
  return { runId: instance.runId, workflow: instance.workflow.name, attempt };
}

/** What a task that ends tells its caller. */
export function taskEnded(
  engine: Engine,
  { runId, execution }: Instance,
  standing: Exclude<Standing, { kind: 'open' | 'blocked' }>,
  ordinal: number,
): InboxMessage {
  const ended = { kind: 'task-ended', ordinal, runId, engine: engine.options.name } as const;
  if (standing.kind === 'completed') return { ...ended, ok: true, payload: standing.payload };
  const checkpoint = execution.lastCheckpoint;
  return {
    ...ended,
    ok: false,
    ...(checkpoint === undefined ? {} : { checkpoint }),
    payload: reasonOf(standing),
  };
}

/** The executor's own failure, without what the task's program made of it. */
function reasonOf(standing: { payload: string }): string {
  const failure = failureIn(standing);
  return failure.code === 'STEP_FAILED' && failure.cause !== undefined
    ? encodeFailure(failure.cause)
    : standing.payload;
}
