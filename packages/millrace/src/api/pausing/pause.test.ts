import { describe, expect, it } from 'vitest';
import { gate, open, refusal, sharedStore, typesOf, until } from '../../../testbed/engines/engines.ts';
import { absentEngine } from '../../../testbed/why/why.ts';
import { signal, workflow, type Millrace, type Run } from '../../index.ts';

/* A paused run begins nothing on any engine, loses nothing, and goes on where it stood. */

const go = signal<string>('go');
const waiting = workflow('waiting', (ctx, _: null) => ctx.waitForSignal(go));

/** Two steps, of which the first lasts as long as the test wants. */
function twoSteps() {
  const [begun, finish] = [gate(), gate()];
  const calls: string[] = [];
  const subject = workflow('two-steps', async (ctx, _: null) => {
    await ctx.step('first', async () => {
      calls.push('first');
      begun.open();
      await finish.passed;
    });
    return ctx.step('second', () => calls.push('second'));
  });
  return { subject, begun, finish, calls };
}

/** Nothing of it is held by the engine any more. */
async function isLeft(millrace: Millrace, { runId }: Run): Promise<void> {
  await expect.poll(() => millrace.engine?.held.has(runId)).toBe(false);
}

async function pauseOf({ store }: Millrace, { runId }: Run) {
  const [row] = await store.readRuns([{ runId }]);
  return row?.pause;
}

describe('a run that is paused while a step runs', () => {
  it('lets the step end, records its outcome once, and begins nothing before it is resumed', async () => {
    const { subject, begun, finish, calls } = twoSteps();
    const millrace = await open({ workflows: [subject] });
    const run = await millrace.start(subject, null);
    await begun.passed;
    await run.pause({ reason: 'audit', by: 'ada' });
    expect((await run.describe()).status).toBe('paused');
    finish.open();
    await isLeft(millrace, run);
    expect(await typesOf(run)).toEqual(['started', 'step-completed']);
    expect(calls).toEqual(['first']);
    await run.resume();
    expect(await run.result()).toBe(2);
    expect(calls).toEqual(['first', 'second']);
  });

  it('does so where another process pauses and resumes it, and the engine hears of neither', async () => {
    const { subject, begun, finish, calls } = twoSteps();
    const store = sharedStore();
    const millrace = await open({ store, workflows: [subject] });
    const client = await open({ store, work: false });
    const run = await millrace.start(subject, null);
    await begun.passed;
    await client.store.pauseRun({ runId: run.runId, by: undefined, reason: undefined });
    finish.open();
    await isLeft(millrace, run);
    expect(await typesOf(run)).toEqual(['started', 'step-completed']);
    await client.store.resumeRun(run.runId);
    expect(await run.result()).toBe(2);
    expect(calls).toEqual(['first', 'second']);
  });

  it('resumed before the step has ended it goes on there, and nothing is made twice', async () => {
    const { subject, begun, finish, calls } = twoSteps();
    const store = sharedStore();
    const millrace = await open({ store, workflows: [subject] });
    await open({ store, workflows: [subject] });
    const run = await millrace.start(subject, null);
    await begun.passed;
    await run.pause();
    await expect.poll(() => millrace.engine?.aside.size).toBe(1);
    await run.resume();
    expect((await run.describe()).status).toBe('running');
    finish.open();
    expect(await run.result()).toBe(2);
    expect(calls).toEqual(['first', 'second']);
  });

  it('is left to others when its engine dies, and stays paused', async () => {
    const { subject, begun, finish, calls } = twoSteps();
    const store = sharedStore();
    const dead = await open({ store, workflows: [subject], beat: '1h', lease: '3h' });
    const run = await dead.start(subject, null);
    await begun.passed;
    await run.pause();
    const killed = { limit: 10, deathLimit: 3, harmless: false };
    await dead.store.retire(dead.engine?.engineId ?? '', undefined, killed);
    const other = await open({ store, workflows: [subject] });
    expect((await run.describe()).status).toBe('paused');
    finish.open();
    await other.run(run.runId).resume();
    expect(await other.run(run.runId).result()).toBe(3);
    expect(calls).toEqual(['first', 'first', 'second']);
  });

  it('keeps what several attempts bring, retries among them, and waits with the next attempt', async () => {
    const [begun, finish] = [gate(), gate()];
    const calls: string[] = [];
    let left = 3;
    const attempt = (name: string, fails: boolean) => async (): Promise<string> => {
      calls.push(name);
      if (--left === 0) begun.open();
      if (left >= 0) await finish.passed;
      if (fails && calls.filter((call) => call === name).length === 1) throw new Error('once');
      return name;
    };
    const retry = { maxAttempts: 2, initial: 1, jitter: 0 };
    const subject = workflow('fan-out', async (ctx, _: null) =>
      Promise.all([
        ctx.step('a', attempt('a', false)),
        ctx.step('b', attempt('b', true), { retry }),
        ctx.step('c', attempt('c', false)),
      ]),
    );
    const millrace = await open({ workflows: [subject] });
    const run = await millrace.start(subject, null);
    await begun.passed;
    await run.pause();
    finish.open();
    await isLeft(millrace, run);
    const types = await typesOf(run);
    expect(types.toSorted()).toEqual(['started', 'step-completed', 'step-completed', 'step-retrying']);
    expect(calls).toEqual(['a', 'b', 'c']);
    await run.resume();
    expect(await run.result()).toEqual(['a', 'b', 'c']);
    expect(calls).toEqual(['a', 'b', 'c', 'b']);
  });

  it('keeps the checkpoints of the attempt', async () => {
    const [begun, paused, finish] = [gate(), gate(), gate()];
    const subject = workflow('careful', async (ctx, _: null) =>
      ctx.step('work', async (step) => {
        begun.open();
        await paused.passed;
        await step.checkpoint({ done: 7 });
        await finish.passed;
        return step.lastCheckpoint ?? 'first';
      }),
    );
    const millrace = await open({ workflows: [subject] });
    const run = await millrace.start(subject, null);
    await begun.passed;
    await run.pause();
    paused.open();
    await expect.poll(() => typesOf(run)).toEqual(['started', 'step-checkpoint']);
    finish.open();
    await isLeft(millrace, run);
    await run.resume();
    expect(await run.result()).toBe('first');
  });

  it('undoes a transaction that has not committed, and makes it later', async () => {
    const [begun, finish] = [gate(), gate()];
    let made = 0;
    const subject = workflow('writer', async (ctx, _: null) => {
      await ctx.step('hold', async () => {
        begun.open();
        await finish.passed;
      });
      return ctx.transaction('write', () => ++made);
    });
    const millrace = await open({ workflows: [subject] });
    const run = await millrace.start(subject, null);
    await begun.passed;
    await run.pause();
    finish.open();
    await isLeft(millrace, run);
    expect(made).toBe(0);
    await run.resume();
    expect(await run.result()).toBe(1);
  });
});

