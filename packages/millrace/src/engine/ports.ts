import type { MachineLoad } from '../core/cluster/load.ts';
import type { LogLevel } from '../core/lines/line.ts';
import type { LogLine } from '../core/run/execution.ts';
import type { ClosedStatus } from '../core/status.ts';

/**
 * Everything an engine needs from the world besides its store. Injected at the root, replaced in simulation.
 */
export interface Ports {
  /** `wall` for display; `mono` for every duration. Milliseconds. */
  readonly clock: { wall(): number; mono(): number };
  /** In [0, 1). */
  random(): number;
  uuid(): string;
  /** Calls back once after at least `ms`; returns the undo. */
  after(ms: number, callback: () => void): () => void;
  /** Calls back when the current burst of work is over: what gathers a group commit without a timer. */
  soon(callback: () => void): void;
  /** Resolves when all microtasks that are due, and all that they cause, have run. */
  drained(): Promise<void>;
  readonly host: HostIdentity;
  /** Whether a process of this very host and boot still exists. */
  isAlive(pid: number): boolean;
  /** How this process stands at present. */
  load(): MachineLoad;
  /** Beats while this process's loop is late; undefined: nobody does. */
  readonly heart?: Heart | undefined;
  /** A place at which a fault test may kill the process. Does nothing otherwise. */
  crashPoint(name: CrashPoint): void;
  log(entry: EngineLog): void;
}

export interface Heart {
  /** This incarnation beats now, with this load. */
  note(engineId: string, load: Uint8Array): void;
  stop(): Promise<void>;
}

/** A run that ended here. */
export interface EndedRun {
  readonly workflow: string;
  readonly status: ClosedStatus;
  /** Since it was started, waits included. */
  readonly ms: number;
}

/** One try that ended here by itself: it completed, failed, or ran out of time. */
export interface EndedAttempt {
  /** What was tried: a function of the program, an executor, or a database transaction of the program. */
  readonly kind: 'step' | 'executor' | 'transaction';
  /** Its name; undefined where it is a function of the program. */
  readonly executor: string | undefined;
  readonly failed: boolean;
  readonly ms: number;
}

/** Hears of what becomes of the work of this process, at once and each time; must not throw. */
export interface Meter {
  ended(run: EndedRun): void;
  attempted(attempt: EndedAttempt): void;
  /** A lock was given to a run, or to a function of this process, after so long. */
  locked(holder: 'run' | 'process', ms: number): void;
}

export interface HostIdentity {
  host: string;
  /** Boot and pid namespace: a pid means something only within them. */
  bootId: string;
  pid: number;
}

export type EngineLog =
  | ({ source: 'engine'; level: LogLevel; message: string } & {
      fields?: Readonly<Record<string, unknown>>;
    })
  | ({ source: 'run'; runId: string; workflow: string } & LogLine);

export const CRASH_POINTS = [
  'start.before-commit',
  'start.after-commit-before-reply',
  'claim.after-commit-before-dispatch',
  'step.before-user',
  'step.during-user',
  'step.after-user-before-report',
  'commit.before',
  'commit.after-before-act',
  'turn.after-replay',
  'timer.after-wake',
  'signal.after-commit-before-reply',
  'child.after-commit',
  'continue.after-commit',
  'beat.after-send',
  'retire.after-detect',
  'retire.after-requeue',
  'migrate.mid',
  'drain.mid',
  'retry.after-child',
] as const;
export type CrashPoint = (typeof CRASH_POINTS)[number];
