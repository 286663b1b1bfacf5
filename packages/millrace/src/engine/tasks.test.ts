import { randomUUID } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { decodeChunk } from '../core/run/chunk.ts';
import { gate, open, refusal, sharedStore, typesOf, until } from '../../testbed/engines/engines.ts';
import {
  TerminalError,
  workflow,
  type AnyWorkflow,
  type EngineLog,
  type Millrace,
  type Run,
  type StepContext,
} from '../index.ts';

const QUICK = { maxAttempts: 3, initial: 1, factor: 1 } as const;
const calling = workflow('calling', (ctx, input: unknown) => ctx.call('work', input, { retry: QUICK }));

type Work = (input: never, step: StepContext) => unknown;

/** An engine that has the workflow and one that has the executor. */
async function pair(
  work: Work,
  own: AnyWorkflow = calling,
): Promise<{ caller: Millrace; worker: Millrace; store: string }> {
  const store = sharedStore();
  const caller = await open({ store, name: 'caller', workflows: [own] });
  const worker = await open({ store, name: 'worker', executors: { work } });
  return { caller, worker, store };
}

/** The tasks that are there. */
async function tasks(millrace: Millrace): Promise<string[]> {
  const { runs } = await millrace.runs({ tasks: true });
  return runs.filter((run) => run.workflow.startsWith('$task/')).map(({ runId }) => runId);
}

/** The task of a run that waits for one. */
async function taskOf(millrace: Millrace, run: Run): Promise<Run> {
  await until(run, 'waiting');
  const [reason] = (await run.why()).reasons;
  return millrace.run(String(reason?.refs['runId']));
}

/** Ends when the attempt is told to stop. */
function stopped({ signal }: StepContext): Promise<never> {
  return new Promise((_, reject) => {
    signal.addEventListener('abort', () => reject(signal.reason as Error));
  });
}