describe('a step that has not begun', () => {
  it('does not begin because a slot is free', async () => {
    const [begun, finish] = [gate(), gate()];
    const calls: string[] = [];
    const subject = workflow('narrow', async (ctx, _: null) =>
      Promise.all(
        ['a', 'b'].map((name) =>
          ctx.step(name, async () => {
            calls.push(name);
            begun.open();
            await finish.passed;
          }),
        ),
      ),
    );
    const millrace = await open({ workflows: [subject], stepConcurrency: 1 });
    const run = await millrace.start(subject, null);
    await begun.passed;
    await run.pause();
    await expect.poll(() => millrace.engine?.aside.size).toBe(1);
    finish.open();
    await isLeft(millrace, run);
    expect(calls).toEqual(['a']);
    await run.resume();
    await run.result();
    expect(calls).toEqual(['a', 'b']);
  });

  it('does not begin elsewhere: a call that nobody has taken waits with its caller', async () => {
    const store = sharedStore();
    const caller = workflow('caller', (ctx, _: null) => ctx.call<string>('pay', null));
    const millrace = await open({ store, workflows: [caller] });
    const run = await millrace.start(caller, null);
    await until(run, 'waiting');
    await run.pause({ by: 'ada' });
    const calls: string[] = [];
    const pay = (): string => (calls.push('pay'), 'paid');
    const other = await open({ store, workflows: [caller], executors: { pay } });
    const next = await other.start(caller, null);
    expect(await next.result(), 'it takes what is queued').toBe('paid');
    const tasks = await other.store.listRuns({
      namespace: 'default',
      tasks: true,
      status: ['paused'],
      limit: 9,
    });
    expect(tasks.runs.map(({ workflow: name }) => name).toSorted()).toEqual(['$task/pay', 'caller']);
    expect(calls).toEqual(['pay']);
    await run.resume();
    expect(await run.result()).toBe('paid');
    expect(calls).toEqual(['pay', 'pay']);
  });
});

