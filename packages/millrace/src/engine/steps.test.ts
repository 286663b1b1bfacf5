import { describe, expect, it, onTestFinished } from 'vitest';
import { gate, open, refusal, sharedStore, typesOf, until } from '../../testbed/engines/engines.ts';
import {
  openStore,
  TerminalError,
  workflow,
  type StepContext,
  type StepOptions,
  type EngineLog,
  type Workflow,
} from '../index.ts';
import type { Store } from '../store/port/store.ts';

/** A workflow of one step. */
function oneStep(fn: (step: StepContext) => unknown, options: StepOptions = {}) {
  return workflow('one', (ctx, _: null) => ctx.step('work', fn, options));
}
const QUICK = { maxAttempts: 5, initial: 1, factor: 1 } as const;

/** Ends when the attempt is told to stop, and says why. */
const stopped = ({ signal }: StepContext): Promise<never> =>
  new Promise((_, reject) => {
    signal.addEventListener('abort', () => reject(signal.reason as Error));
  });

describe('a step', () => {
  it('knows its run, name, attempt and keys', async () => {
    const seen: StepContext[] = [];
    const subject = oneStep(
      (step) => {
        seen.push(step);
        if (step.attempt < 3) throw new Error('again');
        return 'done';
      },
      { retry: QUICK },
    );
    const millrace = await open({ workflows: [subject] });
    const run = await millrace.start(subject, null);
    expect(await run.result()).toBe('done');
    expect(seen.map(({ attempt, name, runId }) => [attempt, name, runId])).toEqual(
      [1, 2, 3].map((attempt) => [attempt, 'work', run.runId]),
    );
    expect(new Set(seen.map(({ idempotencyKey }) => idempotencyKey))).toEqual(new Set([`${run.runId}:0`]));
    const tokens = seen.map(({ fencingToken }) => fencingToken.value);
    expect(tokens).toEqual(tokens.toSorted((a, b) => a - b));
    expect(new Set(tokens).size).toBe(3);
  });

  it('that fails is tried again, each failure in history with its reason', async () => {
    let calls = 0;
    const subject = oneStep(
      () => {
        if (++calls < 3) throw Object.assign(new Error(`try ${calls}`), { code: 'BUSY' });
        return calls;
      },
      { retry: QUICK },
    );
    const millrace = await open({ workflows: [subject] });
    const run = await millrace.start(subject, null);
    expect(await run.result()).toBe(3);
    expect(await run.history()).toMatchObject([
      { type: 'started' },
      {
        type: 'step-retrying',
        name: 'work',
        attempt: 1,
        data: { error: { code: 'BUSY', message: 'try 1' } },
      },
      {
        type: 'step-retrying',
        name: 'work',
        attempt: 2,
        data: { error: { code: 'BUSY', message: 'try 2' } },
      },
      { type: 'step-completed', name: 'work', attempt: 3, data: { output: 3 } },
      { type: 'completed' },
    ]);
  });

  it.each([
    ['a TerminalError', () => new TerminalError('no'), {}],
    [
      'a code in nonRetryable',
      () => Object.assign(new Error('no'), { code: 'HTTP_404' }),
      { nonRetryable: ['HTTP_4XX'] },
    ],
    ['a name in nonRetryable', () => new RangeError('no'), { nonRetryable: ['RangeError'] }],
  ])('is not tried again after %s', async (_, make, retry) => {
    let calls = 0;
    const subject = oneStep(
      () => {
        calls++;
        throw make();
      },
      { retry: { ...QUICK, ...retry } },
    );
    const millrace = await open({ workflows: [subject] });
    await expect((await millrace.start(subject, null)).result()).rejects.toEqual(refusal('RUN_FAILED', /no/));
    expect(calls).toBe(1);
  });

  it('waits long pauses in the store, and short ones in memory', async () => {
    let calls = 0;
    const subject = oneStep(
      () => {
        if (++calls < 3) throw new Error('again');
        return calls;
      },
      { retry: { maxAttempts: 3, initial: 300, factor: 1 } },
    );
    const millrace = await open({ workflows: [subject] });
    const run = await millrace.start(subject, null);
    await until(run, 'waiting');
    expect((await run.why()).reasons).toMatchObject([{ code: 'RETRY_BACKOFF' }]);
    expect(await run.result()).toBe(3);
  });

  it('whose result cannot be stored fails at once and names the place', async () => {
    const subject = oneStep(() => ({ deep: [() => 1] }), { retry: QUICK });
    const millrace = await open({ workflows: [subject] });
    const run = await millrace.start(subject, null);
    await expect(run.result()).rejects.toEqual(refusal('RUN_FAILED', /result of step "work".*deep\[0\]/));
    expect(await typesOf(run)).toEqual(['started', 'step-failed', 'failed']);
  });

  it('may be synchronous or asynchronous, and throw what it likes', async () => {
    const many = workflow('many', async (ctx, _: null) => [
      await ctx.step('sync', () => 1),
      await ctx.step('async', async () => 2),
      await ctx.step('nothing', () => {}),
      await ctx
        .step('throws text', () => Promise.reject('text'))
        .catch(({ cause }: Error) => (cause as Error).message),
    ]);
    const millrace = await open({ workflows: [many] });
    expect(await (await millrace.start(many, null)).result()).toEqual([1, 2, undefined, 'text']);
  });
});

