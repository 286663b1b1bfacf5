import type { Arrival, RunEvent } from '../../core/run/event.ts';
import type { StepCommand } from '../../core/run/command.ts';
import { endTurn, takeTurn, type Turn } from '../../core/run/turn.ts';
import { isUnreadable } from '../../core/payload/unreadable.ts';
import { dueTimers } from '../../core/run/waiting/waits.ts';
import type { Plan } from '../../store/port/store.ts';
import type { CommitResult } from '../commit/committer.ts';
import { abandonAttempts, dispatch, dispatchDue } from '../dispatch/dispatch.ts';
import { placeReady } from '../dispatch/place.ts';
import { isTask } from '../dispatch/task.ts';
import { runTransaction } from '../dispatch/transaction.ts';
import type { Engine } from '../engine.ts';
import type { Instance } from '../instance.ts';
import { sayForRun } from '../lines/say.ts';
import { settleDeliveries, settleStarts } from './effects.ts';
import { meterGrants, settleLocks } from './locks.ts';
import { lookAgain, recordOutcomes } from './pausing.ts';
import { planOf } from './plan.ts';
import { block, blockUnreadable, consumedBy, forget, redo, rest, takeInbox } from './ownership.ts';

/** Pauses up to this long are waited for in memory; longer ones give the run back to the store. */
const SHORT_WAIT_MS = 100;

/**
 * One run's way: arrivals → turn → plan → commit → what the commit allows. Returns when nothing is left to do
 * here. Nothing leaves the process before its plan is `ok`. Not to be called while the instance is busy.
 */
export async function drive(engine: Engine, instance: Instance): Promise<void> {
  instance.busy = true;
  try {
    while (instance.held && hasWork(instance)) await goOnce(engine, instance);
  } catch (error) {
    if (!instance.held) return; // given up meanwhile: this engine is closed and the store did not answer
    if (isUnreadable(error)) return await blockUnreadable(engine, instance, error);
    forget(engine, instance, 'unexpected failure');
    engine.report('a run was given back after an unexpected failure', error);
  } finally {
    instance.busy = false;
  }
}

function goOnce(engine: Engine, instance: Instance): Promise<void> {
  if (instance.doubted) return lookAgain(engine, instance);
  return instance.paused === undefined ? turnOnce(engine, instance) : recordOutcomes(engine, instance);
}

function hasWork(instance: Instance): boolean {
  if (instance.doubted) return true;
  if (instance.paused !== undefined) return instance.arrivals.length > 0 || instance.attempts.size === 0;
  return (
    instance.fresh ||
    instance.arrivals.length > 0 ||
    instance.stored !== undefined ||
    instance.inboxBehind ||
    instance.restless ||
    instance.transactions.length > 0
  );
}

async function turnOnce(engine: Engine, instance: Instance): Promise<void> {
  if (instance.inboxBehind) await takeInbox(engine, instance);
  if (!instance.held || instance.doubted) return;
  const idle = !instance.fresh && instance.arrivals.length === 0 && instance.stored === undefined;
  if (idle && instance.transactions.length > 0) return runTransaction(engine, instance);

  const taken = takeArrivals(instance);
  const { execution } = instance;
  if (instance.fresh) await engine.ports.drained();
  instance.fresh = false;
  const given = taken.stored !== undefined || taken.arrivals.length > 0;
  const turn = given ? await takeTurn(execution, taken.arrivals, taken.stored) : endTurn(execution, 0);
  const here = placeReady(engine, instance, turn);
  const { inboxSeq } = taken;
  const consumed = consumedBy(taken.arrivals, turn.taken, taken.consumed);
  const plan = planOf(engine, instance, turn, { stays: stays(engine, instance, turn), consumed, inboxSeq });
  if (plan !== undefined) {
    const went = conclude(engine, instance, { plan, taken }, await engine.commit(plan));
    if (went !== true && !(await went)) return;
  }
  // Who got the lock goes on at once; who did not is put to rest now.
  if (turn.locks.length > 0) instance.restless = true;
  for (const done of taken.afterCommit) done();
  act(engine, instance, turn, here);
}