describe('a run that is paused while it waits', () => {
  it('gets its signal when it is resumed', async () => {
    const millrace = await open({ workflows: [waiting] });
    const run = await millrace.start(waiting, null);
    await until(run, 'waiting');
    await run.pause();
    await run.signal(go, 'hello');
    expect((await run.describe()).status).toBe('paused');
    expect(await typesOf(run)).toEqual(['started']);
    await run.resume();
    expect(await run.result()).toBe('hello');
  });

  it('goes on at once where its timer came due meanwhile, else when it is due', async () => {
    const subject = workflow('sleepy', (ctx, ms: number) => ctx.sleep(ms));
    const millrace = await open({ workflows: [subject] });
    const [short, long] = [await millrace.start(subject, 150), await millrace.start(subject, 3_600_000)];
    for (const run of [short, long]) {
      // oxlint-disable no-await-in-loop -- one after the other
      await until(run, 'waiting');
      await run.pause();
      // oxlint-enable no-await-in-loop
    }
    const [before] = await millrace.store.readRuns([{ runId: long.runId }]);
    const [{ wakeAt = 0 } = {}] = await millrace.store.readRuns([{ runId: short.runId }]);
    await expect.poll(async () => (await millrace.store.listEngines()).storeTime).toBeGreaterThan(wakeAt);
    expect((await short.describe()).status).toBe('paused');
    await Promise.all([short.resume(), long.resume()]);
    await short.result();
    const [after] = await millrace.store.readRuns([{ runId: long.runId }]);
    expect([after?.status, after?.wakeAt]).toEqual(['waiting', before?.wakeAt]);
  });

  it('hears of a child that ended, and the child was not paused', async () => {
    const child = workflow('child', (ctx, _: null) => ctx.waitForSignal(go));
    const parent = workflow('parent', (ctx, _: null) => ctx.child(child, null));
    const millrace = await open({ workflows: [parent, child] });
    const run = await millrace.start(parent, null);
    await until(run, 'waiting');
    await run.pause();
    const { runs } = await millrace.store.listRuns({
      namespace: 'default',
      parentRunId: run.runId,
      limit: 1,
    });
    const own = millrace.run(runs[0]?.runId ?? '');
    await own.signal(go, 'grown up');
    expect(await own.result()).toBe('grown up');
    expect((await run.describe()).status).toBe('paused');
    await run.resume();
    expect(await run.result()).toBe('grown up');
  });

  it('times out when it is resumed after its deadline', async () => {
    const late = workflow('late', { timeout: 100 }, (ctx, _: null) => ctx.waitForSignal(go));
    const millrace = await open({ workflows: [late] });
    const run = await millrace.start(late, null);
    await run.pause();
    const [{ deadlineAt = 0 } = {}] = await millrace.store.readRuns([{ runId: run.runId }]);
    await expect.poll(async () => (await millrace.store.listEngines()).storeTime).toBeGreaterThan(deadlineAt);
    expect((await run.describe()).status).toBe('paused');
    await run.resume();
    await expect(run.result()).rejects.toEqual(refusal('RUN_TIMED_OUT'));
  });
});

describe('a run that is paused before it begins', () => {
  it('is begun by nobody until it is resumed', async () => {
    const store = sharedStore();
    const client = await open({ store, work: false });
    const run = await client.start(waiting, null);
    await run.pause();
    const millrace = await open({ store, workflows: [waiting] });
    const next = await millrace.start(waiting, null);
    await until(next, 'waiting');
    expect((await run.describe()).startedAt).toBeNull();
    await run.resume();
    await until(run, 'waiting');
  });
});

