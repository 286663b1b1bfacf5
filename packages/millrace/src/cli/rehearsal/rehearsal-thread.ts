import { Worker } from 'node:worker_threads';
import { lost, type RehearsalJob } from '../../api/preflight/rehearser.ts';
import { MillraceError } from '../../core/errors.ts';
import { errorOf } from '../../core/failure.ts';
import type { Verdict } from '../../core/rehearsal/report.ts';
import type { NamedWorkflow } from '../../core/workflow/workflow.ts';
import type { FromThread, ThreadSettings, ToThread } from './messages.ts';

export interface ThreadOptions extends ThreadSettings {
  /** How long a program may take for one run, ms. */
  readonly patienceMs: number;
  /** Hears what the build prints. */
  readonly tell: (text: string) => void;
}

/** Sources run as they are, compiled files lie beside compiled ones. */
const THREAD = new URL(import.meta.url.endsWith('.ts') ? './thread.ts' : './thread.js', import.meta.url);
const LOADING_MS = 60_000;
/** So many runs of a version that never come back speak for all. */
const ENOUGH = 3;

interface Waiting {
  readonly job: RehearsalJob<NamedWorkflow>;
  readonly answer: (verdict: Verdict) => void;
  readonly fail: (error: unknown) => void;
}

/**
 * Rehearses in a thread of its own, which can be ended: a program that never comes back holds up only its run.
 *   T1  Jobs are answered in the order given: whoever is first when the thread is silent for too long, or dies, is to
 *       blame; the others go to a new thread.
 *   T2  At most one thread lives at a time, and none after `close`.
 */
export class RehearsalThread {
  workflows: readonly NamedWorkflow[] = [];
  private readonly options: ThreadOptions;
  private readonly waiting: Map<number, Waiting> = new Map();
  /** Runs that were lost, by workflow and version. */
  private readonly lost: Map<string, number> = new Map();
  private worker: Worker | undefined;
  /** The build is loaded in it. */
  private isReady = false;
  private timer: NodeJS.Timeout | undefined;
  private jobs = 0;

  private constructor(options: ThreadOptions) {
    this.options = options;
  }

  /** Starts a thread and loads the build in it. @throws INVALID_ARGUMENT and what loading throws. */
  static async open(options: ThreadOptions): Promise<RehearsalThread> {
    const thread = new RehearsalThread(options);
    await thread.launch();
    return thread;
  }

  rehearse(job: RehearsalJob<NamedWorkflow>): Promise<Verdict> {
    if (this.isGivenUp(job)) return Promise.resolve(NOT_TRIED);
    return new Promise((answer, fail) => {
      const id = this.jobs++;
      this.waiting.set(id, { job, answer, fail });
      if (!this.isReady) return;
      if (this.waiting.size === 1) this.watch();
      this.send(id, job);
    });
  }

  private isGivenUp({ workflow: { name, version } }: RehearsalJob<NamedWorkflow>): boolean {
    return (this.lost.get(`${name} ${version}`) ?? 0) >= ENOUGH;
  }

  async close(): Promise<void> {
    clearTimeout(this.timer);
    const { worker } = this;
    this.worker = undefined;
    await worker?.terminate();
  }

  private async launch(): Promise<void> {
    const { files, tell } = this.options;
    const settings: ThreadSettings = { files };
    const worker = new Worker(THREAD, { workerData: settings, stdout: true, stderr: true });
    this.worker = worker;
    for (const stream of [worker.stdout, worker.stderr])
      stream.on('data', (chunk: Buffer) => tell(chunk.toString().trimEnd()));
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    const timer = setTimeout(() => {
      const what = `${files.join(', ')} did not load within ${LOADING_MS / 1000} s`;
      reject(new MillraceError('INVALID_ARGUMENT', what));
    }, LOADING_MS);
    worker.on('message', (message: FromThread) => {
      if (message.kind === 'refused') return reject(errorOf(message.failure));
      if (message.kind === 'verdict') return this.settle(message.id, message.verdict);
      this.isReady = true;
      this.workflows = message.workflows;
      resolve();
    });
    let death = 'its thread ended';
    worker.on('error', (error) => (death = `its thread died: ${String(error)}`));
    worker.on('exit', () => {
      if (worker !== this.worker) return;
      if (this.isReady) this.lose(death);
      else reject(new MillraceError('INVALID_ARGUMENT', `${files.join(', ')} cannot be loaded: ${death}`));
    });
    try {
      await promise;
    } catch (error) {
      await this.close();
      throw error;
    } finally {
      clearTimeout(timer);
    }
  }

  private send(id: number, { workflow, runId, chunks }: RehearsalJob<NamedWorkflow>): void {
    const { name, version } = workflow;
    // A row's bytes may be a part of something large, all of which would be sent.
    const own = chunks.map((chunk) => ({ ...chunk, data: new Uint8Array(chunk.data) }));
    const message: ToThread = { id, name, version, runId, chunks: own };
    this.worker?.postMessage(
      message,
      own.map(({ data }) => data.buffer),
    );
  }

  private settle(id: number, verdict: Verdict): void {
    const waiting = this.waiting.get(id);
    if (waiting === undefined) return;
    this.waiting.delete(id);
    this.watch();
    waiting.answer(verdict);
  }

  /** The run that is first has this much time from now on. */
  private watch(): void {
    clearTimeout(this.timer);
    const { patienceMs } = this.options;
    if (this.waiting.size === 0) return;
    this.timer = setTimeout(() => this.lose(`it did not come back within ${patienceMs} ms`), patienceMs);
  }

  /** The run that is first is lost; the others are given to another thread. */
  private lose(message: string): void {
    clearTimeout(this.timer);
    const { worker } = this;
    this.worker = undefined;
    this.isReady = false;
    void worker?.terminate();
    const [first] = this.waiting.entries();
    if (first === undefined) return;
    const [id, { job, answer }] = first;
    this.waiting.delete(id);
    const { name, version } = job.workflow;
    this.lost.set(`${name} ${version}`, (this.lost.get(`${name} ${version}`) ?? 0) + 1);
    answer(lost('UNRESPONSIVE', 'the start', message));
    void this.goOn();
  }

  private async goOn(): Promise<void> {
    for (const [id, { job, answer }] of this.waiting) {
      if (!this.isGivenUp(job)) continue;
      this.waiting.delete(id);
      answer(NOT_TRIED);
    }
    try {
      await this.launch();
    } catch (error) {
      for (const { fail } of this.waiting.values()) fail(error);
      return this.waiting.clear();
    }
    for (const [id, { job }] of this.waiting) this.send(id, job);
    this.watch();
  }
}

const NOT_TRIED = lost('UNRESPONSIVE', 'the start', `not tried: ${ENOUGH} runs of this version were lost`);