describe('a call whose executor is elsewhere', () => {
  it('executes there, as if it were here, and leaves nothing behind', async () => {
    const seen: StepContext[] = [];
    const { caller, worker } = await pair((input: number, step) => {
      seen.push(step);
      return input * 2;
    });
    const run = await caller.start(calling, 21);
    expect(await run.result()).toBe(42);
    expect(seen.map(({ runId, name, attempt }) => [runId, name, attempt])).toEqual([[run.runId, 'work', 1]]);
    expect(seen[0]?.idempotencyKey).toBe(`${run.runId}:0`);
    expect(seen[0]?.fencingToken).toMatchObject({ epoch: 1, attempt: 1, taker: 1 });
    expect(await typesOf(run)).toEqual(['started', 'step-placed', 'step-completed', 'completed']);
    expect((await run.history())[2]).toMatchObject({
      name: 'work',
      engineId: 'caller',
      data: { engine: 'worker' },
    });
    expect(await tasks(worker)).toEqual([]);
  });

  it('is given away by the plan of the turn that made it ready', async () => {
    const own = workflow('own', async (ctx, _: null) => {
      await ctx.step('here', () => 1);
      return ctx.call('work', 2);
    });
    const { caller } = await pair((input: number) => input, own);
    const run = await caller.start(own, null);
    expect(await run.result()).toBe(2);
    const chunks = await caller.store.readHistory(run.runId);
    const types = chunks.map(({ seq, data }) => decodeChunk(seq, data).map(({ event }) => event.type));
    expect(types).toEqual([['started'], ['step-completed', 'step-placed'], ['step-completed', 'completed']]);
  });

  it('is tried again as its step says, and every failure has its reason and its engine', async () => {
    const tokens: number[] = [];
    const { caller } = await pair((_input: never, step) => {
      tokens.push(step.fencingToken.value);
      throw Object.assign(new Error(`try ${step.attempt}`), { code: 'BUSY' });
    });
    const run = await caller.start(calling, null);
    await expect(run.result()).rejects.toEqual(refusal('RUN_FAILED', /try 3/));
    const failures = (await run.history()).filter(
      ({ type }) => type === 'step-retrying' || type === 'step-failed',
    );
    expect(failures).toMatchObject(
      [1, 2, 3].map((attempt) => ({
        ...{ attempt, data: { engine: 'worker', error: { code: 'BUSY', message: `try ${attempt}` } } },
      })),
    );
    expect(tokens).toEqual(tokens.toSorted((a, b) => a - b));
    expect(new Set(tokens).size).toBe(3);
  });

  it('is not tried again after an error that no retry can help', async () => {
    const { caller } = await pair(() => {
      throw new TerminalError('no such card');
    });
    const run = await caller.start(calling, null);
    await expect(run.result()).rejects.toEqual(refusal('RUN_FAILED', /no such card/));
    expect((await typesOf(run)).filter((type) => type === 'step-placed')).toHaveLength(1);
  });

  it('goes on from the last checkpoint of the attempt before', async () => {
    const found: unknown[] = [];
    const { caller } = await pair(async (_input: never, step) => {
      found.push(step.lastCheckpoint);
      await step.checkpoint({ done: step.attempt });
      if (step.attempt < 3) throw new Error('again');
      return 'all';
    });
    expect(await (await caller.start(calling, null)).result()).toBe('all');
    expect(found).toEqual([undefined, { done: 1 }, { done: 2 }]);
  });

  it('waits until there is an engine that can, and why says so', async () => {
    const store = sharedStore();
    const caller = await open({ store, workflows: [calling], executors: { other: () => 1 } });
    const run = await caller.start(calling, 1);
    const task = await taskOf(caller, run);
    expect((await run.why()).reasons).toMatchObject([
      { code: 'WAITING_TASK', refs: { step: 'work', attempt: 1, runId: task.runId } },
    ]);
    expect((await task.why()).reasons).toMatchObject([
      { code: 'NO_ENGINE_FOR_EXECUTOR', refs: { executor: 'work' } },
    ]);
    expect(await caller.runs()).toMatchObject({ runs: [{ runId: run.runId }] });
    await open({ store, executors: { work: (input: number) => input + 1 } });
    expect(await run.result()).toBe(2);
  });

  it('waits for an engine with the labels and the region that it requires, and why says so', async () => {
    const store = sharedStore();
    const work = () => 'done';
    const picky = workflow('picky', (ctx, _: null) =>
      ctx.call('work', null, { requires: ['gpu', 'ssd'], region: 'eu' }),
    );
    const here = { store, workflows: [picky], executors: { work } };
    const caller = await open({ ...here, name: 'caller', labels: ['gpu'], region: 'eu' });
    await open({ store, name: 'other', executors: { work }, labels: ['gpu', 'ssd'], region: 'us' });
    const run = await caller.start(picky, null);
    const task = await taskOf(caller, run);
    expect((await task.why()).reasons).toMatchObject([
      { code: 'NO_ENGINE_WITH_LABEL', refs: { executor: 'work', requires: 'gpu, region=eu, ssd' } },
    ]);
    const able = { executors: { work }, labels: ['arm', 'ssd', 'gpu'], region: 'eu' };
    await open({ store, name: 'able', ...able });
    expect(await run.result()).toBe('done');
    const again = await open({ ...here, ...able, store: sharedStore() });
    const second = await again.start(picky, null);
    expect(await second.result()).toBe('done');
    expect(await typesOf(second), 'it may stay where all is given').not.toContain('step-placed');
  });

  it('goes into another queue than its run also where the executor is here', async () => {
    const placed = workflow('placed', (ctx, _: null) => ctx.call('work', 1, { queue: 'slow' }));
    const caller = await open({
      workflows: [placed],
      executors: { work: () => 'done' },
      queues: ['default'],
    });
    const run = await caller.start(placed, null);
    expect(await (await taskOf(caller, run)).describe()).toMatchObject({ queue: 'slow' });
  });

  it('goes into the queue and has the priority that it asks for', async () => {
    const store = sharedStore();
    const placed = workflow('placed', (ctx, _: null) =>
      ctx.call('work', 1, { queue: 'slow', priority: 'low' }),
    );
    const caller = await open({ store, workflows: [placed] });
    const run = await caller.start(placed, null, { priority: 'high' });
    const task = await taskOf(caller, run);
    expect(await task.describe()).toMatchObject({ queue: 'slow', priority: 'low', workflow: '$task/work' });
    await open({ store, executors: { work: () => 'done' }, queues: ['slow'] });
    expect(await run.result()).toBe('done');
  });

  it('has its attempt ended where it executes when the time of the attempt is over', async () => {
    const timed = workflow('timed', (ctx, _: null) =>
      ctx.call('work', null, { timeout: 20, retry: { ...QUICK, maxAttempts: 2 } }),
    );
    const reasons: unknown[] = [];
    const { caller } = await pair(async (_input: never, step) => {
      try {
        return await stopped(step);
      } catch (error) {
        reasons.push(error);
        throw error;
      }
    }, timed);
    await expect((await caller.start(timed, null)).result()).rejects.toEqual(
      refusal('RUN_FAILED', /attempt 2 of step "work" did not end within 20 ms/),
    );
    expect(reasons).toMatchObject([{ code: 'TIMEOUT' }, { code: 'TIMEOUT' }]);
  });

  it('logs as a step of its run', async () => {
    const [store, lines] = [sharedStore(), [] as EngineLog[]];
    const caller = await open({ store, workflows: [calling] });
    const work = (_input: null, { log, attempt }: StepContext) => {
      log.info('tries', { n: 1 });
      if (attempt === 1) throw new Error('again');
    };
    await open({ store, executors: { work }, log: (line) => lines.push(line) });
    const run = await caller.start(calling, null);
    await run.result();
    expect(lines.filter(({ source }) => source === 'run')).toEqual(
      [1, 2].map((attempt) => ({
        ...{ source: 'run', runId: run.runId, workflow: 'calling', level: 'info', message: 'tries' },
        fields: { step: 'work', attempt, n: 1 },
      })),
    );
  });

  it('is counted where it executes', async () => {
    const end = gate();
    const { caller } = await pair(() => end.passed);
    const run = await caller.start(calling, null);
    const load = async (name: string) => {
      const { engines } = await caller.cluster();
      return engines.find(({ engineId }) => engineId === name)?.load;
    };
    await expect.poll(() => load('worker'), { timeout: 5_000 }).toMatchObject({ activeTasks: 1 });
    await expect
      .poll(() => load('caller'), { timeout: 5_000 })
      .toMatchObject({ activeTasks: 0, activeWorkflows: 0 });
    end.open();
    await run.result();
  });
});

