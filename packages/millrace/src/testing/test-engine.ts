import { durationMs, type Duration } from '../core/duration.ts';
import { MillraceError } from '../core/errors.ts';
import type { Executor } from '../core/workflow/context.ts';
import type { AnyWorkflow, InputOf, OutputOf } from '../core/workflow/workflow.ts';
import type { Run } from '../api/handle.ts';
import type { StartOptions } from '../api/start-request.ts';
import type { EngineLog } from '../engine/ports.ts';
import { Millrace } from '../millrace.ts';
import type { Store } from '../store/port/store.ts';
import { openSqlite } from '../store/sqlite/open-sqlite.ts';
import { EPOCH_MS, virtualPorts } from './virtual/ports.ts';
import { createRandom, type Random } from './virtual/random.ts';
import { createActor, createScheduler, type Scheduler } from './virtual/scheduler.ts';

/** What `createTestEngine` accepts. */
export interface TestEngineOptions {
  workflows: readonly AnyWorkflow[];
  executors?: Readonly<Record<string, Executor>> | undefined;
  /** Where the engine stands, for what demands a region. */
  region?: string | undefined;
  /** What it carries, for what requires labels. */
  labels?: readonly string[] | undefined;
  /** Where engine and workflows log to. Default: nowhere. */
  log?: ((entry: EngineLog) => void) | undefined;
  /** Of everything random: ids, jitter, `ctx.random`. The same seed gives the same. Default 1. */
  seed?: number | undefined;
}

/** An engine for unit tests of workflows: a store in memory, and a clock that only you move. */
export interface TestEngine {
  /** The whole library, on this engine. */
  readonly millrace: Millrace;
  start<W extends AnyWorkflow>(
    workflow: W,
    input: InputOf<W>,
    options?: StartOptions,
  ): Promise<Run<OutputOf<W>>>;
  /** The store's time. Begins at 2026-01-01T00:00:00Z. */
  now(): Date;
  /**
   * Lets this much time pass at once. Everything that comes due on the way happens at its time and in order; resolves
   * when all of it has happened and nothing more is to do.
   * @throws INVALID_DURATION.
   */
  skip(duration: Duration): Promise<void>;
  /** Resolves when nothing is to do at this instant: runs have ended, wait, or sleep. */
  settle(): Promise<void>;
  /**
   * Skips from one due time to the next until the run has ended, and gives its output.
   * @throws what `run.result()` throws; TIMEOUT when the run waits for something that no passing of time brings.
   */
  finish<O>(run: Run<O>): Promise<O>;
  close(): Promise<void>;
}

/**
 * Makes an engine whose sleeps, retries and timeouts pass as fast as you skip them.
 * @example
 * const test = await createTestEngine({ workflows: [reminder] });
 * const run = await test.start(reminder, { to: 'ada' });
 * await test.skip('3 days');
 * expect(await run.result()).toBe('sent');
 * await test.close();
 */
export async function createTestEngine(options: TestEngineOptions): Promise<TestEngine> {
  const random = createRandom(`test ${options.seed ?? 1}`);
  const scheduler = createScheduler(random.fork('ties'));
  const now = (): number => EPOCH_MS + Math.floor(scheduler.now());
  const store = await openMemory(now, random);
  const pump = createPump(scheduler);
  const millrace = await Millrace.open({
    ports: portsOf(scheduler, random, pump, options.log),
    store,
    workflows: options.workflows,
    executors: options.executors,
    region: options.region,
    labels: options.labels,
    name: 'test',
    lease: NEVER_EXPIRES,
  });
  const due = (): Promise<number | undefined> => nextDue(store, millrace);
  const settle = (): Promise<void> => settleAll(pump, millrace);
  /** Goes to the next instant at which something is due, but not beyond `end`. False: nothing is due until then. */
  const hop = async (end: number): Promise<boolean> => {
    await settle();
    const dueAt = await due();
    const next =
      dueAt === undefined ? Number.POSITIVE_INFINITY : Math.max(dueAt - EPOCH_MS, scheduler.now() + 1);
    const isDue = next <= end + ROUNDING_MS;
    scheduler.jump(isDue ? next : end);
    await settle();
    return isDue;
  };
  return {
    millrace,
    start: (workflow, input, startOptions) => millrace.start(workflow, input, startOptions),
    now: () => new Date(now()),
    async skip(duration) {
      const end = scheduler.now() + durationMs(duration, 'skip');
      while (await hop(end));
    },
    settle,
    async finish(run) {
      const waited = { ended: false };
      const result = run.result().finally(() => {
        waited.ended = true;
      });
      result.catch(() => {});
      for (await settle(); !waited.ended;) {
        const dueAt = await due();
        if (dueAt === undefined) throw new MillraceError('TIMEOUT', await stuck(run), { bare: true });
        await hop(Math.max(dueAt - EPOCH_MS, scheduler.now() + 1));
      }
      return result;
    },
    async close() {
      await millrace.close({ grace: 0 });
      await store.close();
    },
  };
}

