import { MillraceError } from '../core/errors.ts';
import { failureOf } from '../core/failure.ts';
import { judgeWorker, type HealthVerdict, type WorkerSample } from '../core/pool/health.ts';
import type { PoolSettings } from '../core/pool/pool-options.ts';
import type { WorkerState } from '../core/pool/state.ts';
import { bury, hear, type Job, type JobMessage } from './job.ts';
import type { PoolPorts, ProcessExit, WorkerProcess } from './ports.ts';
import type { FromWorker, Usage } from './protocol.ts';

/** Time for a process to start and load nothing but its own program. */
export const START_MS = 30_000;

export interface WorkerEvents {
  /** It can take a job: it has started, or ended one. */
  free(): void;
  ended(worker: Worker, exit: ProcessExit): void;
}

/** What a worker inherits from those that had its place before. */
export interface Place {
  readonly restarts: number;
  /** Deaths in a row. */
  readonly streak: number;
}

/**
 * One worker process from its start to its end, and the jobs that it executes.
 *
 *   W1  Each job given to it settles: by its own report, or at the latest when the process has ended.
 *   W2  Once it leaves it gets no job, and it goes when the last one is done.
 *   W3  It is judged by what it owes: silence counts from a question, and not while its supervisor stood still.
 */
export class Worker {
  readonly place: Place;
  readonly startedMono: number;
  /** Why the pool ended it, if it did. */
  endedFor: string | undefined;
  /** Whether its end is no sign of illness: it left, or was killed for a job that would not stop. */
  isDeliberate = false;
  isLeaving = false;
  /** It has never been ready: the process itself does not start. */
  isStarting = true;
  private readonly ports: PoolPorts;
  private readonly settings: PoolSettings;
  private readonly events: WorkerEvents;
  private readonly process: WorkerProcess;
  private readonly heapMb: number;
  private readonly jobs = new Map<number, Job>();
  private readonly abortTimers = new Map<number, () => void>();
  private readonly startedAt: number;
  private jobsDone = 0;
  private isAsked = true;
  private silentMs = 0;
  private idleSince: number;
  private lookedAt: number;
  private usage: Usage | undefined;
  private cpu: number | undefined;
  /** The most that its jobs could take since it was last seen idle: the system gets memory back late. */
  private allowedMb = 0;

  constructor(
    ports: PoolPorts,
    settings: PoolSettings,
    start: { heapMb: number; place: Place; events: WorkerEvents },
  ) {
    this.ports = ports;
    this.settings = settings;
    this.events = start.events;
    this.heapMb = start.heapMb;
    this.place = start.place;
    this.startedAt = ports.clock.wall();
    this.startedMono = ports.clock.mono();
    this.idleSince = this.startedMono;
    this.lookedAt = this.startedMono;
    this.process = ports.launch(start.heapMb, {
      message: (message) => this.receive(message),
      ended: (exit) => this.end(exit),
    });
  }

  get pid(): number {
    return this.process.pid;
  }
  get load(): number {
    return this.jobs.size;
  }
  get isFree(): boolean {
    if (this.isStarting || this.isLeaving || !this.process.isConnected()) return false;
    return this.load < this.settings.jobsPerWorker;
  }

  give(job: Job): void {
    this.jobs.set(job.id, job);
    this.allowedMb = Math.max(this.allowedMb, this.wantedMb());
    // What it waited for a worker is not its own silence.
    job.step?.heartbeat();
    this.process.send(job.order);
  }

  /** @returns false when it does not execute this job. */
  abort(job: Job, reason: Error): boolean {
    if (!this.jobs.has(job.id)) return false;
    job.abortedBy = reason;
    this.process.send({ type: 'abort', id: job.id, failure: failureOf(reason) });
    const { abortGraceMs } = this.settings;
    const undo = this.ports.after(abortGraceMs, () => {
      this.isDeliberate = true;
      this.kill(`job "${job.executor.exportName}" went on for ${abortGraceMs} ms after it was aborted`);
    });
    this.abortTimers.set(job.id, undo);
    return true;
  }

  /** It ends what it has; nobody takes its place by itself. */
  leave(): void {
    this.isLeaving = true;
    if (this.isStarting) this.process.kill();
    else if (this.load === 0) this.process.send({ type: 'leave' });
  }

  kill(reason: string): void {
    this.endedFor ??= reason;
    this.isLeaving = true;
    this.process.kill();
  }

