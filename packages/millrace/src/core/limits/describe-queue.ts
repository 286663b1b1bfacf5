import { instantOrNull } from '../reading/instant.ts';
import type { LimitKind, LimitState } from './limit.ts';

/** What may be worked on at once, and how fast; null: any number. */
export interface QueueLimits {
  readonly maxConcurrent: number | null;
  /** How many may begin in a second. */
  readonly ratePerSecond: number | null;
  /** How many queued runs there may be before starts from outside are refused. */
  readonly maxDepth: number | null;
}

/** A queue as every surface shows it. */
export interface QueueDescription {
  readonly queue: string;
  /** Queued runs. */
  readonly depth: number;
  /** How long the queued run that has waited longest could have been claimed; null: none is queued. */
  readonly oldestAgeSeconds: number | null;
  readonly running: number;
  readonly paused: boolean;
  readonly pausedBy: string | null;
  readonly pausedAt: string | null;
  readonly limits: QueueLimits & {
    /** How many runs hold a grant; null where the queue has no limit, and nothing is counted. */
    readonly inUse: number | null;
  };
}

/** A limit as every surface shows it. */
export interface LimitDescription extends QueueLimits {
  readonly kind: LimitKind;
  readonly name: string;
  readonly inUse: number;
  readonly paused: boolean;
  readonly pausedBy: string | null;
  readonly pausedAt: string | null;
  /** The first runs that hold a grant of it. */
  readonly holders: readonly string[];
}

/** A limit as stores report it. Instants are store time in ms. */
export interface ReportedLimit extends LimitState {
  readonly ratePerSecond: number | undefined;
  readonly maxDepth: number | undefined;
  readonly pausedBy: string | undefined;
  readonly pausedAt: number | undefined;
  readonly holders: readonly string[];
}

/** A queue as stores report it. */
export interface ReportedQueue {
  readonly queue: string;
  readonly depth: number;
  readonly oldestReadyAt: number | undefined;
  readonly running: number;
}

/** Queues that have open runs or a limit, by name. */
export function describeQueues(
  queues: readonly ReportedQueue[],
  limits: readonly ReportedLimit[],
  now: number,
): QueueDescription[] {
  const ofQueues = new Map(limits.filter(({ kind }) => kind === 'queue').map((limit) => [limit.name, limit]));
  const reported = new Map(queues.map((queue) => [queue.queue, queue]));
  const names = [...new Set([...reported.keys(), ...ofQueues.keys()])].toSorted();
  return names.map((queue) => {
    const { depth = 0, running = 0, oldestReadyAt } = reported.get(queue) ?? {};
    const limit = ofQueues.get(queue);
    const oldestAgeSeconds = oldestReadyAt === undefined ? null : Math.max(0, now - oldestReadyAt) / 1000;
    const paused = { paused: limit?.paused ?? false, pausedBy: limit?.pausedBy ?? null };
    const pausedAt = instantOrNull(limit?.pausedAt);
    const numbers = { ...numbersOf(limit), inUse: limit?.inUse ?? null };
    return { queue, depth, oldestAgeSeconds, running, ...paused, pausedAt, limits: numbers };
  });
}

export function describeLimit(limit: ReportedLimit): LimitDescription {
  const { kind, name, inUse, paused, pausedBy = null, pausedAt, holders } = limit;
  const since = instantOrNull(pausedAt);
  return { kind, name, ...numbersOf(limit), inUse, paused, pausedBy, pausedAt: since, holders };
}

function numbersOf(limit: ReportedLimit | undefined): QueueLimits {
  const { max = null, ratePerSecond = null, maxDepth = null } = limit ?? {};
  return { maxConcurrent: max, ratePerSecond, maxDepth };
}