describe('time limits of a step', () => {
  it('end an attempt that takes too long, tell it so, and try again', async () => {
    const reasons: unknown[] = [];
    const subject = oneStep(
      async (step) => {
        if (step.attempt === 1) await stopped(step).catch((reason: unknown) => reasons.push(reason));
        return step.attempt;
      },
      { timeout: 30, retry: QUICK },
    );
    const millrace = await open({ workflows: [subject] });
    const run = await millrace.start(subject, null);
    expect(await run.result()).toBe(2);
    expect(reasons).toMatchObject([
      { code: 'TIMEOUT', message: expect.stringMatching(/attempt 1 .* within 30 ms/) },
    ]);
    expect((await run.history())[1]).toMatchObject({
      type: 'step-retrying',
      data: { error: { code: 'TIMEOUT' } },
    });
  });

  it('drop what an attempt returns after its time', async () => {
    const late = gate();
    const subject = oneStep(
      async ({ attempt }) => {
        if (attempt === 1) await late.passed;
        else late.open();
        return attempt;
      },
      { timeout: 20, retry: QUICK },
    );
    const millrace = await open({ workflows: [subject] });
    expect(await (await millrace.start(subject, null)).result()).toBe(2);
  });

  it('end all attempts together after the total time', async () => {
    let reason: unknown;
    const subject = oneStep(
      (step) => stopped(step).catch((error: unknown) => Promise.reject((reason = error))),
      {
        totalTimeout: 40,
        retry: QUICK,
      },
    );
    const millrace = await open({ workflows: [subject] });
    const run = await millrace.start(subject, null);
    await expect(run.result()).rejects.toEqual(refusal('RUN_FAILED', /TIMEOUT: all attempts/));
    expect(reason).toMatchObject({ code: 'CANCELLED' });
    expect(await typesOf(run)).toEqual(['started', 'timer-set', 'timer-fired', 'failed']);
  });

  it('end an attempt that gives no heartbeat, and spare one that does', async () => {
    const subject = oneStep(
      async (step) => {
        if (step.attempt === 1) return stopped(step);
        for (let beat = 0; beat < 12; beat++) {
          step.heartbeat();
          await new Promise((resolve) => setTimeout(resolve, 20));
        }
        return 'alive';
      },
      { heartbeatTimeout: 150, retry: QUICK },
    );
    const millrace = await open({ workflows: [subject] });
    const run = await millrace.start(subject, null);
    expect(await run.result()).toBe('alive');
    expect((await run.history())[1]).toMatchObject({
      data: { error: { message: expect.stringMatching(/gave no heartbeat for 150 ms/) } },
    });
  });
});

