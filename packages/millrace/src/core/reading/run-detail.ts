import type { GraphView } from '../dag/view/view-graph.ts';
import { decodeValue } from '../json.ts';
import type { PlacedEvent } from '../run/event.ts';
import type { ClosedStatus } from '../status.ts';
import { describeError, type ErrorDescription } from './describe-error.ts';
import { describeRun, type RunDescription } from './describe-run.ts';
import { instant, instantOrNull } from './instant.ts';
import type { ReadableRun } from './readable-run.ts';
import { fold } from './fold.ts';
import type { Attempt, ChildState, StepState, StepStatus } from './state/state.ts';

/** A step as every surface shows it. */
export interface StepDescription {
  readonly name: string;
  readonly status: StepStatus;
  /** Recorded attempts that count. */
  readonly attempts: number;
  readonly startedAt: string | null;
  readonly endedAt: string | null;
  readonly engineId: string | null;
  /** The run that makes its current attempt on another engine. */
  readonly taskRunId: string | null;
  readonly output: unknown;
  /** Of the last attempt, until the step completes. */
  readonly error: ErrorDescription | null;
  /** Every attempt that did not succeed, with its reason; also those that a retry of the run took back. */
  readonly retries: readonly FailedAttempt[];
}

export interface FailedAttempt {
  readonly attempt: number;
  readonly at: string;
  readonly engineId: string;
  readonly error: ErrorDescription;
  /** When the next attempt may begin; null when this was the last one. */
  readonly retryAt: string | null;
  readonly superseded: boolean;
}

export interface ChildDescription {
  readonly name: string;
  readonly runId: string;
  readonly workflow: string;
  readonly detached: boolean;
  readonly status: ClosedStatus | 'open';
  readonly startedAt: string;
  readonly closedAt: string | null;
}

/** A run with everything that its history tells. */
export interface RunDetail extends RunDescription {
  readonly steps: readonly StepDescription[];
  readonly signals: readonly {
    readonly id: string;
    readonly name: string;
    readonly at: string;
    readonly payload: unknown;
  }[];
  readonly children: readonly ChildDescription[];
  readonly timers: readonly { readonly name: string; readonly setAt: string; readonly fireAt: string }[];
  /** Last value per key. */
  readonly published: Readonly<Record<string, unknown>>;
  readonly retriedAt: readonly string[];
}

/**
 * A run with everything that its history tells.
 * @param history - whole and in order.
 * @param view - of a run of a definition.
 */
export function detailRun(run: ReadableRun, history: readonly PlacedEvent[], view?: GraphView): RunDetail {
  const state = fold(history);
  return {
    ...describeRun(run, history, view),
    steps: state.steps.map(describeStep),
    signals: state.signals.map(({ id, name, at, payload }) => ({
      id,
      name,
      at: instant(at),
      payload: valueOf(payload),
    })),
    children: state.children.map(describeChild),
    timers: state.timers.map(({ name, setAt, fireAt }) => ({
      name,
      setAt: instant(setAt),
      fireAt: instant(fireAt),
    })),
    published: Object.fromEntries([...state.published].map(([key, payload]) => [key, decodeValue(payload)])),
    retriedAt: state.retriedAt.map(instant),
  };
}

function describeStep(step: StepState): StepDescription {
  return {
    name: step.name,
    status: step.status,
    attempts: step.attempts,
    startedAt: instantOrNull(step.startedAt),
    endedAt: instantOrNull(step.endedAt),
    engineId: step.engine ?? null,
    taskRunId: step.taskRunId ?? null,
    output: valueOf(step.output),
    error: step.error === undefined ? null : describeError(step.error, STEP_FAILED),
    retries: step.tries.filter(({ outcome }) => outcome !== 'completed').map(describeAttempt),
  };
}

const STEP_FAILED = 'STEP_FAILED';

function describeAttempt({ attempt, at, engine, payload, retryAt, superseded }: Attempt): FailedAttempt {
  const error = describeError(payload, STEP_FAILED);
  return { attempt, at: instant(at), engineId: engine, error, retryAt: instantOrNull(retryAt), superseded };
}

function describeChild({
  name,
  runId,
  workflow,
  detached,
  status,
  startedAt,
  closedAt,
}: ChildState): ChildDescription {
  return {
    name,
    runId,
    workflow,
    detached,
    status,
    startedAt: instant(startedAt),
    closedAt: instantOrNull(closedAt),
  };
}

function valueOf(payload: string | undefined): unknown {
  return payload === undefined ? null : decodeValue(payload);
}
