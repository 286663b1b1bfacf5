import { demandingVersion } from '../../core/cluster/demands.ts';
import { MillraceError } from '../../core/errors.ts';
import { failureOf } from '../../core/failure.ts';
import { encodeChunk } from '../../core/run/chunk.ts';
import type { ChildStart } from '../../core/run/command.ts';
import type { RunEvent, StartedEvent } from '../../core/run/event.ts';
import { dedupOf, encodeMessage, type InboxMessage } from '../../core/run/message.ts';
import { encodeFailure } from '../../core/run/outcome.ts';
import { type Turn } from '../../core/run/turn.ts';
import { nextWakeAt, waitsOf } from '../../core/run/waiting/waits.ts';
import { actsOn } from './locks.ts';
import type { Message, NextState, Plan, StartRequest } from '../../store/port/store.ts';
import { isTask, taskEnded, taskStart } from '../dispatch/task.ts';
import type { Engine } from '../engine.ts';
import type { Instance } from '../instance.ts';

/** What a plan must know besides what its turn decided. */
export interface Bounds {
  /** Whether there is work in this process that keeps the run running. */
  stays: boolean;
  /** The inbox rows that the turn has turned into events, and how far the inbox was seen. */
  consumed: readonly number[];
  inboxSeq: number;
}

/**
 * The plan of a turn, or undefined when the turn decided nothing that must be durable: it only wants steps to
 * run.
 */
export function planOf(engine: Engine, instance: Instance, turn: Turn, bounds: Bounds): Plan | undefined {
  limitHistory(instance, turn);
  const { standing } = turn;
  const { row } = instance;
  const { consumed, stays } = bounds;
  if (standing.kind === 'blocked') turn.events.push(blockedEvent(standing.mismatch));
  const next = nextState(instance, turn, bounds);
  const events = next.kind === 'discard' ? [] : turn.events;
  const locks = actsOn(engine, instance, turn);
  const silent = events.length === 0 && consumed.length === 0 && locks === undefined;
  if (standing.kind === 'open' && stays && silent) return undefined;
  return {
    runId: row.runId,
    engineId: engine.engineId,
    epoch: row.epoch,
    version: row.version,
    commitId: engine.newCommitId(),
    seq: row.events,
    count: events.length,
    history: events.length === 0 ? undefined : encodeChunk(engine.chunkHeader(), events),
    next,
    consumed,
    starts: startsOf(engine, instance, turn),
    messages: messagesOf(engine, instance, turn),
    locks,
    adopter: engine.adopter(),
  };
}

function nextState(instance: Instance, turn: Turn, { stays, inboxSeq }: Bounds): NextState {
  const { standing } = turn;
  const { execution } = instance;
  switch (standing.kind) {
    case 'open': {
      if (stays) return { kind: 'continue' };
      const waits = Buffer.from(JSON.stringify(waitsOf(execution)));
      return { kind: 'suspend', inboxSeq, wakeAt: nextWakeAt(execution), waits };
    }
    case 'blocked': {
      const waits = Buffer.from(JSON.stringify(standing.mismatch));
      return { kind: 'block', code: 'NON_DETERMINISTIC', waits };
    }
    case 'continued':
      return { kind: 'close', status: 'continued', inboxSeq, successor: standing.successor };
    default:
      if (isTask(instance)) return { kind: 'discard', inboxSeq };
      return { kind: 'close', status: standing.kind, inboxSeq, successor: undefined };
  }
}

function blockedEvent(mismatch: object & { code: string }): RunEvent {
  return { type: 'blocked', code: mismatch.code, payload: JSON.stringify(mismatch) };
}

/** A long history is announced early: changing a program takes longer than running it. */
const WARN_SHARE = 0.2;

/** A run that would outgrow its history fails with a reason instead of growing until nobody can replay it. */
function limitHistory(instance: Instance, turn: Turn): void {
  const { maxEvents, usualEvents = 0, name } = instance.workflow;
  const after = instance.row.events + turn.events.length;
  if (turn.standing.kind !== 'open') return;
  const warnAt = usualEvents + (maxEvents - usualEvents) * WARN_SHARE;
  if (instance.row.events < warnAt && after >= warnAt) {
    const message = `the run has ${after} events of at most ${maxEvents}: split it over children, or continue it as new`;
    turn.logs = [...turn.logs, { level: 'warn', message, fields: undefined }];
  }
  if (after <= maxEvents) return;
  const error = new MillraceError(
    'HISTORY_LIMIT',
    `run of workflow "${name}" reached ${after} events, its limit is ${maxEvents}`,
    {
      remedy:
        'Split the work over children, or use ctx.continueAsNew before the limit, or raise maxEvents of the workflow.',
    },
  );
  const payload = encodeFailure(failureOf(error));
  turn.standing = { kind: 'failed', payload };
  turn.events.push({ type: 'failed', payload });
  turn.children = [];
}

function startsOf(engine: Engine, instance: Instance, turn: Turn): StartRequest[] {
  const starts: StartRequest[] = [];
  let room = turn.standing.kind === 'open' ? engine.freeSlots() : engine.freeSlots() + 1;
  for (const child of turn.children) {
    const start = childStart(engine, instance, child, room > 0);
    if (start.owner !== undefined) room--;
    starts.push(start);
  }
  const { kind } = turn.standing;
  const waits = kind === 'open' || kind === 'blocked';
  for (const event of turn.events) {
    const task = waits && event.type === 'step-placed' ? taskStart(engine, instance, event) : undefined;
    if (task !== undefined) starts.push(task);
  }
  if (turn.standing.kind === 'continued') starts.push(successorStart(engine, instance, turn.standing));
  return starts;
}

