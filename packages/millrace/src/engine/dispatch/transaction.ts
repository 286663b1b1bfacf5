import { failureOf } from '../../core/failure.ts';
import { encodeChunk } from '../../core/run/chunk.ts';
import { dueTimers } from '../../core/run/waiting/waits.ts';
import type { RunEvent } from '../../core/run/event.ts';
import type { StepCommand } from '../../core/run/command.ts';
import { failedAttempt } from '../../core/run/outcome.ts';
import { StoreError } from '../../store/port/errors.ts';
import type { Plan } from '../../store/port/store.ts';
import type { Engine } from '../engine.ts';
import { FIRST_TRANSACTION_PAUSE_MS, type Instance } from '../instance.ts';
import { lookAgain } from '../turn/pausing.ts';
import { pause } from '../commit/persist.ts';

/**
 * Runs the user's writes and the plan that records the step as ONE transaction, the guarded plan last: when
 * the run is not this engine's any more, the user's writes do not happen either. Called from within `drive`,
 * so no other plan of the run is under way (N1).
 */
export async function runTransaction(engine: Engine, instance: Instance): Promise<void> {
  const step = instance.transactions.shift();
  if (step?.work.kind !== 'transaction') return;
  if (instance.execution.pending.get(step.ordinal) !== step) return;
  const { run } = step.work;
  const { clock } = engine.ports;
  const begunAt = clock.mono();
  const meter = (failed: boolean): void =>
    engine.listener.meter.attempted({
      kind: 'transaction',
      executor: undefined,
      failed,
      ms: clock.mono() - begunAt,
    });
  let event: RunEvent | undefined;
  try {
    const { result } = await engine.store.transact(run, (value) => {
      event = completed(engine, step, value);
      return recordPlan(engine, instance, event);
    });
    if (result.outcome !== 'ok' && result.outcome !== 'already') {
      return await lookAgain(engine, instance, { arrivals: [], afterCommit: [] });
    }
    instance.row.version++;
    instance.row.events++;
    if (instance.suspect) engine.clearSuspect(instance);
    instance.stored = event;
    instance.transactionPauseMs = FIRST_TRANSACTION_PAUSE_MS;
    meter(false);
  } catch (error) {
    if (error instanceof StoreError && error.failure === 'ambiguous') {
      // Whether it happened is not known here; whoever reads history next will know.
      engine.report(`the outcome of transaction "${step.name}" of run ${instance.runId} is unknown`, error);
      return engine.giveBack(instance);
    }
    if (error instanceof StoreError && error.retryable) return again(engine, instance, step);
    meter(true);
    instance.arrivals.push(failedAttempt(engine.executionPorts, step, failureOf(error)));
  }
}

/**
 * The store was busy or away, before the author's function ran or while it did, and nothing was written: that
 * is no failure of the function, and no attempt. What came due meanwhile goes first: it may end the wait.
 */
async function again(engine: Engine, instance: Instance, step: StepCommand): Promise<void> {
  const { ports, clock } = engine;
  const pauseMs = instance.transactionPauseMs;
  instance.transactionPauseMs = Math.min(pauseMs * 2, LONGEST_PAUSE_MS);
  await pause(ports, pauseMs * (0.5 + ports.random() / 2));
  if (!instance.held) return;
  instance.transactions.unshift(step);
  instance.arrivals.push(...dueTimers(instance.execution, clock.lower()));
}

const LONGEST_PAUSE_MS = 5_000;

function completed(engine: Engine, step: StepCommand, value: unknown): RunEvent {
  const { ordinal, name, attempt } = step;
  const payload = engine.encode(value, `result of transaction "${name}"`);
  return { type: 'step-completed', ordinal, name, attempt, payload };
}

function recordPlan(engine: Engine, instance: Instance, event: RunEvent): Plan {
  const { row } = instance;
  return {
    runId: row.runId,
    engineId: engine.engineId,
    epoch: row.epoch,
    version: row.version,
    commitId: engine.newCommitId(),
    seq: row.events,
    count: 1,
    history: encodeChunk(engine.chunkHeader(), [event]),
    next: { kind: 'continue' },
    consumed: [],
    starts: [],
    messages: [],
  };
}
