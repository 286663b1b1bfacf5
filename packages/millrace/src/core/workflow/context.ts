import type { DemandOptions } from '../cluster/demands.ts';
import type { Duration } from '../duration.ts';
import type { KeyLimit } from '../limits/limit.ts';
import type { RunLock } from '../locks/ask.ts';
import type { LockOptions } from '../locks/lock-options.ts';
import type { RetryOptions } from '../policy/retry.ts';
import type { Priority } from '../status.ts';
import type { AnyWorkflow, InputOf, OutputOf } from './workflow.ts';
import type { Signal } from './signal.ts';

/**
 * What a workflow function works with. Everything that reaches outside, takes time or differs from call to
 * call goes through it; between such calls the function must be deterministic, because it is run again from
 * its history after a crash. Promises of a context settle one at a time, in history order, live and in replay
 * alike: that is what makes `Promise.race` and `Promise.any` over them repeatable.
 */
export interface Context {
  readonly runId: string;
  /** The caller-given key, where there is one. */
  readonly key: string | undefined;
  readonly workflow: string;
  readonly version: string;
  /** Store time (ms) of the start. */
  readonly startedAt: number;
  /** Aborted when the run is cancelled or passes its deadline. */
  readonly signal: AbortSignal;

  /** Runs `fn` in this process and records its outcome once. At-least-once; the record is exactly-once. */
  step<T>(
    name: string,
    fn: (step: StepContext) => T | Promise<T>,
    options?: StepOptions,
  ): Promise<Recorded<T>>;
  /**
   * Runs a registered executor: in this process where it has it, else on any engine that does. Which one makes
   * an attempt changes nothing for the run: retries, timeouts, cancel and checkpoints are those of a step.
   */
  call<T = unknown>(executor: string, input?: unknown, options?: CallOptions): Promise<T>;
  /**
   * Runs `fn` in a database transaction that also commits the step's record: both or neither. PostgreSQL: an
   * async function with a client of its own; SQLite: a synchronous function (`Tx` names the handle that you
   * expect). When the database goes away meanwhile, the function has not failed: it is called again, and no
   * attempt is counted.
   */
  transaction<T, Tx = TransactionHandle>(name: string, fn: (tx: Tx) => T | Promise<T>): Promise<Recorded<T>>;

  sleep(duration: Duration, options?: SleepOptions): Promise<void>;
  sleepUntil(at: Date | number, options?: SleepOptions): Promise<void>;

  /**
   * The next signal of that name: received before or after the call, each consumed once, in order of arrival.
   */
  waitForSignal<T>(signal: Signal<T>, options?: WaitOptions): Promise<T>;
  waitForSignal<T = unknown>(signal: string, options?: WaitOptions): Promise<T>;

  /**
   * Starts a child run and waits for its output; a failed child rejects with `CHILD_FAILED`. Of a workflow by its name
   * the version is chosen when the child starts: this run's own for its own workflow, else the one that new runs get.
   * @throws UNKNOWN_WORKFLOW when there is none of this name.
   */
  child<W extends AnyWorkflow>(workflow: W, input: InputOf<W>, options?: ChildOptions): Promise<OutputOf<W>>;
  child<T = unknown>(workflow: string, input: unknown, options?: ChildOptions): Promise<T>;
  /** Starts a child run and goes on: resolves to its runId once the start is durable with this turn. */
  detach<W extends AnyWorkflow>(workflow: W, input: InputOf<W>, options?: ChildOptions): Promise<string>;
  detach(workflow: string, input: unknown, options?: ChildOptions): Promise<string>;

  /** A result that somebody outside provides by token (`millrace.complete(token, value)`). */
  external<T = unknown>(name: string, options?: WaitOptions): External<T>;

  /**
   * A lock that everybody who names it shares, whether run or process: first come, first served. It is released
   * with `release`, when the run ends, however it ends, or when its timeout is over. What a lock promises and what
   * not: docs/guides/locks.md.
   * @throws LOCK_TIMEOUT when `waitFor` is over.
   */
  lock(name: string, options?: LockOptions): Promise<RunLock>;

  /** Answers requests of callers (`run.update(name, input)`); validators may throw to refuse. */
  onUpdate<I = unknown, O = unknown>(name: string, handler: (input: I) => O | Promise<O>): void;

  /** Readable state: `run.published(key)` sees the last committed value. */
  publish(key: string, value: unknown): void;

  /** Ends this run and starts its successor with the same key and the signals not yet read. */
  continueAsNew(input: unknown): Promise<never>;

  /**
   * True for runs that reach this point with this code or later, false for those that passed it before. A
   * transaction is durable before the turn that follows it: when the process dies in between, a patch right
   * behind the transaction is false, and stays so.
   */
  patch(id: string): boolean;

  /**
   * Recorded: the same on replay. `now` is milliseconds since the epoch; `attempt` is 1, and one more after each retry
   * of the run.
   */
  now(): number;
  random(): number;
  uuid(): string;
  attempt(): number;
  /**
   * What `make` gave when the run first came here: on replay it is not called again. It must return at once and use
   * nothing of this context. When it throws nothing is recorded, and it is called again on replay.
   */
  record<T>(name: string, make: () => T): Recorded<T>;

  /**
   * Undo for what was just done: run in reverse order, as steps, when the run fails, is cancelled or times
   * out. A call of an executor is made by any engine that has it.
   */
  compensate(name: string, fn: (step: StepContext) => unknown, options?: StepOptions): void;
  compensate(name: string, call: CompensatingCall): void;

