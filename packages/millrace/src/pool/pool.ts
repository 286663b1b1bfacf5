import { MillraceError, TimeoutError } from '../core/errors.ts';
import type { IsolatedExecutor } from '../core/pool/isolated.ts';
import type { PoolSettings } from '../core/pool/pool-options.ts';
import { decideScale } from '../core/pool/scale.ts';
import type { PoolDecision, PoolState } from '../core/pool/state.ts';
import type { StepContext } from '../core/workflow/context.ts';
import { Crew } from './crew.ts';
import { checkJob, stepJob, type Job } from './job.ts';
import type { PoolPorts } from './ports.ts';
import { START_MS, crash } from './worker.ts';

const DECISIONS_KEPT = 50;
/** A burst is looked at before the next check; after this long most of it has come. */
const BURST_MS = 100;
/** Idle workers need a moment to go, however little time is left. */
const LEAST_CLOSE_MS = 1000;

/**
 * Worker processes for isolated executors, and the queue before them.
 *
 *   P1  A job that was taken settles: with its result, its error, WORKER_CRASHED, or the reason of its abort.
 *   P2  What a job does to its process — blocks it, fills its memory, ends it — no other process feels.
 *   P3  Jobs begin in the order in which they came.
 */
export class Pool {
  private readonly ports: PoolPorts;
  private readonly settings: PoolSettings;
  private readonly crew: Crew;
  private readonly queue: Job[] = [];
  private readonly decisions: PoolDecision[] = [];
  private lastId = 0;
  private isClosed = false;
  private stopChecking: () => void = () => {};
  private stopKeepingAlive: () => void = () => {};
  private isBurst = false;

  /**
   * Starts the workers and lets one of them load each executor.
   * @throws INVALID_ARGUMENT for one that cannot be loaded, WORKER_CRASHED where no process starts, TIMEOUT.
   */
  static async open(
    ports: PoolPorts,
    settings: PoolSettings,
    executors: readonly IsolatedExecutor[],
  ): Promise<Pool> {
    const pool = new Pool(ports, settings, executors);
    try {
      await Promise.all(executors.map((executor) => pool.check(executor)));
    } catch (error) {
      await pool.close(0);
      throw error;
    }
    return pool;
  }

  private constructor(ports: PoolPorts, settings: PoolSettings, executors: readonly IsolatedExecutor[]) {
    this.ports = ports;
    this.settings = settings;
    const wanted = executors.map(({ memoryMb }) => memoryMb ?? 0);
    const heapMb = Math.max(settings.memoryMb, ...wanted) * settings.jobsPerWorker;
    this.crew = new Crew(ports, settings, {
      heapMb,
      events: {
        free: () => this.dispatch(),
        stillborn: (worker, exit) => this.refuseChecks(crash(worker.pid, worker.endedFor ?? 'ended', exit)),
        decided: (decision) => this.keep(decision),
      },
    });
    // One is there for the checks, even where the minimum is none.
    this.crew.resize(Math.max(1, settings.min));
    this.checkLater();
    this.keepAliveLater();
  }

  /**
   * Runs one attempt of an isolated executor.
   * @throws POOL_FULL, ENGINE_CLOSED, NOT_SERIALIZABLE, WORKER_CRASHED, the reason of `step.signal`, or what the
   *   function throws.
   */
  run(executor: IsolatedExecutor, input: unknown, step: StepContext): Promise<unknown> {
    return new Promise((resolve, reject) => {
      this.refuseWhenFull();
      const { signal } = step;
      signal.throwIfAborted();
      const id = (this.lastId += 1);
      const job = stepJob(id, executor, { input, step, resolve, reject });
      signal.addEventListener('abort', () => this.abort(job, signal.reason as Error), { once: true });
      this.queue.push(job);
      this.dispatch();
      this.lookAtBurst();
    });
  }

  state(): PoolState {
    const { min, max } = this.settings;
    return {
      workers: this.crew.states(),
      target: this.crew.target,
      min,
      max,
      queued: this.queue.length,
      running: this.crew.running,
      decisions: [...this.decisions],
    };
  }

  /** Refuses what waits, lets what runs end for at most `graceMs`, and ends every process. */
  async close(graceMs: number): Promise<void> {
    this.isClosed = true;
    this.stopChecking();
    this.stopKeepingAlive();
    for (const job of this.queue.splice(0)) job.reject(closed());
    await this.crew.close(Math.max(graceMs, LEAST_CLOSE_MS));
  }