/** Nobody else could take the runs, so nobody needs to find out. */
const NEVER_EXPIRES = '36500 days';
/** Timers are rounded up, so that none is early: what was meant for this instant is due this much later at most. */
const ROUNDING_MS = 5;
/** Real time that steps get to end before virtual time goes on without them. */
const PATIENCE_MS = 250;

async function openMemory(now: () => number, random: Random): Promise<Store> {
  const draw = random.fork('store').next;
  const store = await openSqlite({
    path: ':memory:',
    now,
    random: draw,
    sleep: neverWaits,
    schedule: neverWaits,
  });
  await store.migrate();
  return store;
}

function neverWaits(): never {
  throw new Error('a store in memory never waits');
}

/** Runs what is due at this instant, whoever asks for it and whenever. */
interface Pump {
  wake(): void;
  settle(): Promise<void>;
}

function createPump(scheduler: Scheduler): Pump {
  let active: Promise<void> | undefined;
  const runDue = async (): Promise<void> => {
    await scheduler.run(() => false, scheduler.now());
    active = undefined;
  };
  const settle = (): Promise<void> => (active ??= runDue());
  return { settle, wake: () => setImmediate(() => void settle()) };
}

function portsOf(scheduler: Scheduler, random: Random, pump: Pump, log: TestEngineOptions['log']) {
  const ports = virtualPorts({
    ...{ scheduler, random, actor: createActor('test') },
    clocks: { wallOffsetMs: 0, monoOffsetMs: 0, drift: 0 },
    host: { host: 'test', bootId: 'test', pid: process.pid },
    isAlive: () => true,
    crashPoint: () => {},
    log: (entry) => log?.(entry),
  });
  return {
    ...ports,
    after: (ms: number, callback: () => void) => {
      if (ms <= 0) pump.wake();
      return ports.after(ms, callback);
    },
    soon: (callback: () => void) => {
      pump.wake();
      ports.soon(callback);
    },
  };
}

/** The store time at which the next run has something to do. */
async function nextDue(store: Store, { engine }: Millrace): Promise<number | undefined> {
  const { nextWakeAt } = await store.wakeDue({ limit: 0, adopter: undefined, workflows: [] });
  let earliest = nextWakeAt;
  for (const instance of engine?.held.values() ?? []) {
    const at = engine?.nextDue(instance);
    if (at !== undefined && (earliest === undefined || at < earliest)) earliest = at;
  }
  return earliest;
}

/** Steps may do real work: it gets its time before the virtual clock moves. */
async function settleAll(pump: Pump, { engine }: Millrace): Promise<void> {
  const begun = performance.now();
  for (;;) {
    await pump.settle();
    const running = [...(engine?.held.values() ?? [])].some(
      ({ attempts, busy }) => busy || attempts.size > 0,
    );
    if (!running || performance.now() - begun > PATIENCE_MS) return;
    await new Promise((resolve) => {
      setTimeout(resolve, 1);
    });
  }
}

async function stuck(run: Run): Promise<string> {
  const { reasons } = await run.why();
  return `run ${run.runId} does not end by itself: ${reasons.map(({ message }) => message).join('; ')}`;
}
