import { placedEvents } from '../../core/reading/history-items.ts';
import { decodeChunk } from '../../core/run/chunk.ts';
import type { Wait } from '../../core/run/command.ts';
import { decodeMessage } from '../../core/run/message.ts';
import { isUnreadable } from '../../core/payload/unreadable.ts';
import type { AnyWorkflow } from '../../core/workflow/workflow.ts';
import type { ClaimedRun, LoadedRun, OwnedRun } from '../../store/port/store.ts';
import type { Engine } from '../engine.ts';
import { createInstance, type Instance } from '../instance.ts';
import { settleAwaited } from '../retry/awaited.ts';
import { takeDueTimers, wakeByTimer } from '../turn/drive.ts';
import { blockUnreadable, forget, takeMessages } from '../turn/ownership.ts';
import { recordOutcomes } from '../turn/pausing.ts';
import { revive } from '../turn/revive.ts';

/**
 * Makes a run that the store has just given to this engine go on: from the cache when the cached state is of
 * the same version, else from its history. Returns the instance, or undefined when its workflow is not
 * known here.
 */
export function adopt(engine: Engine, run: OwnedRun | ClaimedRun): Instance | undefined {
  const cached = engine.cache.get(run.runId);
  engine.cache.delete(run.runId);
  if (cached !== undefined && !cached.busy && cached.row.version === run.version)
    return resume(engine, cached, run);
  const { repertoire } = engine;
  if (!repertoire.has(run.workflow, run.workflowVersion) || engine.held.has(run.runId)) {
    engine.auditSoon();
    return undefined;
  }
  const workflow = repertoire.find(run.workflow, run.workflowVersion);
  // What is missing is made by `loadRun`; nothing looks at it before, because the instance is busy until then.
  const instance = createInstance(run, workflow ?? (undefined as never), undefined as never);
  instance.busy = true;
  engine.hold(instance);
  const inline =
    'history' in run && run.history !== undefined && run.inboxSeq === 0 ? run.history : undefined;
  void loadRun(engine, instance, { inline, knows: workflow !== undefined });
  return instance;
}

function resume(engine: Engine, instance: Instance, run: OwnedRun): Instance {
  instance.row = { ...run };
  instance.held = true;
  instance.suspect = run.suspect;
  instance.restless = true;
  instance.doubted = false;
  if (run.inboxSeq > instance.inboxSeq) instance.inboxBehind = true;
  engine.hold(instance);
  wakeByTimer(engine, instance);
  engine.drive(instance);
  return instance;
}

/** What need not be read. */
interface AtHand {
  /** All of its history. */
  inline: Uint8Array | undefined;
  /** Its workflow is in memory. */
  knows: boolean;
}

async function loadRun(engine: Engine, instance: Instance, { inline, knows }: AtHand): Promise<void> {
  const { row, runId } = instance;
  try {
    const loaded: LoadedRun | undefined =
      inline === undefined
        ? await engine.load({ runId, epoch: row.epoch, fromSeq: 0 })
        : {
            runId,
            version: row.version,
            inboxSeq: 0,
            chunks: [{ seq: 0, count: 1, data: inline }],
            inbox: [],
          };
    if (!instance.held) return;
    if (loaded?.version !== row.version) return await leave(engine, instance);
    if (await stillDelayed(engine, instance, loaded)) return;
    if (!knows) instance.workflow = await loadWorkflow(engine, row);
    if (!instance.held) return;
    instance.execution = await revive(engine, instance.workflow, row, placedEvents(loaded.chunks));
    takeMessages(instance, loaded.inbox, loaded.inboxSeq);
    if (instance.execution.retries > 0) await settleAwaited(engine, instance);
  } catch (error) {
    if (!instance.held) return;
    // Given back it would only come again.
    if (isUnreadable(error)) return await blockUnreadable(engine, instance, error);
    engine.report(`run ${runId} could not be loaded`, error);
    return engine.giveBack(instance);
  } finally {
    instance.busy = false;
  }
  if (!instance.held) return;
  // Its steps are dispatched by the turn, once what the program decided before them is durable.
  takeDueTimers(engine, instance);
  engine.drive(instance);
}

/** It was paused before anything began here, or is another's. */
async function leave(engine: Engine, instance: Instance): Promise<void> {
  const [row] = await engine.persist(() => engine.store.readRuns([{ runId: instance.runId }]));
  if (!instance.held) return;
  const isPaused = row?.version === instance.row.version && row.pause?.engineId === engine.engineId;
  if (isPaused) await recordOutcomes(engine, instance);
  if (instance.held) forget(engine, instance, 'the run moved on');
}

async function loadWorkflow({ repertoire }: Engine, row: OwnedRun): Promise<AnyWorkflow> {
  const workflow = await repertoire.load(row.workflow, row.workflowVersion);
  if (workflow !== undefined) return workflow;
  throw new Error(`version ${row.workflowVersion} of definition "${row.workflow}" cannot be read here`);
}

/**
 * A message wakes a run before its delayed start: it waits on, with the message in its inbox. A cancel is not
 * kept waiting: the run begins, and ends before its first step.
 */
async function stillDelayed(engine: Engine, instance: Instance, loaded: LoadedRun): Promise<boolean> {
  const { row } = instance;
  const [chunk] = loaded.chunks;
  if (row.events !== 1 || chunk === undefined || loaded.inbox.length === 0) return false;
  const [first] = decodeChunk(chunk.seq, chunk.data);
  const startAt = first?.event.type === 'started' ? first.event.startAt : undefined;
  if (startAt === undefined || startAt <= engine.clock.lower()) return false;
  if (loaded.inbox.some(({ body }) => decodeMessage(body).kind === 'cancel')) return false;
  const wait: Wait = { kind: 'start', name: 'start', until: startAt };
  const waits = new TextEncoder().encode(JSON.stringify([wait]));
  const { runId, epoch, version, events: seq } = row;
  const next = { kind: 'suspend', inboxSeq: loaded.inboxSeq, wakeAt: startAt, waits } as const;
  const nothing = { count: 0, history: undefined, consumed: [], starts: [], messages: [] };
  const place = { runId, engineId: engine.engineId, epoch, version, commitId: engine.newCommitId(), seq };
  const result = await engine.commit({ ...place, ...nothing, next });
  if (result.outcome === 'ok' || result.outcome === 'already') engine.waker.noteWakeAt(startAt);
  else engine.auditSoon();
  forget(engine, instance, 'the run starts later');
  return true;
}
