import type { EngineDescription, EngineStatus } from '../cluster/describe-cluster.ts';
import { splitVersion } from '../cluster/demands.ts';
import { createdAtOf } from '../ids.ts';
import type { QueueLimits } from '../limits/describe-queue.ts';
import { instant } from '../reading/instant.ts';
import type { EventType, PlacedEvent } from '../run/event.ts';
import { isClosed, type ClosedStatus, type Priority, type RunStatus } from '../status.ts';
import { changeId } from './place.ts';

/** What changes are about. Nothing tells of batches and alerts yet. */
export const CHANGE_TYPES = {
  run: [
    ...(['started', 'completed', 'failed', 'cancelled', 'timed-out', 'continued'] as const),
    ...(['retried', 'paused', 'blocked', 'resumed'] as const),
  ],
  engine: ['alive', 'suspect', 'draining', 'dead'],
  queue: ['paused', 'resumed', 'limited'],
  batch: [],
  alert: [],
} as const satisfies Readonly<Record<string, readonly string[]>>;

export type ChangeKind = keyof typeof CHANGE_TYPES;

interface Told {
  /** Its place, and what it is: whoever gives it as `after` reads on behind it. The same change has the same id again. */
  readonly id: string;
  /** ISO 8601, store time. */
  readonly at: string;
}

/** Something became of a run. */
export interface RunChange extends Told {
  readonly kind: 'run';
  readonly type: (typeof CHANGE_TYPES.run)[number];
  readonly runId: string;
  readonly workflow: string;
  readonly version: string;
  /** As the change left it. */
  readonly status: RunStatus;
  readonly priority: Priority;
  readonly queue: string;
  readonly key: string | null;
  readonly tags: readonly string[];
  readonly parentRunId: string | null;
  /** Why it is blocked. */
  readonly code?: string;
}

/** An engine is seen in another state than before. */
export interface EngineChange extends Told {
  readonly kind: 'engine';
  readonly type: EngineStatus;
  readonly engineId: string;
  readonly incarnation: string;
  readonly region: string | null;
}

/** A queue was paused, resumed, or given other limits. */
export interface QueueChange extends Told {
  readonly kind: 'queue';
  readonly type: (typeof CHANGE_TYPES.queue)[number];
  readonly queue: string;
  readonly paused: boolean;
  readonly pausedBy: string | null;
  readonly limits: QueueLimits;
}

export type ChangeEvent = RunChange | EngineChange | QueueChange;

/** One event of a run's history, without what it carries. */
export interface HistoryChange extends Told {
  readonly kind: 'run';
  readonly type: EventType;
  readonly runId: string;
  readonly seq: number;
  readonly name?: string;
  readonly attempt?: number;
  readonly engineId?: string;
  /** Of a run that ended with it. */
  readonly status?: ClosedStatus;
}

/** What is told of a run. Instants are store time in ms. */
export interface ToldRun {
  readonly runId: string;
  readonly workflow: string;
  readonly workflowVersion: string;
  readonly queue: string;
  readonly priority: Priority;
  readonly key: string | undefined;
  readonly tags: readonly string[];
  readonly parentRunId: string | undefined;
  readonly createdAt: number;
}

export function begun(run: ToldRun): RunChange {
  const id = changeId(createdAtOf(run.runId), `${run.runId}.started`);
  return { id, kind: 'run', type: 'started', at: instant(run.createdAt), ...told(run, 'queued') };
}

export function ended(run: ToldRun & { status: ClosedStatus; closedAt: number; events: number }): RunChange {
  const { status, closedAt, events } = run;
  const id = changeId(closedAt, `${run.runId}.${status}.${events}`);
  return { id, kind: 'run', type: status, at: instant(closedAt), ...told(run, status) };
}

export function reopened(run: ToldRun & { reopenedAt: number }): RunChange {
  const id = changeId(run.reopenedAt, `${run.runId}.retried`);
  return { id, kind: 'run', type: 'retried', at: instant(run.reopenedAt), ...told(run, 'queued') };
}

/** @param at - when it was seen: nothing says since when it is so. */
export function held(
  run: ToldRun & { status: 'paused' | 'blocked'; blockCode: string | undefined },
  at: number,
): RunChange {
  const { status, blockCode } = run;
  const id = changeId(at, `${run.runId}.${status}`);
  const change = { id, kind: 'run', type: status, at: instant(at), ...told(run, status) } as const;
  return blockCode === undefined ? change : { ...change, code: blockCode };
}

export function resumed(run: ToldRun & { status: RunStatus }, at: number): RunChange {
  const id = changeId(at, `${run.runId}.resumed`);
  return { id, kind: 'run', type: 'resumed', at: instant(at), ...told(run, run.status) };
}

function told(run: ToldRun, status: RunStatus) {
  return {
    runId: run.runId,
    workflow: run.workflow,
    version: splitVersion(run.workflowVersion).version,
    status,
    priority: run.priority,
    queue: run.queue,
    key: run.key ?? null,
    tags: run.tags,
    parentRunId: run.parentRunId ?? null,
  };
}

export type ToldEngine = Pick<EngineDescription, 'engineId' | 'incarnation' | 'status' | 'region'>;

export function engineChanged(
  { engineId, incarnation, status, region }: ToldEngine,
  at: number,
): EngineChange {
  const id = changeId(at, `${incarnation}.${status}`);
  return { id, kind: 'engine', type: status, at: instant(at), engineId, incarnation, region };
}

export interface ToldQueue {
  readonly queue: string;
  readonly paused: boolean;
  readonly pausedBy: string | null;
  readonly limits: QueueLimits;
}

export function queueChanged(queue: ToldQueue, wasPaused: boolean, at: number): QueueChange {
  const flipped = queue.paused ? 'paused' : 'resumed';
  const type = queue.paused === wasPaused ? 'limited' : flipped;
  return { id: changeId(at, `${queue.queue}.${type}`), kind: 'queue', type, at: instant(at), ...queue };
}

export function recorded(runId: string, { seq, at, engine, event }: PlacedEvent): HistoryChange {
  const { type } = event;
  return {
    id: String(seq),
    kind: 'run',
    type,
    at: instant(at),
    runId,
    seq,
    ...('name' in event ? { name: event.name } : {}),
    ...('attempt' in event ? { attempt: event.attempt } : {}),
    engineId: engine,
    ...(isEnd(type) ? { status: type } : {}),
  };
}

function isEnd(type: EventType): type is EventType & ClosedStatus {
  return (isClosed as (word: string) => boolean)(type);
}
