import type { Standpoint } from '../cluster/demands.ts';
import type { RetryPolicy } from '../policy/retry.ts';
import type { KeyLimit } from '../limits/limit.ts';
import type { Priority } from '../status.ts';
import type { StepContext } from '../workflow/context.ts';
import type { NamedWorkflow } from '../workflow/workflow.ts';

/** Options of a step after defaults and checks; times in ms. */
export interface StepPolicy {
  retry: RetryPolicy;
  timeoutMs: number | undefined;
  totalTimeoutMs: number | undefined;
  heartbeatTimeoutMs: number | undefined;
}

interface Settle {
  resolve(value: unknown): void;
  reject(error: unknown): void;
}

/** A command that was given and has no outcome yet. */
export type Pending = Settle & { ordinal: number; name: string; fireAt: number | undefined } & (
    | PendingStep
    | { kind: 'sleep' }
    | { kind: 'signal'; signal: string }
    | { kind: 'child'; runId: string; workflow: string; parentClose: 'cancel' | 'abandon' }
    | { kind: 'external' }
    | { kind: 'lock'; lock: string; holdMs: number }
  );

export interface PendingStep {
  kind: 'step';
  policy: StepPolicy;
  /** The attempt to run next, from 1. */
  attempt: number;
  /** Store time before which the next attempt must not run. */
  retryAt: number | undefined;
  /** Payload text of the last recorded checkpoint. */
  checkpoint: string | undefined;
  /** The run that makes this attempt; undefined: this process does. */
  taskRunId: string | undefined;
  work: StepWork;
}

/** What an attempt runs. */
export type StepWork =
  | { kind: 'local'; run: (step: StepContext) => unknown }
  | ExecutorWork
  | { kind: 'transaction'; run: (tx: never) => unknown };

/** A call: any engine that has the executor may make the attempt. */
export interface ExecutorWork {
  kind: 'executor';
  executor: string;
  /** Payload text. */
  input: string;
  place: CallPlace;
}

/** What the options of a call say about where and when it executes. */
export interface CallPlace {
  /** Undefined: those of the run. */
  queue: string | undefined;
  priority: Priority | undefined;
  requires: readonly string[];
  region: string | undefined;
  affinity: string | undefined;
}

export type StepCommand = Extract<Pending, { kind: 'step' }>;

/** A child run that this turn starts. */
export interface ChildStart {
  ordinal: number;
  name: string;
  runId: string;
  workflow: NamedWorkflow;
  input: string;
  detached: boolean;
  key: string | undefined;
  priority: Priority | undefined;
  queue: string | undefined;
  tags: readonly string[];
  limits: readonly KeyLimit[] | undefined;
  timeoutMs: number | undefined;
  /** Of the engine that executes it. */
  demands: Standpoint;
}

/** For whom or what a suspended run waits: stored with it, so that `why` can answer without the program. */
export interface Wait {
  kind: 'signal' | 'sleep' | 'child' | 'external' | 'lock' | 'retry' | 'start' | 'update' | 'task';
  name: string;
  ordinal?: number | undefined;
  until?: number | undefined;
  runId?: string | undefined;
  attempt?: number | undefined;
  reason?: string | undefined;
}

/** How an execution stands when it can only wait. */
export type Standing =
  | { kind: 'open' }
  | { kind: 'completed'; payload: string }
  | { kind: 'failed' | 'cancelled' | 'timed-out'; payload: string }
  | { kind: 'continued'; payload: string; successor: string }
  | { kind: 'blocked'; mismatch: Mismatch };

/** Why a run cannot go on without a person: what history expects and what the program did, side by side. */
export interface Mismatch {
  code: 'NON_DETERMINISTIC' | 'FOREIGN_AWAIT';
  message: string;
  expected: string;
  actual: string;
  seq: number | undefined;
}
