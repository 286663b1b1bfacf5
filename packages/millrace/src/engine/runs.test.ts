import { describe, expect, it } from 'vitest';
import { gate, open, refusal, sharedStore, typesOf, until } from '../../testbed/engines/engines.ts';
import { signal, workflow, type Millrace, type Run } from '../index.ts';

const go = signal<unknown>('go');
const waiting = workflow('waiting', (ctx, _: unknown) => ctx.waitForSignal(go));
const double = workflow('double', (_ctx, n: number) => n * 2);
const failing = workflow('failing', (_ctx, _: unknown) => Promise.reject(new Error('broken child')));

describe('a child', () => {
  it('gives its output to its parent, and knows whose child it is', async () => {
    const parent = workflow('parent', (ctx, n: number) => ctx.child(double, n, { tags: ['small'] }));
    const millrace = await open({ workflows: [parent, double] });
    const run = await millrace.start(parent, 21, { priority: 'high', queue: 'fast' });
    expect(await run.result()).toBe(42);
    const { runs } = await millrace.runs({ workflow: 'double' });
    expect(runs).toMatchObject([
      { parentRunId: run.runId, status: 'completed', tags: ['small'], priority: 'high', queue: 'fast' },
    ]);
  });

  it('that fails rejects in its parent with the error as cause', async () => {
    const parent = workflow('parent', (ctx, _: null) =>
      ctx.child(failing, null).catch((error) => [error.code, error.workflow, error.cause.message]),
    );
    const millrace = await open({ workflows: [parent, failing] });
    expect(await (await millrace.start(parent, null)).result()).toEqual([
      'CHILD_FAILED',
      'failing',
      'broken child',
    ]);
  });

  it('that its parent does not outlive is cancelled, or left alone, as asked', async () => {
    const parent = workflow('parent', async (ctx, _: null) => {
      void ctx.child(waiting, 1);
      void ctx.child(waiting, 2, { parentClose: 'abandon' });
      await ctx.detach(waiting, 3);
      await ctx.detach(waiting, 4, { parentClose: 'cancel' });
      await ctx.waitForSignal(go);
    });
    const millrace = await open({ workflows: [parent, waiting] });
    const run = await millrace.start(parent, null);
    await run.signal(go, 1);
    await run.result();
    const children = async (): Promise<Record<string, string>> => {
      const { runs } = await millrace.runs({ parentRunId: run.runId });
      const described = await Promise.all(runs.map(({ runId }) => millrace.run(runId).describe()));
      return Object.fromEntries(described.map(({ input, status }) => [String(input), status]));
    };
    await expect.poll(children).toEqual({ 1: 'cancelled', 2: 'waiting', 3: 'waiting', 4: 'cancelled' });
  });

  it('is cancelled with its parent, which undoes its own work', async () => {
    const undone = gate();
    const parent = workflow('parent', async (ctx, _: null) => {
      ctx.compensate('own', () => undone.open());
      await ctx.child(waiting, 1);
    });
    const millrace = await open({ workflows: [parent, waiting] });
    const run = await millrace.start(parent, null);
    await until(run, 'waiting');
    await run.cancel('enough');
    await expect(run.result()).rejects.toEqual(refusal('CANCELLED', /enough/));
    await undone.passed;
    const [child] = (await millrace.runs({ parentRunId: run.runId })).runs;
    await until(millrace.run(child?.runId as string), 'cancelled');
  });

  it('with input that its schema refuses is not started', async () => {
    const schema = {
      '~standard': {
        version: 1,
        vendor: 'test',
        validate: (value: unknown) =>
          typeof value === 'number' ? { value: value + 1 } : { issues: [{ message: 'not a number' }] },
      },
    } as const;
    const strict = workflow('strict', { input: schema }, (_ctx, n: number) => n);
    const parent = workflow('parent', async (ctx, _: null) => [
      await ctx.child(strict, 1),
      await Promise.resolve()
        .then(() => ctx.child(strict, 'x' as never))
        .catch(({ code }: { code: string }) => code),
    ]);
    const millrace = await open({ workflows: [parent, strict] });
    expect(await (await millrace.start(parent, null)).result()).toEqual([2, 'INVALID_INPUT']);
  });

  it('may have children of its own, a hundred deep', async () => {
    const down = workflow('down', async (ctx, n: number): Promise<number> =>
      n === 0 ? 0 : 1 + ((await ctx.child(down as never, (n - 1) as never)) as number),
    );
    const millrace = await open({ workflows: [down] });
    expect(await (await millrace.start(down, 100)).result()).toBe(100);
  });
});