/** What one turn works on; what comes later belongs to the next. */
interface Taken {
  arrivals: readonly Arrival[];
  stored: RunEvent | undefined;
  afterCommit: readonly (() => void)[];
  consumed: readonly number[];
  inboxSeq: number;
}

/** What is empty stays with the instance: the turn must not see what comes after it. */
const NONE: readonly never[] = [];

function takeArrivals(instance: Instance): Taken {
  const { arrivals, stored, afterCommit, consumed, inboxSeq } = instance;
  if (arrivals.length > 0) instance.arrivals = [];
  if (afterCommit.length > 0) instance.afterCommit = [];
  if (consumed.length > 0) instance.consumed = [];
  instance.stored = undefined;
  instance.restless = false;
  instance.cancelTimer?.();
  instance.cancelTimer = undefined;
  return {
    arrivals: arrivals.length > 0 ? arrivals : NONE,
    stored,
    afterCommit: afterCommit.length > 0 ? afterCommit : NONE,
    consumed: consumed.length > 0 ? consumed : NONE,
    inboxSeq,
  };
}

/** Whether this process has something to do for the run before anything from outside can happen. */
function stays(engine: Engine, instance: Instance, turn: Turn): boolean {
  if (turn.standing.kind !== 'open') return false;
  // A lock that is free is granted with the request: no need to leave and come back.
  if (turn.locks.some(({ kind }) => kind === 'request')) return true;
  const { execution, attempts, transactions, arrivals, inboxBehind } = instance;
  if (arrivals.length > 0 || transactions.length > 0 || inboxBehind) return true;
  for (const ordinal of attempts.keys()) if (execution.pending.has(ordinal)) return true;
  const soon = engine.clock.upper() + SHORT_WAIT_MS;
  for (const step of turn.readySteps) {
    if (execution.pending.get(step.ordinal) === step && isReady(step, soon)) return true;
  }
  if (engine.isDraining() && hasReadyStep(instance, soon)) return true;
  if (execution.pending.size > FEW) return false;
  for (const { fireAt } of execution.pending.values())
    if (fireAt !== undefined && fireAt <= soon) return true;
  return false;
}

/** A step that an earlier turn made ready and that was not dispatched any more: it must not be slept on. */
function hasReadyStep({ execution, attempts }: Instance, soon: number): boolean {
  for (const pending of execution.pending.values()) {
    if (pending.kind === 'step' && !attempts.has(pending.ordinal) && isReady(pending, soon)) return true;
  }
  return false;
}

/** Whether its next attempt begins here, unless it is placed elsewhere then. */
function isReady({ taskRunId, retryAt = 0 }: StepCommand, soon: number): boolean {
  return taskRunId === undefined && retryAt <= soon;
}

/** Looking through every pending command each turn would make a fan-out quadratic. */
const FEW = 16;

/** A plan, and what led to it. */
interface Sent {
  readonly plan: Plan;
  readonly taken: Taken;
}

/** True when the plan is durable and its effects may follow. At once, unless it is not that simple. */
function conclude(
  engine: Engine,
  instance: Instance,
  { plan, taken }: Sent,
  result: CommitResult,
): boolean | Promise<boolean> {
  if (!instance.held) {
    // Whoever discards a run finds nothing when its plan is sent again.
    if (result.outcome === 'conflict' && plan.next.kind !== 'discard') engine.noteRefusal(plan);
    return false;
  }
  switch (result.outcome) {
    case 'ok':
      passCrashPoints(engine, plan);
      settled(engine, instance, plan);
      // What waits for its grant may be anybody's to claim.
      if (result.freed) engine.hintReady();
      settleStarts(engine, plan.starts, result.starts);
      settleDeliveries(engine, plan.messages, result.deliveries);
      settleLocks(engine, plan, result.grants);
      return true;
    case 'already':
      settled(engine, instance, plan);
      engine.auditSoon();
      return true;
    case 'unread':
      instance.inboxBehind = true;
      if (plan.next.kind === 'close' || plan.next.kind === 'discard')
        return redo(engine, instance, taken.arrivals).then(() => false);
      return goOn(engine, instance, { plan: { ...plan, next: { kind: 'continue' } }, taken });
    case 'conflict':
      // Perhaps the first sending was applied: then its message may have made the caller this engine's own.
      if (plan.next.kind === 'discard') engine.auditSoon();
      return lookAgain(engine, instance, taken).then(() => false);
    case 'refused':
      engine.report(`the store refuses a plan of run ${instance.runId}`, result.error);
      return block(engine, instance, result.error).then(() => false);
  }
}