  /** Measures it, and asks it for a sign of life. */
  look(): HealthVerdict {
    const now = this.ports.clock.mono();
    const elapsedMs = now - this.lookedAt;
    this.lookedAt = now;
    this.measure(this.ports.usage(this.pid), elapsedMs);
    const { healthIntervalMs, unresponsiveMs, maxBlockMs } = this.settings;
    // A supervisor that was late itself has not yet heard what was said meanwhile.
    if (this.isAsked) this.silentMs += Math.min(elapsedMs, 2 * healthIntervalMs);
    else this.process.send({ type: 'ping' });
    this.isAsked = true;
    if (this.load === 0) this.allowedMb = this.wantedMb();
    const memoryMb = this.allowedMb;
    const limits = {
      startMs: START_MS,
      unresponsiveMs,
      maxBlockMs,
      memoryMb,
      settleMs: 2 * healthIntervalMs,
    };
    return judgeWorker(this.sample(now), limits);
  }

  state(): WorkerState {
    return {
      pid: this.pid,
      state: this.isLeaving ? 'draining' : this.isStarting ? 'starting' : this.load > 0 ? 'busy' : 'idle',
      cpu: this.cpu,
      rssMb: this.usage?.rssMb,
      jobs: this.load,
      jobsDone: this.jobsDone,
      startedAt: this.startedAt,
      restarts: this.place.restarts,
    };
  }

  private sample(now: number): WorkerSample {
    const phase = this.isStarting ? 'starting' : this.load > 0 ? 'busy' : 'idle';
    const { silentMs, cpu, usage } = this;
    return { phase, silentMs, idleMs: now - this.idleSince, cpu, rssMb: usage?.rssMb };
  }

  /** What its jobs may take together; an empty place counts like one that has a job of the default size. */
  private wantedMb(): number {
    const { jobsPerWorker, memoryMb } = this.settings;
    const own = [...this.jobs.values()].map(({ executor }) => executor.memoryMb ?? memoryMb);
    return own.reduce((sum, mb) => sum + mb, (jobsPerWorker - own.length) * memoryMb);
  }

  private measure(usage: Usage | undefined, elapsedMs: number): void {
    if (usage === undefined) return;
    if (this.usage !== undefined && elapsedMs > 0) this.cpu = (usage.cpuMs - this.usage.cpuMs) / elapsedMs;
    this.usage = usage;
  }

  private receive(message: FromWorker): void {
    this.isAsked = false;
    this.silentMs = 0;
    if (message.type === 'ready') {
      this.isStarting = false;
      return this.events.free();
    }
    // Where the system tells nothing, the process itself does; as seldom as it is asked.
    if (message.type === 'pong') {
      if (this.ports.usage(this.pid) === undefined)
        this.measure(message.usage, this.settings.healthIntervalMs);
      return;
    }
    const job = this.jobs.get(message.id);
    if (job === undefined || !this.hears(job, message)) return;
    this.drop(job);
    if (job.step !== undefined) this.jobsDone += 1;
    this.idleSince = this.ports.clock.mono();
    if (this.isLeaving && this.load === 0) this.process.send({ type: 'leave' });
    this.events.free();
  }

  /** @returns true when the job has ended. */
  private hears(job: Job, message: JobMessage): boolean {
    try {
      return hear(job, message, (answer) => this.process.send(answer));
    } catch (error) {
      // Such as a log that throws: it fails the step, as it does beside the engine.
      job.reject(error as Error);
      return message.type === 'done' || message.type === 'failed';
    }
  }

  private drop(job: Job): void {
    this.jobs.delete(job.id);
    this.abortTimers.get(job.id)?.();
    this.abortTimers.delete(job.id);
  }

  private end(exit: ProcessExit): void {
    const how = this.endedFor === undefined ? wayOut(exit, this.heapMb) : `was killed: ${this.endedFor}`;
    this.endedFor = how;
    for (const job of [...this.jobs.values()]) {
      this.drop(job);
      bury(job, ({ executor }) =>
        crash(this.pid, `${how}, while it executed "${executor.exportName}"`, exit),
      );
    }
    this.isLeaving = true;
    this.events.ended(this, exit);
  }
}

/** @param what - how it ended: `was killed: …`. */
export function crash(pid: number, what: string, { code, signal, stderr }: ProcessExit): MillraceError {
  const lines = stderr.trimEnd().split('\n');
  // The runtime says what happened and prints its own stack after it.
  const fatal = lines.find((line) => line.startsWith('FATAL ERROR'));
  const lastWords = fatal ?? lines.slice(-3).join('\n');
  const details = { pid, exitCode: code, signal, ...(lastWords === '' ? {} : { stderr: lastWords }) };
  return new MillraceError('WORKER_CRASHED', `worker process ${pid} ${what}`, { details });
}

function wayOut({ code, signal, stderr }: ProcessExit, heapMb: number): string {
  if (stderr.includes('heap out of memory')) return `ran out of its heap of ${heapMb} MiB`;
  if (signal === 'SIGKILL') return 'died of SIGKILL, sent by a person or by the system for want of memory';
  if (signal !== null) return `died of ${signal}`;
  return code === null ? `could not be started: ${stderr.trim()}` : `exited with status ${code}`;
}