describe('continueAsNew', () => {
  const counting = workflow('counting', async (ctx, seen: unknown[]): Promise<unknown> => {
    if (seen.length === 3) return seen;
    return ctx.continueAsNew([...seen, await ctx.waitForSignal(go)]);
  });

  it('keeps key and signals, and the result is that of the last run', async () => {
    const millrace = await open({ workflows: [counting] });
    const run = await millrace.start(counting, [], { key: 'k', tags: ['t'] });
    for (const n of [1, 2, 3]) await run.signal(go, n);
    expect(await run.result()).toEqual([1, 2, 3]);
    const first = await run.describe();
    expect(first.status).toBe('continued');
    const { runs } = await millrace.runs({ tag: 't' });
    expect(runs.map(({ status }) => status).toSorted()).toEqual([
      'completed',
      'continued',
      'continued',
      'continued',
    ]);
    expect(await millrace.run({ key: 'k' }).describe()).toMatchObject({ status: 'completed', key: 'k' });
    expect(first.successorRunId).toBe(runs.find(({ runId }) => runId === first.successorRunId)?.runId);
  });

  it('passes on signals that come later, by id or by key', async () => {
    const millrace = await open({ workflows: [counting] });
    const run = await millrace.start(counting, [], { key: 'k' });
    await run.signal(go, 1);
    await until(run, 'continued');
    await run.signal(go, 2);
    await millrace.run({ key: 'k' }).signal(go, 3);
    expect(await millrace.run({ key: 'k' }).result()).toEqual([1, 2, 3]);
  });

  it('tells the parent of the first run how the last one ended', async () => {
    const parent = workflow('parent', (ctx, _: null) => ctx.child(counting, [1, 2]));
    const millrace = await open({ workflows: [parent, counting] });
    const run = await millrace.start(parent, null);
    await until(run, 'waiting');
    const [child] = (await millrace.runs({ parentRunId: run.runId })).runs;
    await millrace.run(child?.runId as string).signal(go, 3);
    expect(await run.result()).toEqual([1, 2, 3]);
  });

  it('a thousand times in a row is one result', async () => {
    const long = workflow('long', (ctx, n: number): Promise<number> | number =>
      n === 0 ? 17 : ctx.continueAsNew(n - 1),
    );
    const millrace = await open({ workflows: [long] });
    expect(await (await millrace.start(long, 1_000)).result()).toBe(17);
  });

  it('with work that has no outcome is refused, and the run fails', async () => {
    const hasty = workflow('hasty', (ctx, _: null) => {
      void ctx.sleep('1h');
      return ctx.continueAsNew(null);
    });
    const millrace = await open({ workflows: [hasty] });
    await expect((await millrace.start(hasty, null)).result()).rejects.toEqual(
      refusal('RUN_FAILED', /CONTINUE_WITH_PENDING_WORK/),
    );
  });
});

describe('versions', () => {
  it('stay with the runs that started on them', async () => {
    const one = workflow('order', { version: 1 }, async (ctx, _: null) => [
      'one',
      await ctx.waitForSignal(go),
    ]);
    const two = workflow('order', { version: 2 }, async (ctx, _: null) => [
      'two',
      await ctx.waitForSignal(go),
    ]);
    const store = sharedStore();
    const before = await open({ store, workflows: [one] });
    const old = await before.start(one, null);
    await until(old, 'waiting');
    await before.close();
    const after = await open({ store, workflows: [one, two] });
    const fresh = await after.start(two, null);
    for (const { runId } of [old, fresh]) await after.run(runId).signal(go, 'go');
    expect(await Promise.all([old, fresh].map(({ runId }) => after.run(runId).result()))).toEqual([
      ['one', 'go'],
      ['two', 'go'],
    ]);
  });

  it('that no engine has wait until one does, and why says so', async () => {
    const one = workflow('order', { version: 1 }, (_ctx, _: null) => 'one');
    const store = sharedStore();
    const client = await open({ store, work: false });
    const run = await client.start(one, null);
    expect((await run.why()).reasons).toMatchObject([{ code: 'NO_ENGINE' }]);
    const other = await open({ store, workflows: [workflow('order', { version: 2 }, () => 'two')] });
    expect((await run.why()).reasons).toMatchObject([{ code: 'NO_ENGINE_FOR_VERSION' }]);
    await other.close();
    await open({ store, workflows: [one] });
    expect(await run.result()).toBe('one');
  });

  it('registered twice are refused', async () => {
    const refused = open({ workflows: [double, double] });
    await expect(refused).rejects.toEqual(refusal('DUPLICATE_REGISTRATION', /"double" version 1/));
  });
});