function childStart(engine: Engine, instance: Instance, child: ChildStart, eager: boolean): StartRequest {
  const { row, execution } = instance;
  const deadlineAt =
    child.timeoutMs === undefined ? undefined : Math.ceil(engine.clock.upper() + child.timeoutMs);
  const priority = child.priority ?? row.priority;
  const queue = child.queue ?? row.queue;
  const parent = child.detached ? undefined : { runId: row.runId, ordinal: child.ordinal, name: child.name };
  const { name, version } = child.workflow;
  const { namespace } = row;
  const workflowVersion = demandingVersion(version, child.demands);
  const place = engine.place({ workflow: name, workflowVersion, namespace, queue, affinity: child.key });
  const stays = place === 'self' && eager && engine.canRun(name, workflowVersion, queue);
  const started: StartedEvent = {
    type: 'started',
    workflow: name,
    version,
    priority,
    queue,
    parent,
    deadlineAt,
    traceparent: execution.started.traceparent,
  };
  if (child.key !== undefined) started.key = child.key;
  if (child.tags.length > 0) started.tags = child.tags;
  return {
    runId: child.runId,
    namespace,
    workflow: name,
    workflowVersion,
    queue,
    priority,
    tags: child.tags,
    key: child.key === undefined ? undefined : `${keyScope(instance)}/${child.key}`,
    fingerprint: '',
    reuse: 'return',
    dedupMs: engine.options.dedupMs,
    deadlineAt,
    parentRunId: row.runId,
    parentOrdinal: child.ordinal,
    limits: child.limits,
    history: encodeChunk(engine.chunkHeader(), [{ ...started, payload: child.input }]),
    commitId: engine.newCommitId(),
    owner: stays ? engine.engineId : undefined,
    assignTo: typeof place === 'object' ? place : undefined,
  };
}

/**
 * Within one life of its parent a key names one child. A retry may take the start of a child back, and that
 * child keeps its key: what the program starts then is another run.
 */
function keyScope({ runId, execution: { retries } }: Instance): string {
  return retries === 0 ? runId : `${runId}#${retries + 1}`;
}

function successorStart(
  engine: Engine,
  instance: Instance,
  standing: { successor: string; payload: string },
): StartRequest {
  const { row, execution, workflow } = instance;
  const { timeoutMs } = workflow;
  const { namespace, queue, key: affinity, workflowVersion } = row;
  const work = { workflow: row.workflow, workflowVersion, namespace, queue, affinity };
  const place = engine.place({ ...work, lastEngineId: engine.engineId });
  const deadlineAt = timeoutMs === undefined ? undefined : Math.ceil(engine.clock.upper() + timeoutMs);
  const { parent } = execution.started;
  const started: StartedEvent = {
    ...execution.started,
    parent: parent && { ...parent, child: parent.child ?? row.runId },
    deadlineAt,
    startAt: undefined,
    continuedFrom: row.runId,
    carried: execution.unreadSignals(),
    seen: execution.latestSeen(),
  };
  return {
    ...row,
    runId: standing.successor,
    fingerprint: execution.started.fingerprint ?? '',
    reuse: 'return',
    dedupMs: engine.options.dedupMs,
    deadlineAt,
    history: encodeChunk(engine.chunkHeader(), [{ ...started, payload: standing.payload }]),
    commitId: engine.newCommitId(),
    // The slot of the run that ends is its own.
    ...(typeof place === 'object' ? { assignTo: place } : { owner: engine.engineId }),
  };
}

/**
 * To tasks that are not wanted any more: a cancel. When the run ends, to the parent: how; to children that end with it,
 * and to the tasks that are left: a cancel. A continued run has not ended.
 */
function messagesOf(engine: Engine, instance: Instance, turn: Turn): Message[] {
  const { standing, unwantedTasks } = turn;
  const open = standing.kind === 'open' || standing.kind === 'blocked' || standing.kind === 'continued';
  if (open && unwantedTasks.length === 0) return NO_MESSAGES;
  const { execution, runId } = instance;
  const messages: Message[] = [];
  const send = (target: string, message: InboxMessage): void =>
    void messages.push(messageTo(target, message, engine.options.stickyMs));
  for (const task of open ? unwantedTasks : [...unwantedTasks, ...execution.tasksLeft()]) {
    const payload = JSON.stringify(`run ${runId} does not wait for it any more`);
    send(task, { kind: 'cancel', id: `caller:${runId}`, payload });
  }
  if (open) return messages;
  const { parent } = execution.started;
  if (parent !== undefined) {
    const { kind: status, payload } = standing;
    const { ordinal, name, child } = parent;
    if (isTask(instance)) send(parent.runId, taskEnded(engine, instance, standing, ordinal));
    else send(parent.runId, { kind: 'child-closed', ordinal, name, runId, child, status, payload });
  }
  for (const child of execution.childrenLeft()) {
    if (child.parentClose !== 'cancel') continue;
    const payload = JSON.stringify(`parent run ${runId} closed`);
    send(child.runId, { kind: 'cancel', id: `parent:${runId}`, payload });
  }
  return messages;
}

const NO_MESSAGES: Message[] = [];

/** @param windowMs - how long the target, if it wakes, is kept for the engine that has it in memory. */
export function messageTo(runId: string, message: InboxMessage, windowMs: number): Message {
  return { target: { runId }, dedup: dedupOf(message), body: encodeMessage(message), windowMs };
}