describe('a checkpoint', () => {
  it('is durable when it resolves, and the next attempt finds the last one', async () => {
    const found: unknown[] = [];
    const subject = oneStep(
      async (step) => {
        found.push(step.lastCheckpoint);
        const from = (step.lastCheckpoint as number | undefined) ?? 0;
        await step.checkpoint(from + 1);
        await step.checkpoint(from + 2);
        if (step.attempt < 3) throw new Error('again');
        return step.lastCheckpoint;
      },
      { retry: QUICK },
    );
    const millrace = await open({ workflows: [subject] });
    const run = await millrace.start(subject, null);
    expect(await run.result()).toBe(6);
    expect(found).toEqual([undefined, 2, 4]);
    expect((await typesOf(run)).filter((type) => type === 'step-checkpoint')).toHaveLength(6);
  });

  it('that cannot be stored fails the attempt', async () => {
    const subject = oneStep((step) => step.checkpoint(() => 1));
    const millrace = await open({ workflows: [subject] });
    await expect((await millrace.start(subject, null)).result()).rejects.toEqual(
      refusal('RUN_FAILED', /checkpoint of step "work"/),
    );
  });

  it('after the attempt is over is refused', async () => {
    let refused: unknown;
    const subject = oneStep(
      async (step) => {
        if (step.attempt > 1) return 'second';
        await stopped(step).catch(() => {});
        await step.checkpoint(1).catch((error: unknown) => {
          refused = error;
        });
        return 'first';
      },
      { timeout: 20, retry: QUICK },
    );
    const millrace = await open({ workflows: [subject] });
    const run = await millrace.start(subject, null);
    expect(await run.result()).toBe('second');
    await expect.poll(() => refused).toMatchObject({ code: 'TIMEOUT' });
    expect(await typesOf(run)).not.toContain('step-checkpoint');
  });
});

describe('a call', () => {
  const calling = workflow('calling', (ctx, input: unknown) => ctx.call('double', input));

  it('runs the registered executor with its input', async () => {
    const seen: string[] = [];
    const executors = {
      double: (n: number, step: StepContext) => {
        seen.push(step.name);
        return n * 2;
      },
    };
    const millrace = await open({ workflows: [calling], executors });
    expect(await (await millrace.start(calling, 21)).result()).toBe(42);
    expect(seen).toEqual(['double']);
  });
});

describe('limits', () => {
  it('let no more steps run at once than stepConcurrency', async () => {
    let [running, most] = [0, 0];
    const wide = workflow('wide', (ctx, _: null) =>
      ctx.all(
        Array.from({ length: 20 }, (_item, n) =>
          ctx.step(`s${n}`, async () => {
            most = Math.max(most, ++running);
            await new Promise((resolve) => setImmediate(resolve));
            running--;
          }),
        ),
      ),
    );
    const millrace = await open({ workflows: [wide], stepConcurrency: 3 });
    await (await millrace.start(wide, null)).result();
    expect(most).toBe(3);
  });

  it('let no more runs be in turn at once than concurrency', async () => {
    let [running, most] = [0, 0];
    const subject = workflow('busy', (ctx, _: number) =>
      ctx.step('work', async () => {
        most = Math.max(most, ++running);
        await new Promise((resolve) => setImmediate(resolve));
        running--;
      }),
    );
    const millrace = await open({ workflows: [subject], concurrency: 2, store: sharedStore() });
    const runs = await millrace.startMany(
      Array.from({ length: 30 }, (_, n) => ({ workflow: subject, input: n })),
    );
    await Promise.all(runs.map((run) => run.result()));
    expect(most).toBe(2);
  });
});

