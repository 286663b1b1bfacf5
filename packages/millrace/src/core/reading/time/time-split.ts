import type { Wait } from '../../run/command.ts';
import type { PlacedEvent, RunEvent } from '../../run/event.ts';
import { isClosed } from '../../status.ts';
import type { ReadableRun } from '../readable-run.ts';
import { readWaits } from '../waits.ts';
import { createStepTimes, type StepPart, type StepTime } from './step-times.ts';

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
  /** For a signal, a timer, a child, a lock, the planned start. */
  readonly waitingMs: number;
}

export interface SpentTime {
  readonly time: TimeSplit;
  readonly timeBySteps: readonly StepTime[];
}

/** When an engine took the run that makes an attempt elsewhere; undefined: none has. */
export type TaskStarts = ReadonlyMap<string, number | undefined>;

type Part = 'queued' | 'blocked' | 'running' | 'backoff' | 'waiting';

/**
 * Where the time of a run went until `now` (store time) or its end. The parts add up to its age; the time
 * between an end and a retry belongs to none. History records outcomes, not beginnings, so what ended a
 * stretch of time says what it was: the outcome of a step says running, a signal says waiting. Being queued
 * is recorded before the first turn only, later it counts to what it led to.
 */
export function splitTime(
  run: ReadableRun,
  history: readonly PlacedEvent[],
  now: number,
  tasks: TaskStarts = new Map(),
): SpentTime {
  const clock = new Stretches(run.createdAt);
  let last: RunEvent | undefined;
  for (const { event, at } of history) {
    if (last?.type === 'started') clock.begin(run, last.startAt, at);
    // The row knows better when the run was made.
    if (event.type !== 'started') clock.spendBefore(event, last, at);
    clock.note(event);
    last = event;
  }
  if (!isClosed(run.status)) clock.endOpen(run, last, now, tasks);
  return clock.spent();
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
  'lock-granted',
  'signal-received',
  'update-received',
  'cancel-requested',
  'deadline-passed',
]);

const ATTEMPTS: ReadonlySet<RunEvent['type']> = new Set(['step-completed', 'step-failed', 'step-retrying']);

/** A step that has left a trace and no outcome. */
interface Open {
  readonly name: string;
  /** When its next attempt may begin. */
  readonly pauseUntil: number | undefined;
}

// A class, because the sums, the instant reached and the steps that are open move together.
class Stretches {
  private readonly sums: Record<Part, number> = { queued: 0, blocked: 0, running: 0, backoff: 0, waiting: 0 };
  private readonly steps = createStepTimes();
  private readonly open: Map<number, Open> = new Map();
  private reached: number;

  constructor(from: number) {
    this.reached = from;
  }

  /** Gives the time up to an event to what it says, and to the step that it is about. */
  spendBefore(event: RunEvent, last: RunEvent | undefined, at: number): void {
    const part = partBefore(event, last);
    const isOfStep = 'attempt' in event;
    const pausing = isOfStep ? this.open.get(event.ordinal) : this.longestPause();
    if (part !== 'blocked' && part !== undefined) this.pause(pausing, at);
    this.spend(at, part, isOfStep && part === 'running' ? [event.name, 'running'] : undefined);
  }

  /** The time before the first turn: the planned wait, then the queue. */
  begin(run: ReadableRun, startAt: number | undefined, until: number): void {
    if (startAt !== undefined) this.spend(Math.min(startAt, until), 'waiting');
    this.spend(Math.min(run.startedAt ?? until, until), 'queued');
  }

  /** The time since the last event of an open run: by its status. */
  endOpen(run: ReadableRun, last: RunEvent | undefined, now: number, tasks: TaskStarts): void {
    if (run.status === 'blocked' || run.status === 'paused') return this.spend(now, 'blocked');
    if (run.status === 'waiting') return this.endWaiting(readWaits(run), now, tasks);
    if (last?.type === 'started') this.begin(run, last.startAt, now);
    else if (run.readyAt !== undefined) this.rest(last, Math.min(run.readyAt, now));
    this.pause(this.longestPause(), now);
    if (run.status === 'queued') return this.spend(now, 'queued');
    // Which of several steps is executing is not recorded.
    const [first, second] = this.open.values();
    this.spend(
      now,
      'running',
      first !== undefined && second === undefined ? [first.name, 'running'] : undefined,
    );
  }

  /** A step that executes elsewhere executes: its outcome will say so. */
  private endWaiting(waits: readonly Wait[], now: number, tasks: TaskStarts): void {
    const task = waits.find(({ kind }) => kind === 'task');
    if (task !== undefined) {
      const takenAt = tasks.has(String(task.runId)) ? (tasks.get(String(task.runId)) ?? now) : this.reached;
      this.spend(Math.min(takenAt, now), 'running', [task.name, 'queued']);
      return this.spend(now, 'running', [task.name, 'running']);
    }
    const [first] = waits.toSorted((a, b) => (a.until ?? 0) - (b.until ?? 0));
    if (first === undefined || waits.some(({ kind }) => kind !== 'retry')) return this.spend(now, 'waiting');
    this.spend(now, 'backoff', [first.name, 'backoff']);
  }

  /** Between the last event and the wake, of which history knows nothing yet. */
  private rest(last: RunEvent | undefined, until: number): void {
    if (last?.type === 'blocked') return this.spend(until, 'blocked');
    this.pause(this.longestPause(), until);
    this.spend(until, 'waiting');
  }

  /** Of the time up to `until` what lies in the pause of a step. */
  private pause(step: Open | undefined, until: number): void {
    if (step?.pauseUntil === undefined) return;
    this.spend(Math.min(step.pauseUntil, until), 'backoff', [step.name, 'backoff']);
  }

  private spend(until: number, part: Part | undefined, step?: [name: string, part: StepPart]): void {
    const ms = until - this.reached;
    if (ms <= 0) return;
    if (part !== undefined) this.sums[part] += ms;
    if (step !== undefined) this.steps.add(...step, ms);
    this.reached = until;
  }

  note(event: RunEvent): void {
    if (!('ordinal' in event)) return;
    const { name } = event;
    if (ATTEMPTS.has(event.type)) this.steps.countAttempt(name);
    if (event.type === 'step-retrying') this.open.set(event.ordinal, { name, pauseUntil: event.retryAt });
    else if (event.type === 'step-placed' || event.type === 'step-checkpoint')
      this.open.set(event.ordinal, { name, pauseUntil: undefined });
    else this.open.delete(event.ordinal);
  }

  /** The step whose pause ends last. */
  private longestPause(): Open | undefined {
    let longest: Open | undefined;
    for (const step of this.open.values()) {
      if ((step.pauseUntil ?? 0) > (longest?.pauseUntil ?? 0)) longest = step;
    }
    return longest;
  }

  spent(): SpentTime {
    const { queued, blocked, running, backoff, waiting } = this.sums;
    const [queuedMs, blockedMs, runningMs, backoffMs, waitingMs] = [
      queued,
      blocked,
      running,
      backoff,
      waiting,
    ];
    return {
      time: { queuedMs, blockedMs, runningMs, backoffMs, waitingMs },
      timeBySteps: this.steps.greatest(),
    };
  }
}
