import { withdraw } from '../locks/ask.ts';
import { CancelledError, ChildFailedError, MillraceError, StepError, TimeoutError } from '../errors.ts';
import { failureOf, type Failure } from '../failure.ts';
import { decodeValue } from '../json.ts';
import type { Pending, StepCommand } from './command.ts';
import { describe, type Execution } from './execution.ts';
import { startedChild, type EventOf, type RunEvent } from './event.ts';
import { encodeFailure } from './outcome.ts';

/**
 * Whether a new arrival still means something: late outcomes, repeats and answers to settled waits do not.
 */
export function accepts(execution: Execution, event: RunEvent): boolean {
  switch (event.type) {
    case 'step-completed':
    case 'step-failed':
    case 'step-retrying':
    case 'step-checkpoint': {
      const pending = execution.pending.get(event.ordinal);
      return pending?.kind === 'step' && pending.attempt === event.attempt;
    }
    case 'step-placed': {
      const pending = execution.pending.get(event.ordinal);
      if (pending?.kind !== 'step' || pending.attempt !== event.attempt) return false;
      return pending.taskRunId === undefined;
    }
    case 'timer-fired':
      return execution.pending.get(event.ordinal)?.fireAt !== undefined;
    case 'child-closed':
      // Another one may have been in its place, which a retry has taken back.
      return execution.isOpenChild(event.ordinal, startedChild(event));
    case 'external-completed': {
      const pending = execution.pending.get(event.ordinal); // tokens come from outside: the name may be wrong
      return pending?.kind === 'external' && pending.name === event.name;
    }
    case 'lock-granted':
      return execution.pending.get(event.ordinal)?.kind === 'lock';
    case 'signal-received':
      return !execution.hasSeen(`signal:${event.id}`);
    case 'update-received':
      return !execution.hasSeen(`update:${event.id}`);
    case 'cancel-requested':
    case 'deadline-passed':
      return execution.cancellation === undefined;
    default:
      return false;
  }
}

/**
 * Lets one event act on the program: settles what it settles. The caller drains after it (E2).
 * @param seq - its place in history, for mismatches; undefined for new events.
 */
export function apply(execution: Execution, event: RunEvent, seq: number | undefined): void {
  switch (event.type) {
    case 'step-completed':
      return settleStep(execution, event, seq, (step) => step.resolve(decodeValue(event.payload ?? 'null')));
    case 'step-failed':
      return settleStep(execution, event, seq, (step) =>
        step.reject(new StepError(event.name, event.attempt, failureIn(event))),
      );
    case 'step-retrying':
      return changeStep(execution, event, seq, (step) => {
        step.attempt = event.attempt + 1;
        execution.pause(step, event.retryAt);
        step.taskRunId = undefined;
        execution.readySteps.push(step);
      });
    case 'step-checkpoint':
      return changeStep(execution, event, seq, (step) => {
        step.checkpoint = event.payload;
        execution.lastCheckpoint = event.payload;
      });
    case 'step-placed':
      return changeStep(execution, event, seq, (step) => {
        step.taskRunId = event.runId;
        execution.pause(step, undefined);
      });
    case 'timer-fired':
      return fireTimer(execution, event, seq);
    case 'child-closed':
      return closeChild(execution, event, seq);
    case 'external-completed':
      return settleWait(execution, event, seq, (pending) =>
        event.ok
          ? pending.resolve(decodeValue(event.payload ?? 'null'))
          : pending.reject(new StepError(event.name, 1, failureIn(event))),
      );
    case 'lock-granted':
      return settleWait(execution, event, seq, (pending) =>
        pending.resolve({ token: event.token, expiresAt: event.expiresAt }),
      );
    case 'signal-received':
      return execution.receiveSignal({ id: event.id, name: event.name, payload: event.payload ?? 'null' });
    case 'update-received':
      execution.markSeen(`update:${event.id}`);
      return replyTo(execution, event);
    case 'cancel-requested':
      return execution.cancel(new CancelledError(reasonIn(event)));
    case 'deadline-passed':
      return execution.cancel(
        new MillraceError('RUN_TIMED_OUT', 'the run passed its deadline', { bare: true }),
      );
    case 'started':
    case 'timer-set':
    case 'child-started':
    case 'lock-requested':
    case 'lock-released':
    case 'recorded':
    case 'published':
    case 'patched':
    case 'update-replied':
    case 'completed':
    case 'failed':
    case 'cancelled':
    case 'timed-out':
    case 'continued':
    case 'blocked':
    case 'retried':
      return;
  }
}

