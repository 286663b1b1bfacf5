import { CancelledError, TimeoutError } from '../../core/errors.ts';
import { failureOf } from '../../core/failure.ts';
import { decodeValue } from '../../core/json.ts';
import type { StepCommand } from '../../core/run/command.ts';
import type { RunEvent } from '../../core/run/event.ts';
import { failedAttempt } from '../../core/run/outcome.ts';
import type { Executor, FencingToken, Log, StepContext } from '../../core/workflow/context.ts';
import type { Engine } from '../engine.ts';
import type { Instance } from '../instance.ts';
import { stepLog } from '../lines/say.ts';
import { fencingToken } from './fencing-token.ts';
import { stepKey } from './step-key.ts';
import { executorOf, shownAttempt } from './task.ts';

/**
 * One try of a step in this process.
 *
 *   A1  It reports once: its outcome, or a timeout, whichever is first; later ones are dropped.
 *   A2  After `abort` it reports nothing: the run is not this process's any more, or nobody wants the result.
 */
export class Attempt implements StepContext {
  readonly attempt: number;
  private readonly engine: Engine;
  private readonly instance: Instance;
  private readonly step: StepCommand;
  private controller: AbortController | undefined;
  private started = false;
  private startedAt = 0;
  private over = false;
  private reason: Error | undefined;
  private cancelTimeout: (() => void) | undefined;
  private cancelHeartbeat: (() => void) | undefined;

  constructor(engine: Engine, instance: Instance, step: StepCommand) {
    this.engine = engine;
    this.instance = instance;
    this.step = step;
    this.attempt = step.attempt;
  }

  /** Its function has been called. */
  get isUnderWay(): boolean {
    return this.started;
  }
  get runId(): string {
    return this.instance.runId;
  }
  get name(): string {
    return this.step.name;
  }
  get idempotencyKey(): string {
    return stepKey(this.instance.execution, this.step.ordinal);
  }
  get traceparent(): string | undefined {
    return this.instance.execution.started.traceparent;
  }
  get fencingToken(): FencingToken {
    return fencingToken(this.instance.row.epoch, this.attempt, 0);
  }
  get signal(): AbortSignal {
    this.controller ??= new AbortController();
    if (this.reason !== undefined) this.controller.abort(this.reason);
    return this.controller.signal;
  }
  get lastCheckpoint(): unknown {
    return this.step.checkpoint === undefined ? undefined : decodeValue(this.step.checkpoint);
  }
  get log(): Log {
    return stepLog(this.engine, this.instance, this.step);
  }

  heartbeat(): void {
    const { heartbeatTimeoutMs } = this.step.policy;
    if (heartbeatTimeoutMs === undefined || this.over) return;
    this.cancelHeartbeat?.();
    const what = `step "${this.name}" gave no heartbeat for ${heartbeatTimeoutMs} ms`;
    this.cancelHeartbeat = this.engine.ports.after(heartbeatTimeoutMs, () =>
      this.fail(new TimeoutError(what)),
    );
  }

  checkpoint(value: unknown): Promise<void> {
    this.heartbeat();
    const { ordinal } = this.step;
    const payload = this.engine.encode(value, `checkpoint of step "${this.name}"`);
    if (this.over) return Promise.reject(this.signal.reason);
    return new Promise((resolve) => {
      this.instance.afterCommit.push(resolve);
      this.report({ type: 'step-checkpoint', ordinal, name: this.name, attempt: this.attempt, payload });
    });
  }

  /** Runs the step's function. Never throws. */
  run(): void {
    this.started = true;
    this.startedAt = this.engine.ports.clock.mono();
    if (this.over) return this.engine.stepSlotFreed();
    const { timeoutMs } = this.step.policy;
    if (timeoutMs !== undefined) {
      const { attempt } = shownAttempt(this.instance, this.step);
      const what = `attempt ${attempt} of step "${this.name}" did not end within ${timeoutMs} ms`;
      this.cancelTimeout = this.engine.ports.after(timeoutMs, () => this.fail(new TimeoutError(what)));
    }
    this.heartbeat();
    this.engine.ports.crashPoint('step.before-user');
    try {
      const value = this.callUser();
      this.engine.ports.crashPoint('step.during-user');
      if (isThenable(value)) {
        value.then(
          (result) => this.succeed(result),
          (error: unknown) => this.fail(error),
        );
      } else this.succeed(value);
    } catch (error) {
      this.fail(error);
    }
  }

  private callUser(): unknown {
    const { work } = this.step;
    if (work.kind === 'local') return work.run(this);
    if (work.kind === 'transaction') throw new Error('a transaction is not run as an attempt');
    // What is not here was placed elsewhere.
    const executor = this.engine.executors.get(work.executor) as Executor;
    return executor(decodeValue(work.input) as never, this);
  }

  /** Nobody wants the result any more; the function is asked to stop. */
  abort(reason: Error): void {
    if (this.over) return;
    this.end(reason);
  }

  private succeed(value: unknown): void {
    if (this.over) return;
    this.engine.ports.crashPoint('step.after-user-before-report');
    let payload: string;
    try {
      payload = this.engine.encode(value, `result of step "${this.name}"`);
    } catch (error) {
      return this.fail(error);
    }
    this.end(undefined);
    this.note(false);
    const { ordinal } = this.step;
    this.report({ type: 'step-completed', ordinal, name: this.name, attempt: this.attempt, payload });
  }

  private fail(error: unknown): void {
    if (this.over) return;
    this.end(error instanceof Error ? error : new CancelledError());
    this.note(true);
    this.report(failedAttempt(this.engine.executionPorts, this.step, failureOf(error)));
  }

  /** It ended by itself, this way or that. */
  private note(failed: boolean): void {
    const { attempts, listener, ports } = this.engine;
    attempts.note(failed);
    const executor = executorOf(this.instance, this.step);
    const kind = executor === undefined ? 'step' : 'executor';
    listener.meter.attempted({ kind, executor, failed, ms: ports.clock.mono() - this.startedAt });
  }

  private end(reason: Error | undefined): void {
    this.over = true;
    this.cancelTimeout?.();
    this.cancelHeartbeat?.();
    if (this.instance.attempts.get(this.step.ordinal) === this)
      this.instance.attempts.delete(this.step.ordinal);
    if (this.started) this.engine.stepSlotFreed();
    this.reason = reason;
    if (reason !== undefined) this.controller?.abort(reason);
  }

  private report(event: RunEvent): void {
    if (!this.instance.held) return;
    this.instance.arrivals.push(event);
    this.engine.drive(this.instance);
  }
}

function isThenable(value: unknown): value is Promise<unknown> {
  return typeof value === 'object' && value !== null && 'then' in value && typeof value.then === 'function';
}