  /** `Promise.all`, `any` and `race` over promises of this context. */
  all: <const T extends readonly unknown[]>(
    promises: T,
  ) => Promise<{ -readonly [K in keyof T]: Awaited<T[K]> }>;
  any: <const T extends readonly unknown[]>(promises: T) => Promise<Awaited<T[number]>>;
  race: <const T extends readonly unknown[]>(promises: T) => Promise<Awaited<T[number]>>;

  /**
   * Written when the turn that said it is durable, and not on replay. Nothing durable says that a line was
   * written: one may be missing when the process dies just then, and the lines before the first outcome that
   * the run records come again when it dies before that.
   */
  readonly log: Log;
}

/** What a step's function receives. */
export interface StepContext {
  readonly runId: string;
  readonly name: string;
  /** 1-based. */
  readonly attempt: number;
  /**
   * The same for all attempts of this step: give it to services that can drop repeats. Another one where a retry from a step
   * does it again.
   */
  readonly idempotencyKey: string;
  /** W3C trace context of the start that led to this, if it had one: send it on with requests. */
  readonly traceparent?: string | undefined;
  /**
   * Grows strictly with every attempt, and with every process that makes it: a resource that remembers the
   * largest can refuse a zombie's write.
   */
  readonly fencingToken: FencingToken;
  /** Aborted on cancel, timeout, lost ownership and shutdown; its `reason` is an error that says which. */
  readonly signal: AbortSignal;
  /** Says that the attempt lives; with `heartbeatTimeout` a silent attempt fails. */
  heartbeat(): void;
  /** Records progress durably; a later attempt finds it in `lastCheckpoint`. */
  checkpoint(value: unknown): Promise<void>;
  readonly lastCheckpoint: unknown;
  readonly log: Log;
}

/** (epoch, attempt, taker), compared in this order; `value` orders them as one number. */
export interface FencingToken {
  /** Owners that the run had; of a call that executes elsewhere: until then. */
  readonly epoch: number;
  readonly attempt: number;
  /** Of a call that executes elsewhere: from 1, more with each engine that makes this attempt; else 0. */
  readonly taker: number;
  readonly value: number;
}

export interface StepOptions {
  retry?: RetryOptions | number | false | undefined;
  /** Per attempt. */
  timeout?: Duration | undefined;
  /** Over all attempts and the pauses between them. */
  totalTimeout?: Duration | undefined;
  /** An attempt that neither ends nor calls `heartbeat` for this long fails with TIMEOUT. */
  heartbeatTimeout?: Duration | undefined;
}

export interface CallOptions extends StepOptions, DemandOptions {
  /** What the step is called in history. Default: the executor's name. */
  name?: string | undefined;
  /** Calls with the same affinity should go to the same engine: handed to whoever chooses engines. */
  affinity?: string | undefined;
  /** Default: the run's. Attempts in another queue than the run's are never made in the caller's process directly. */
  queue?: string | undefined;
  priority?: Priority | undefined;
}

/** An undo that an executor makes. */
export interface CompensatingCall {
  /** The executor. */
  readonly call: string;
  readonly input?: unknown;
  readonly options?: Omit<CallOptions, 'name'> | undefined;
}

export interface SleepOptions {
  /** What the timer is called in history. Default `sleep`. */
  name?: string | undefined;
}

export interface WaitOptions {
  /** Rejects with TIMEOUT after this long. */
  timeout?: Duration | undefined;
}

export interface ChildOptions extends DemandOptions {
  /**
   * Names one child of this run; from outside it is found under `RUN/KEY`. After the n-th retry of this run
   * children are started under `RUN#n+1/KEY`: an earlier one may have been left with the key.
   */
  key?: string | undefined;
  priority?: Priority | undefined;
  queue?: string | undefined;
  tags?: readonly string[] | undefined;
  /** As of a start: of all runs with such a key at most `max` at once. */
  limits?: readonly KeyLimit[] | undefined;
  /** What the command is called in history. Default: the workflow's name. */
  name?: string | undefined;
  /** Run timeout of the child. */
  timeout?: Duration | undefined;
  /**
   * What happens to an open child when the parent closes. Default: `cancel` for awaited, `abandon` for
   * detached.
   */
  parentClose?: 'cancel' | 'abandon' | undefined;
}

export interface External<T> {
  /** Hand it to whoever will complete this: `millrace.complete(token, value)`. */
  readonly token: string;
  readonly result: Promise<T>;
}

/** A value as it comes back from the store: what was recorded, so class instances are plain objects. */
export type Recorded<T> = T;

export interface Log {
  debug(message: string, fields?: Readonly<Record<string, unknown>>): void;
  info(message: string, fields?: Readonly<Record<string, unknown>>): void;
  warn(message: string, fields?: Readonly<Record<string, unknown>>): void;
  error(message: string, fields?: Readonly<Record<string, unknown>>): void;
}

/** The handle of `ctx.transaction` on PostgreSQL: a client inside an open transaction. */
export interface TransactionHandle {
  query<R = Record<string, unknown>>(
    text: string,
    values?: readonly unknown[],
  ): Promise<{ rows: R[]; rowCount: number }>;
}
/** The handle of `ctx.transaction` on SQLite. */
export interface SyncTransactionHandle {
  run(sql: string, ...values: readonly unknown[]): { changes: number };
  get<R = Record<string, unknown>>(sql: string, ...values: readonly unknown[]): R | undefined;
  all<R = Record<string, unknown>>(sql: string, ...values: readonly unknown[]): R[];
}

/** A registered, named step handler. */
export type Executor<I = never, O = unknown> = (input: I, step: StepContext) => O | Promise<O>;
