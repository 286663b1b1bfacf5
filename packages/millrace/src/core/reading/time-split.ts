import type { Wait } from '../run/command.ts';
import type { PlacedEvent, RunEvent } from '../run/event.ts';
import { isClosed } from '../status.ts';
import type { ReadableRun } from './readable-run.ts';
import { readWaits } from './waits.ts';

/** Where the time of a run went, in ms. */
export interface TimeSplit {
  /** Ready, and no engine had taken it. */
  readonly queuedMs: number;
  /** Blocked or paused: a person was needed. */
  readonly blockedMs: number;
  /** The program or its steps were executing, or a step's attempt waited for an engine that has its executor. */
  readonly runningMs: number;
  /** Between two attempts of a step. */
  readonly backoffMs: number;
  /** For a signal, a timer, a child, the planned start. */
  readonly waitingMs: number;
}

type Part = 'queued' | 'blocked' | 'running' | 'backoff' | 'waiting';

/**
 * Where the time of a run went until `now` (store time) or its end. The parts add up to its age; the time
 * between an end and a retry belongs to none. History records outcomes, not beginnings, so what ended a
 * stretch of time says what it was: the outcome of a step says running, a signal says waiting. Being queued
 * is recorded before the first turn only, later it counts to what it led to.
 */
export function splitTime(run: ReadableRun, history: readonly PlacedEvent[], now: number): TimeSplit {
  const clock = new Stretches(run.createdAt);
  let last: RunEvent | undefined;
  for (const { event, at } of history) {
    if (last?.type === 'started') clock.begin(run, last.startAt, at);
    // The row knows better when the run was made.
    if (event.type !== 'started') clock.spend(at, partBefore(event, last), clock.pauseBefore(event));
    clock.note(event);
    last = event;
  }
  if (!isClosed(run.status)) clock.endOpen(run, last, now);
  return clock.split();
}

/** What the stretch before an event was; undefined: the run had ended. */
function partBefore(event: RunEvent, last: RunEvent | undefined): Part | undefined {
  if (last?.type === 'blocked') return 'blocked';
  if (event.type === 'retried') return undefined;
  return ARRIVALS.has(event.type) ? 'waiting' : 'running';
}

const ARRIVALS: ReadonlySet<RunEvent['type']> = new Set([
  'timer-fired',
  'child-closed',
  'external-completed',
  'signal-received',
  'update-received',
  'cancel-requested',
  'deadline-passed',
]);

// A class, because five sums, the instant reached and the pauses known so far move together.
class Stretches {
  private readonly spent: Record<Part, number> = {
    queued: 0,
    blocked: 0,
    running: 0,
    backoff: 0,
    waiting: 0,
  };
  private readonly retryAt: Map<number, number> = new Map();
  private reached: number;

  constructor(from: number) {
    this.reached = from;
  }

  /** Gives the time up to `until` to a part, what of it lies before `pauseUntil` to backoff. */
  spend(until: number, part: Part | undefined, pauseUntil?: number): void {
    if (pauseUntil !== undefined && part !== 'blocked' && pauseUntil > this.reached) {
      this.spend(Math.min(pauseUntil, until), 'backoff');
    }
    if (until <= this.reached) return;
    if (part !== undefined) this.spent[part] += until - this.reached;
    this.reached = until;
  }

  /** The time before the first turn: the planned wait, then the queue. */
  begin(run: ReadableRun, startAt: number | undefined, until: number): void {
    if (startAt !== undefined) this.spend(Math.min(startAt, until), 'waiting');
    this.spend(Math.min(run.startedAt ?? until, until), 'queued');
  }

  /** The time since the last event of an open run: by its status. */
  endOpen(run: ReadableRun, last: RunEvent | undefined, now: number): void {
    if (run.status === 'blocked' || run.status === 'paused') return this.spend(now, 'blocked');
    if (run.status === 'waiting') return this.spend(now, partOfWaits(readWaits(run)));
    if (last?.type === 'started') this.begin(run, last.startAt, now);
    else if (run.readyAt !== undefined) this.rest(last, Math.min(run.readyAt, now));
    this.spend(now, run.status === 'queued' ? 'queued' : 'running', this.latestPause());
  }

  /** Between the last event and the wake, of which history knows nothing yet. */
  private rest(last: RunEvent | undefined, until: number): void {
    this.spend(until, last?.type === 'blocked' ? 'blocked' : 'waiting', this.latestPause());
  }

  /** Until when a step was pausing for its next attempt in the stretch before this event. */
  pauseBefore(event: RunEvent): number | undefined {
    if ('ordinal' in event && 'attempt' in event) return this.retryAt.get(event.ordinal);
    return this.latestPause();
  }

  note(event: RunEvent): void {
    if (!('ordinal' in event)) return;
    if (event.type === 'step-retrying') this.retryAt.set(event.ordinal, event.retryAt);
    else this.retryAt.delete(event.ordinal);
  }

  private latestPause(): number | undefined {
    return this.retryAt.size === 0 ? undefined : Math.max(...this.retryAt.values());
  }

  split(): TimeSplit {
    const { queued, blocked, running, backoff, waiting } = this.spent;
    return {
      queuedMs: queued,
      blockedMs: blocked,
      runningMs: running,
      backoffMs: backoff,
      waitingMs: waiting,
    };
  }
}

/** A step that executes elsewhere executes: its outcome will say so. */
function partOfWaits(waits: readonly Wait[]): Part {
  if (waits.some(({ kind }) => kind === 'task')) return 'running';
  return waits.length > 0 && waits.every(({ kind }) => kind === 'retry') ? 'backoff' : 'waiting';
}