describe('changed code', () => {
  const right = workflow('order', async (ctx, _: null) => {
    await ctx.step('charge', () => 1);
    return [await ctx.waitForSignal(go), await ctx.waitForSignal(go)];
  });
  const wrong = workflow('order', async (ctx, _: null) => {
    await ctx.step('charge the card', () => 1);
    await ctx.waitForSignal(go);
    return 'never';
  });

  /** A run that was sent a signal and blocked because an engine had the wrong code. */
  async function blockedRun(store: string): Promise<{ run: Run; engine: Millrace }> {
    const first = await open({ store, workflows: [right] });
    const { runId } = await first.start(right, null);
    await until(first.run(runId), 'waiting');
    await first.close();
    const engine = await open({ store, workflows: [wrong] });
    const run = engine.run(runId);
    await run.signal(go, 17);
    await until(run, 'blocked');
    return { run, engine };
  }

  it('blocks its runs, both sides named, and nothing of them is done', async () => {
    const { run } = await blockedRun(sharedStore());
    const { reasons } = await run.why();
    expect(reasons).toMatchObject([
      {
        code: 'NON_DETERMINISTIC',
        refs: { expected: 'step "charge" (command 0)', actual: 'step "charge the card" (command 0)' },
      },
    ]);
    expect((await typesOf(run)).slice(1)).toEqual(['step-completed', 'blocked']);
  });

  it('lets them go on when an engine with the right code starts, and no signal is lost', async () => {
    const store = sharedStore();
    const { run, engine } = await blockedRun(store);
    await run.signal(go, 'sent to a blocked run');
    await engine.close();
    const third = await open({ store, workflows: [right] });
    expect(await third.run(run.runId).result()).toEqual([17, 'sent to a blocked run']);
  });

  it('lets them go on when a person says so', async () => {
    const store = sharedStore();
    const { run, engine } = await blockedRun(store);
    await run.retry();
    await until(run, 'blocked');
    expect((await typesOf(run)).filter((type) => type === 'blocked')).toHaveLength(2);
    await engine.close();
    const third = await open({ store, workflows: [right] });
    await third.run(run.runId).signal(go, 18);
    expect(await third.run(run.runId).result()).toEqual([17, 18]);
  });

  it('that awaits something foreign is blocked where it does, also when it goes on later', async () => {
    const resume = gate();
    const foreign = workflow('foreign', async (ctx, _: null) => {
      await ctx.step('charge', () => 1);
      await new Promise((resolve) => setImmediate(resolve));
    });
    const late = workflow('late', async (ctx, _: null) => {
      ctx.onUpdate('stay', () => 1);
      await resume.passed;
      await ctx.step('charge', () => 1);
    });
    const millrace = await open({ workflows: [foreign, late], cacheSize: 10 });
    const first = await millrace.start(foreign, null);
    await until(first, 'blocked');
    expect((await first.why()).reasons).toMatchObject([
      { refs: { cause: 'FOREIGN_AWAIT', actual: 'a foreign promise after step "charge"' } },
    ]);
    const second = await millrace.start(late, null);
    await until(second, 'waiting');
    resume.open();
    expect(await second.update('stay')).toBe(1);
    expect((await typesOf(second)).filter((type) => type.startsWith('step'))).toEqual([]);
  });
});

describe('a run that grows too long', () => {
  it('fails with HISTORY_LIMIT at the limit of its workflow', async () => {
    const endless = workflow('endless', { maxEvents: 20 }, async (ctx, _: null) => {
      for (;;) await ctx.step('again', () => 1);
    });
    const millrace = await open({ workflows: [endless] });
    const run = await millrace.start(endless, null);
    await expect(run.result()).rejects.toEqual(refusal('RUN_FAILED', /HISTORY_LIMIT.*limit is 20/));
    expect((await run.history()).length).toBeLessThanOrEqual(22);
  });
});

describe('a full cache', () => {
  it('forgets suspended runs, which go on from their history', async () => {
    const subject = workflow('sum', async (ctx, n: number) => {
      const first = (await ctx.waitForSignal(go)) as number;
      const step = await ctx.step('add', () => first + n);
      return step + ((await ctx.waitForSignal(go)) as number);
    });
    const millrace = await open({ workflows: [subject], cacheSize: 1 });
    const inputs = Array.from({ length: 60 }, (_, n) => n);
    const runs = await millrace.startMany(inputs.map((input) => ({ workflow: subject, input })));
    for (const value of [100, 1000]) await Promise.all(runs.map((run) => run.signal(go, value)));
    expect(await Promise.all(runs.map((run) => run.result()))).toEqual(inputs.map((n) => n + 1100));
  });
});

describe('a fan-out', () => {
  it('of a thousand steps keeps their order', async () => {
    const wide = workflow('wide', (ctx, n: number) =>
      ctx.all(Array.from({ length: n }, (_, at) => ctx.step('square', () => at * at))),
    );
    const millrace = await open({ workflows: [wide] });
    const result = await (await millrace.start(wide, 1_000)).result();
    expect(result).toEqual(Array.from({ length: 1_000 }, (_, at) => at * at));
  });

  it('of a thousand children gathers them all', { timeout: 30_000 }, async () => {
    const wide = workflow('wide', (ctx, n: number) =>
      ctx.all(Array.from({ length: n }, (_, at) => ctx.child(double, at))),
    );
    const millrace = await open({ workflows: [wide, double] });
    const result = await (await millrace.start(wide, 1_000)).result();
    expect(result).toEqual(Array.from({ length: 1_000 }, (_, at) => at * 2));
  });

  it('of more children than there are slots still gathers them all', { timeout: 30_000 }, async () => {
    const wide = workflow('wide', (ctx, n: number) =>
      ctx.all(Array.from({ length: n }, (_, at) => ctx.child(double, at))),
    );
    const millrace = await open({ workflows: [wide, double], concurrency: 2 });
    expect(await (await millrace.start(wide, 50)).result()).toHaveLength(50);
  });
});