/** The failure that an event carries. */
export function failureIn(event: { payload?: string | undefined }): Failure {
  return decodeValue(event.payload ?? '{"name":"Error","message":""}') as Failure;
}

function reasonIn(event: RunEvent): string | undefined {
  const reason = event.payload === undefined ? undefined : decodeValue(event.payload);
  return typeof reason === 'string' ? reason : undefined;
}

type StepEvent = EventOf<
  'step-completed' | 'step-failed' | 'step-retrying' | 'step-checkpoint' | 'step-placed'
>;

function changeStep(
  execution: Execution,
  event: StepEvent,
  seq: number | undefined,
  change: (step: StepCommand) => void,
): void {
  const pending = execution.pending.get(event.ordinal);
  if (pending?.kind === 'step' && pending.name === event.name) return change(pending);
  refuse(execution, event, pending, seq);
}

function settleStep(
  execution: Execution,
  event: StepEvent,
  seq: number | undefined,
  settle: (step: StepCommand) => void,
): void {
  changeStep(execution, event, seq, (step) => {
    execution.take(step);
    settle(step);
  });
}

/** What kind of wait an outcome ends. */
const WAITS = { 'child-closed': 'child', 'external-completed': 'external', 'lock-granted': 'lock' } as const;

function settleWait(
  execution: Execution,
  event: EventOf<keyof typeof WAITS>,
  seq: number | undefined,
  settle: (pending: Pending) => void,
): void {
  const kind = WAITS[event.type];
  const pending = execution.pending.get(event.ordinal);
  if (pending?.kind !== kind || pending.name !== event.name) return refuse(execution, event, pending, seq);
  execution.take(pending);
  settle(pending);
}

function fireTimer(execution: Execution, event: EventOf<'timer-fired'>, seq: number | undefined): void {
  const pending = execution.pending.get(event.ordinal);
  if (pending?.fireAt === undefined || pending.name !== event.name)
    return refuse(execution, event, pending, seq);
  execution.take(pending);
  if (pending.kind === 'sleep') return pending.resolve(undefined);
  if (pending.kind === 'lock') {
    withdraw(execution, pending.lock, pending.ordinal);
    return pending.reject(lockTimeout(pending.lock));
  }
  if (pending.kind === 'step') execution.abandon(pending);
  const what =
    pending.kind === 'step' ? `all attempts of step "${pending.name}"` : `${pending.kind} "${pending.name}"`;
  pending.reject(new TimeoutError(`${what} did not end in time`));
}

/** Nobody gave the lock away in time. */
export function lockTimeout(lock: string): MillraceError {
  const what = `lock "${lock}" was not granted in time`;
  return new MillraceError('LOCK_TIMEOUT', what, { details: { lock }, bare: true });
}

function closeChild(execution: Execution, event: EventOf<'child-closed'>, seq: number | undefined): void {
  const known = execution.closeChild(event.ordinal);
  const pending = execution.pending.get(event.ordinal);
  if (pending === undefined && (known || execution.cancellation !== undefined)) return; // detached, or nobody waits
  settleWait(execution, event, seq, (child) =>
    event.status === 'completed'
      ? child.resolve(decodeValue(event.payload ?? 'null'))
      : child.reject(new ChildFailedError(workflowOf(child), event.runId, failureIn(event))),
  );
}

/** Of what `settleWait` has found to be a child. */
function workflowOf(pending: Pending): string {
  return (pending as Extract<Pending, { kind: 'child' }>).workflow;
}

function refuse(
  execution: Execution,
  event: RunEvent,
  pending: Pending | undefined,
  seq: number | undefined,
): void {
  const actual =
    pending === undefined ? 'nothing' : `${pending.kind} "${pending.name}" (command ${pending.ordinal})`;
  execution.mismatch(describe(event), actual, seq);
}

/** Runs the handler of an update, if one is registered, and records its reply. */
export function replyTo(execution: Execution, update: EventOf<'update-received'>): void {
  const handler = execution.handlerOf(update);
  if (handler === undefined) return;
  const reply = async (): Promise<string> =>
    execution.ports.encode(
      await handler(decodeValue(update.payload ?? 'null')),
      `reply to update "${update.name}"`,
    );
  reply().then(
    (payload) => recordReply(execution, update, true, payload),
    (error: unknown) => recordReply(execution, update, false, encodeFailure(failureOf(error))),
  );
}

function recordReply(
  execution: Execution,
  update: EventOf<'update-received'>,
  ok: boolean,
  payload: string,
): void {
  if (!execution.active) return execution.onForeignUse();
  execution.record(`update:${update.id}`, () => ({
    type: 'update-replied',
    id: update.id,
    name: update.name,
    ok,
    payload,
  }));
}