  private async check(executor: IsolatedExecutor): Promise<void> {
    const { module, exportName } = executor;
    let undo: (() => void) | undefined;
    try {
      await new Promise<unknown>((resolve, reject) => {
        const what = `worker did not load "${exportName}" of ${module} within ${START_MS} ms`;
        undo = this.ports.after(START_MS, () => reject(new TimeoutError(what)));
        const id = (this.lastId += 1);
        this.queue.push(checkJob(id, executor, { resolve, reject }));
        this.dispatch();
      });
    } finally {
      undo?.();
    }
  }

  private refuseChecks(error: MillraceError): void {
    const checks = this.queue.filter(({ step }) => step === undefined);
    for (const job of checks) {
      this.queue.splice(this.queue.indexOf(job), 1);
      job.reject(error);
    }
  }

  private refuseWhenFull(): void {
    if (this.isClosed) throw closed();
    const { maxQueued } = this.settings;
    if (this.queue.length < maxQueued) return;
    throw new MillraceError('POOL_FULL', `the worker pool has ${this.queue.length} jobs waiting`, {
      details: { queued: this.queue.length, maxQueued },
    });
  }

  private abort(job: Job, reason: Error): void {
    const at = this.queue.indexOf(job);
    if (at >= 0) {
      this.queue.splice(at, 1);
      return job.reject(reason);
    }
    this.crew.all().some((worker) => worker.abort(job, reason));
  }

  private dispatch(): void {
    while (this.queue.length > 0) {
      const worker = this.crew.free();
      const job = worker && this.queue.shift();
      if (worker === undefined || job === undefined) return;
      worker.give(job);
    }
  }

  private checkLater(): void {
    this.stopChecking = this.ports.after(this.settings.checkIntervalMs, () => this.checkSize());
  }

  private lookAtBurst(): void {
    const needsLook = this.queue.length > this.settings.scaleUpThreshold || this.crew.target === 0;
    if (!needsLook || this.isBurst) return;
    this.isBurst = true;
    this.stopChecking();
    this.stopChecking = this.ports.after(BURST_MS, () => this.checkSize());
  }

  private checkSize(): void {
    const { queue, crew, settings } = this;
    const from = crew.target;
    const load = { queued: queue.length, running: crew.running, workers: from };
    const { kind, target, reason } = decideScale(load, settings);
    // The next excess is a burst again only after this one is over.
    this.isBurst = queue.length > settings.scaleUpThreshold;
    if (kind !== 'stay') this.keep({ kind, from, to: target, reason });
    crew.resize(target);
    this.checkLater();
  }

  private keep(decision: Omit<PoolDecision, 'at'>): void {
    const { kind, from, to, reason } = decision;
    // That it cannot grow is said once, not at each check.
    if (kind === 'at-maximum' && this.decisions.findLast((one) => one.kind !== 'replace')?.kind === kind)
      return;
    this.decisions.push({ at: this.ports.clock.wall(), ...decision });
    if (this.decisions.length > DECISIONS_KEPT) this.decisions.shift();
    const level = kind === 'grow' || kind === 'shrink' ? 'info' : 'warn';
    this.ports.log(level, `worker pool: ${WORDS[kind](from, to)}: ${reason}`, {
      ...{ workers: to, queued: this.queue.length, running: this.crew.running },
    });
  }

  /** With `heartbeatTimeout`, waiting for a worker is not silence of the step. */
  private keepAliveLater(): void {
    this.stopKeepingAlive = this.ports.after(this.settings.healthIntervalMs, () => {
      for (const { step } of this.queue) step?.heartbeat();
      this.keepAliveLater();
    });
  }
}

const WORDS: Readonly<Record<PoolDecision['kind'], (from: number, to: number) => string>> = {
  grow: (from, to) => `grows from ${from} to ${to}`,
  shrink: (from, to) => `shrinks from ${from} to ${to}`,
  'at-maximum': (_from, to) => `stays at ${to}`,
  replace: () => 'replaces a worker',
};

function closed(): MillraceError {
  return new MillraceError('ENGINE_CLOSED', 'the worker pool is closed');
}