describe('a call that nobody waits for any more', () => {
  /** An executor that says when it begins and when it was told to stop. */
  function stoppable() {
    const [begun, ended] = [gate(), gate()];
    const work: Work = async (_input, step) => {
      begun.open();
      await stopped(step).catch(() => ended.open());
    };
    return { begun, ended, work };
  }

  it('is told to stop where it executes when its run is cancelled', async () => {
    const { begun, ended, work } = stoppable();
    const { caller, worker } = await pair(work);
    const run = await caller.start(calling, null);
    await begun.passed;
    await run.cancel();
    await expect(run.result()).rejects.toEqual(refusal('CANCELLED'));
    await ended.passed;
    await expect.poll(() => tasks(worker)).toEqual([]);
  });

  it('is told to stop when its total time is over', async () => {
    const { begun, ended, work } = stoppable();
    const timed = workflow('timed', async (ctx, _: null) => {
      await ctx.call('work', null, { totalTimeout: 150 }).catch(() => null);
      return 'went on';
    });
    const { caller } = await pair(work, timed);
    const run = await caller.start(timed, null);
    await begun.passed;
    expect(await run.result()).toBe('went on');
    await ended.passed;
  });

  it('is told to stop when another won the race', async () => {
    const { begun, ended, work } = stoppable();
    const racing = workflow('racing', (ctx, _: null) =>
      ctx.race([ctx.call('work', null), ctx.step('here', () => begun.passed.then(() => 'won'))]),
    );
    const { caller } = await pair(work, racing);
    expect(await (await caller.start(racing, null)).result()).toBe('won');
    await ended.passed;
  });

  it('and has not begun, never begins', async () => {
    const store = sharedStore();
    const caller = await open({ store, workflows: [calling] });
    const run = await caller.start(calling, null);
    await taskOf(caller, run);
    await run.cancel();
    await expect(run.result()).rejects.toEqual(refusal('CANCELLED'));
    let calls = 0;
    const worker = await open({ store, executors: { work: () => calls++ } });
    await expect.poll(() => tasks(worker)).toEqual([]);
    expect(calls).toBe(0);
  });

  it('fails when a person cancels the attempt itself', async () => {
    const { begun, work } = stoppable();
    const { caller } = await pair(work);
    const run = await caller.start(calling, null);
    await begun.passed;
    await (await taskOf(caller, run)).cancel();
    await expect(run.result()).rejects.toEqual(refusal('RUN_FAILED', /cancelled/));
  });
});