describe('a claim that comes back late', () => {
  it('does not make more runs of what a start has taken the slot for', async () => {
    const [asked, late, begun, finish] = [gate(), gate(), gate(), gate()];
    const real = await openStore(sharedStore());
    onTestFinished(() => real.close());
    let claims = 0;
    const answered = gate();
    const claimRuns: Store['claimRuns'] = async (request) => {
      if (++claims > 1) return real.claimRuns(request);
      asked.open();
      await late.passed;
      const claimed = await real.claimRuns(request);
      answered.open();
      return claimed;
    };
    const store = new Proxy(real, {
      get: (target, name) => (name === 'claimRuns' ? claimRuns : (Reflect.get(target, name) as unknown)),
    });
    let [running, most] = [0, 0];
    const busy = workflow('busy', (ctx, _: null) =>
      ctx.step('work', async () => {
        most = Math.max(most, ++running);
        begun.open();
        await finish.passed;
        running--;
      }),
    );
    const millrace = await open({ store, workflows: [busy], concurrency: 1 });
    await asked.passed;
    const first = await millrace.start(busy, null);
    await begun.passed;
    const second = await millrace.start(busy, null);
    late.open();
    await answered.passed;
    await until(second, 'queued');
    finish.open();
    await Promise.all([first.result(), second.result()]);
    expect(most).toBe(1);
  });
});

/** What a run logs whose engine goes while its step holds, and that another one brings to its end. */
async function saidByTwo(
  subject: Workflow<null, void>,
  begun: ReturnType<typeof gate>,
  hold: ReturnType<typeof gate>,
): Promise<string[]> {
  const lines: EngineLog[] = [];
  const engine = { store: sharedStore(), workflows: [subject], log: (line: EngineLog) => lines.push(line) };
  const one = await open(engine);
  const { runId } = await one.start(subject, null);
  await begun.passed;
  await one.close({ grace: 0 });
  hold.open();
  const other = await open(engine);
  await other.run(runId).result();
  return lines.flatMap((line) => (line.source === 'run' ? [line.message] : []));
}

describe('log lines', () => {
  it('of workflow and steps say which run they are of, and come once', async () => {
    const lines: EngineLog[] = [];
    const subject = workflow('talk', async (ctx, _: null) => {
      ctx.log.info('begun', { n: 1 });
      await ctx.step('work', ({ log }) => log.warn('working', { m: 2 }));
      await ctx.sleep(120);
      ctx.log.error('ended');
    });
    const millrace = await open({ workflows: [subject], log: (line) => lines.push(line), cacheSize: 1 });
    const run = await millrace.start(subject, null);
    await run.result();
    const of = { source: 'run', runId: run.runId, workflow: 'talk' };
    expect(lines.filter(({ source }) => source === 'run')).toEqual([
      { ...of, level: 'info', message: 'begun', fields: { n: 1 } },
      { ...of, level: 'warn', message: 'working', fields: { step: 'work', attempt: 1, m: 2 } },
      { ...of, level: 'error', message: 'ended', fields: undefined },
    ]);
  });

  it('come once for a run that has recorded something, whoever goes on with it', async () => {
    const [begun, hold] = [gate(), gate()];
    const subject = workflow('talk', async (ctx, _: null) => {
      ctx.log.info('before anything is recorded');
      await ctx.step('first', () => 1);
      ctx.log.info('after the first outcome');
      await ctx.step('second', () => {
        begun.open();
        return hold.passed;
      });
    });
    const said = await saidByTwo(subject, begun, hold);
    expect(said).toEqual(['before anything is recorded', 'after the first outcome']);
  });

  it('of the first turn come again when the process goes before anything is recorded', async () => {
    const [begun, hold] = [gate(), gate()];
    const subject = workflow('talk', async (ctx, _: null) => {
      ctx.log.info('begun');
      await ctx.step('work', () => {
        begun.open();
        return hold.passed;
      });
    });
    expect(await saidByTwo(subject, begun, hold)).toEqual(['begun', 'begun']);
  });
});