/** The plan again, as one that keeps the run here: there are messages that it has not seen. */
async function goOn(engine: Engine, instance: Instance, sent: Sent): Promise<boolean> {
  return conclude(engine, instance, sent, await engine.commit(sent.plan));
}

function passCrashPoints({ ports }: Engine, { next, starts }: Plan): void {
  if (next.kind === 'close' && next.status === 'continued') ports.crashPoint('continue.after-commit');
  else if (starts.length > 0) ports.crashPoint('child.after-commit');
}

function settled(engine: Engine, instance: Instance, plan: Plan): void {
  instance.row.version++;
  instance.row.events += plan.count;
  if (instance.suspect && plan.count > 0) engine.clearSuspect(instance);
  if (plan.next.kind !== 'continue') rest(engine, instance, plan.next);
}

/** What the commit allows: effects in the order log, abort, ends, dispatch. */
function act(engine: Engine, instance: Instance, turn: Turn, here: ReadonlySet<StepCommand>): void {
  for (const line of turn.logs) sayForRun(engine, instance, line);
  abandonAttempts(instance, turn.abandoned);
  if (engine.listener.wantsReplies()) engine.settleReplies(instance.runId, turn.events);
  meterGrants(engine, instance, turn);
  if (turn.standing.kind !== 'open') {
    if (turn.standing.kind !== 'blocked' && !isTask(instance)) engine.settleResult(instance, turn.standing);
    return;
  }
  if (!instance.held) return;
  if (engine.isDraining()) return leaveIfIdle(engine, instance);
  dispatch(engine, instance, turn.readySteps, here);
  setTimer(engine, instance);
}

/** While draining, what runs may end; nothing new begins. The run goes on elsewhere from its last commit. */
export function leaveIfIdle(engine: Engine, instance: Instance): void {
  if (instance.attempts.size === 0) forget(engine, instance, 'this engine is shutting down');
}

/** While the run is held, its timers are kept in memory; the store has them too, once it is suspended. */
function setTimer(engine: Engine, instance: Instance): void {
  const at = engine.nextDue(instance);
  if (at === undefined) return;
  instance.cancelTimer?.();
  instance.cancelTimer = engine.ports.after(Math.max(0, at - engine.clock.lower()), () => {
    instance.cancelTimer = undefined;
    // Whoever is busy with it sets a new timer; what arrived meanwhile must be applied before anything is
    // dispatched.
    if (!instance.busy) wakeByTimer(engine, instance);
  });
}

/** Timers that are due become arrivals. */
export function takeDueTimers(engine: Engine, instance: Instance): void {
  for (const event of dueTimers(instance.execution, engine.clock.lower())) instance.arrivals.push(event);
}

/** Timers that are due become arrivals, retries that are due are dispatched. */
export function wakeByTimer(engine: Engine, instance: Instance): void {
  if (!instance.held || instance.paused !== undefined) return;
  takeDueTimers(engine, instance);
  dispatchDue(engine, instance, engine.clock.lower());
  if (instance.arrivals.length === 0 && instance.transactions.length === 0) setTimer(engine, instance);
  else engine.drive(instance);
}