describe('the engine that makes an attempt', () => {
  it('may go away: another one makes the same attempt, from its checkpoint', async () => {
    const [begun, seen] = [gate(), [] as unknown[]];
    const { caller, worker, store } = await pair(async (_input: never, step) => {
      await step.checkpoint('half');
      begun.open();
      return stopped(step);
    });
    const run = await caller.start(calling, null);
    await begun.passed;
    await worker.close({ grace: 0 });
    await open({
      store,
      executors: {
        work: (_input: never, { attempt, lastCheckpoint, fencingToken }: StepContext) => {
          seen.push([attempt, lastCheckpoint, fencingToken.taker > 1]);
          return 'whole';
        },
      },
    });
    expect(await run.result()).toBe('whole');
    expect(seen).toEqual([[1, 'half', true]]);
  });

  it('may be another one at the next attempt', async () => {
    const retry = { maxAttempts: 9, initial: 300, factor: 1 };
    const patient = workflow('patient', (ctx, _: null) => ctx.call('work', null, { retry }));
    const { caller, worker, store } = await pair(() => {
      throw new Error('not here');
    }, patient);
    const run = await caller.start(patient, null);
    await expect.poll(() => typesOf(run)).toContain('step-retrying');
    await worker.close({ grace: 0 });
    await open({ store, executors: { work: () => 'here' } });
    expect(await run.result()).toBe('here');
  });

  it('is the own one where that has the executor, and then there is no task', async () => {
    const store = sharedStore();
    const caller = await open({ store, workflows: [calling], executors: { work: () => 'mine' } });
    await open({ store, executors: { work: () => 'theirs' } });
    const run = await caller.start(calling, null);
    expect(await run.result()).toBe('mine');
    expect(await typesOf(run)).not.toContain('step-placed');
  });

  it('is chosen by the strategy that is in force', async () => {
    const store = sharedStore();
    const spread = workflow('spread', async (ctx) => {
      const calls = Array.from({ length: 6 }, (_, at) => ctx.call('work', at));
      return ctx.all(calls);
    });
    const caller = await open({
      ...{ store, workflows: [spread], executors: { work: () => 'mine' } },
      strategy: 'round-robin',
      beat: 20,
    });
    await open({ store, executors: { work: () => 'theirs' }, strategy: 'round-robin', beat: 20 });
    await expect.poll(async () => (await caller.cluster()).engines.length).toBe(2);
    const { engine } = caller;
    const work = { executor: 'work', namespace: 'default', queue: 'default', requires: [] };
    await expect.poll(() => engine?.placeTask(work)).toBeTypeOf('object');
    const run = await caller.start(spread, null);
    // Who takes what was placed is a matter of its window, and of how busy this machine is.
    expect(await run.result()).toHaveLength(6);
    expect((await typesOf(run)).filter((type) => type === 'step-placed')).toHaveLength(3);
  });
});

describe('a task that kills whoever takes it', () => {
  /** The task of a run, after it has been given to an engine that died of it. */
  async function quarantined(millrace: Millrace, run: Run): Promise<Run> {
    const { store } = millrace;
    const task = await taskOf(millrace, run);
    const engineId = randomUUID();
    const place = { host: 'elsewhere', bootId: 'boot', pid: 1, profile: new Uint8Array() };
    await store.register({ engineId, name: 'victim', ...place });
    const workflows = [{ workflow: '$task/work', version: '1' }];
    expect(await store.claimRuns({ engineId, workflows, limit: 1, suspects: false })).toHaveLength(1);
    await store.retire(engineId, undefined, { limit: 10, deathLimit: 0, harmless: false });
    const { reasons } = await run.why();
    expect(reasons[0]?.message).toBe(`attempt 1 of step "work" is blocked, as run ${task.runId}`);
    expect((await task.why()).reasons).toMatchObject([{ code: 'QUARANTINED' }]);
    return task;
  }

  it('is put aside, and goes on when it is let', async () => {
    const store = sharedStore();
    const caller = await open({ store, workflows: [calling] });
    const run = await caller.start(calling, null);
    const task = await quarantined(caller, run);
    await task.retry();
    await open({ store, executors: { work: () => 'survived' } });
    expect(await run.result()).toBe('survived');
  });

  it('fails its attempt when it is cancelled before it is let go on', async () => {
    const store = sharedStore();
    const caller = await open({ store, workflows: [calling] });
    const run = await caller.start(calling, null);
    const task = await quarantined(caller, run);
    await task.cancel();
    await task.retry();
    let calls = 0;
    await open({ store, executors: { work: () => calls++ } });
    await expect(run.result()).rejects.toEqual(refusal('RUN_FAILED', /cancelled/));
    expect(calls).toBe(0);
  });
});

describe('a retry of a run that called elsewhere', () => {
  it('makes the attempt again that had failed', async () => {
    let broken = true;
    const { caller } = await pair(() => {
      if (broken) throw new TerminalError('broken');
      return 'mended';
    });
    const run = await caller.start(calling, null);
    await expect(run.result()).rejects.toEqual(refusal('RUN_FAILED', /broken/));
    broken = false;
    await run.retry();
    expect(await run.result()).toBe('mended');
  });
});