describe('a paused run can be cancelled', () => {
  it('while it waits, or is queued', async () => {
    const store = sharedStore();
    const millrace = await open({ store, workflows: [waiting] });
    const client = await open({ store, work: false });
    const run = await millrace.start(waiting, null);
    await until(run, 'waiting');
    await run.pause();
    await client.run(run.runId).cancel('no more');
    await expect(run.result()).rejects.toEqual(refusal('CANCELLED', /no more/));
    expect(await pauseOf(millrace, run)).toBeUndefined();
  });

  it('while a step of it still runs: that is told to stop', async () => {
    const begun = gate();
    const reasons: unknown[] = [];
    const subject = workflow('stubborn', (ctx, _: null) =>
      ctx.step('work', ({ signal: aborted }) => {
        begun.open();
        return new Promise<void>((_resolve, reject) => {
          aborted.addEventListener('abort', () => {
            reasons.push(aborted.reason);
            reject(new Error('stopped'));
          });
        });
      }),
    );
    const millrace = await open({ workflows: [subject] });
    const run = await millrace.start(subject, null);
    await begun.passed;
    await run.pause();
    await expect.poll(() => millrace.engine?.aside.size).toBe(1);
    await run.cancel();
    await expect(run.result()).rejects.toEqual(refusal('CANCELLED'));
    expect(reasons).toHaveLength(1);
  });

  it('with its parent', async () => {
    const parent = workflow('parent', (ctx, _: null) => ctx.child(waiting, null));
    const millrace = await open({ workflows: [parent, waiting] });
    const run = await millrace.start(parent, null);
    await until(run, 'waiting');
    const { runs } = await millrace.store.listRuns({
      namespace: 'default',
      parentRunId: run.runId,
      limit: 1,
    });
    const child = millrace.run(runs[0]?.runId ?? '');
    await until(child, 'waiting');
    await child.pause();
    await run.cancel();
    await expect(run.result()).rejects.toEqual(refusal('CANCELLED'));
    await until(child, 'cancelled');
  });
});

describe('pause and resume', () => {
  it('twice change nothing, and are refused where they mean nothing', async () => {
    const echo = workflow('echo', (_ctx, input: unknown) => input);
    const millrace = await open({ workflows: [echo, waiting] });
    const run = await millrace.start(waiting, null);
    await run.resume();
    await run.pause({ by: 'ada', reason: 'first' });
    await run.pause({ by: 'bob', reason: 'second' });
    expect(await pauseOf(millrace, run)).toMatchObject({ by: 'ada', reason: 'first' });
    await run.resume();
    await run.resume();
    const done = await millrace.start(echo, 1);
    await done.result();
    await expect(done.pause()).rejects.toEqual(refusal('RUN_CLOSED', /is completed and cannot be paused/));
    await expect(done.resume()).rejects.toEqual(refusal('RUN_CLOSED', /is completed and cannot be resumed/));
    const nobody = millrace.run('01900000-0000-7000-8000-00000000dead');
    await expect(nobody.pause()).rejects.toEqual(refusal('RUN_NOT_FOUND'));
    await expect(run.pause({ by: 7 as never })).rejects.toEqual(refusal('INVALID_ARGUMENT', /by is 7/));
    const long = run.pause({ reason: 'x'.repeat(1_001) });
    await expect(long).rejects.toEqual(refusal('INVALID_ARGUMENT', /reason cannot be kept/));
  });

  it('pass on to the run as which it continued', async () => {
    const subject = workflow('chain', (ctx, left: number): unknown =>
      left === 0 ? ctx.waitForSignal(go) : ctx.continueAsNew(left - 1),
    );
    const millrace = await open({ workflows: [subject] });
    const run = await millrace.start(subject, 1);
    await until(run, 'continued');
    await run.pause({ by: 'ada' });
    const { successorRunId } = await run.describe();
    const next = millrace.run(successorRunId ?? '');
    expect((await next.describe()).status).toBe('paused');
    await run.resume();
    await until(next, 'waiting');
  });

  it('an engine that is gone is not waited for', async () => {
    const store = sharedStore();
    const client = await open({ store, work: false });
    const run = await client.start(waiting, null);
    const engineId = await absentEngine(client, 'gone');
    const workflows = [{ workflow: 'waiting', version: '1' }];
    await client.store.claimRuns({ engineId, limit: 1, suspects: false, workflows });
    await run.pause();
    await client.store.retire(engineId, undefined, { limit: 9, deathLimit: 1, harmless: true });
    await run.resume();
    expect((await run.describe()).status).toBe('queued');
    await open({ store, workflows: [waiting] });
    await until(run, 'waiting');
  });
});
