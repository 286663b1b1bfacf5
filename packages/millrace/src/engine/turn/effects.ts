import { decodeChunk } from '../../core/run/chunk.ts';
import type { Beginning } from '../../core/run/event.ts';
import type {
  DeliveryResult,
  Message,
  OwnedRun,
  ReadyPlace,
  StartRequest,
  StartResult,
} from '../../store/port/store.ts';
import type { Engine } from '../engine.ts';
import { createInstance } from '../instance.ts';
import { takeMessage } from './ownership.ts';
import { begin } from './revive.ts';

/** Runs that a start made this engine's own begin at once; of others those are told who can claim them. */
export function settleStarts(
  engine: Engine,
  requests: readonly StartRequest[],
  results: readonly StartResult[],
): void {
  for (let at = 0; at < results.length; at++) {
    const result = results[at] as StartResult;
    const request = requests[at] as StartRequest;
    if (result.outcome === 'existing') settleEnclosed(engine, request, result);
    if (result.outcome !== 'started') continue;
    const { assignTo } = request;
    if (result.owned) beginRun(engine, request, result);
    else if (result.assignedTo !== undefined && assignTo !== undefined)
      engine.hintAssigned(result.assignedTo, assignTo.windowMs);
    else if (request.startAt === undefined) engine.hintReady(placeOf(request));
    else engine.waker.noteWakeAt(request.startAt);
  }
}

function placeOf({ namespace, queue }: StartRequest): ReadyPlace {
  return { namespace, queue };
}

/** The message of a start that met an existing run. */
function settleEnclosed(engine: Engine, { message }: StartRequest, result: StartResult): void {
  if (message === undefined || !('delivery' in result) || result.delivery === undefined) return;
  settleDeliveries(engine, [{ target: { runId: result.runId }, ...message }], [result.delivery]);
}

function beginRun(
  engine: Engine,
  request: StartRequest,
  result: { epoch: number; version: number; inboxSeq: number },
): void {
  if (engine.held.has(request.runId)) return engine.auditSoon();
  const beginning = request.begins ?? beginningIn(request);
  const { runId } = request;
  const row: OwnedRun = {
    runId,
    namespace: request.namespace,
    queue: request.queue,
    priority: request.priority,
    key: request.key,
    tags: request.tags,
    parentRunId: request.parentRunId,
    parentOrdinal: request.parentOrdinal,
    deadlineAt: request.deadlineAt,
    createdAt: beginning.at,
    workflow: request.workflow,
    workflowVersion: request.workflowVersion,
    epoch: result.epoch,
    version: result.version,
    events: 1,
    inboxSeq: result.inboxSeq,
    suspect: false,
  };
  const workflow = engine.repertoire.find(request.workflow, request.workflowVersion);
  // A definition that is not in memory is loaded like one that was claimed.
  if (workflow === undefined) return void engine.adopt(row);
  const instance = createInstance(row, workflow, begin(engine, workflow, runId, beginning));
  instance.inboxBehind = result.inboxSeq > 0;
  engine.hold(instance);
  engine.drive(instance);
}

function beginningIn({ runId, history }: StartRequest): Beginning {
  const [first] = decodeChunk(0, history);
  if (first?.event.type !== 'started') throw new Error(`start of run ${runId} has no first event`);
  return { event: first.event, at: first.at };
}

/** Messages of this process to runs of this process go straight in; the others' owners get a hint. */
export function settleDeliveries(
  engine: Engine,
  messages: readonly Message[],
  results: readonly DeliveryResult[],
): void {
  for (let at = 0; at < results.length; at++) {
    const result = results[at] as DeliveryResult;
    if (result.outcome !== 'delivered') continue;
    const { body, windowMs = engine.options.stickyMs } = messages[at] as Message;
    // What this call delivered is handed over below, in order: the run is behind by nothing.
    if (result.adopted !== undefined) engine.adopt({ ...result.adopted, inboxSeq: result.seq - 1 });
    const instance = engine.held.get(result.runId);
    if (instance?.paused !== undefined) {
      // Perhaps it has ended the pause; else it waits in the store.
      engine.lookAt(instance);
    } else if (instance !== undefined) {
      takeMessage(instance, result.seq, body);
      engine.drive(instance);
    } else if (result.assignedTo !== undefined) {
      engine.hintAssigned(result.assignedTo, windowMs);
    } else if (result.ownerId === undefined) {
      if (result.adopted === undefined) engine.hintReady();
    } else if (result.ownerId !== engine.engineId) engine.hintInbox(result.ownerId, result);
  }
}
