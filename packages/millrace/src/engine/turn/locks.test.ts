import { describe, expect, it } from 'vitest';
import { gate, open, sharedStore, typesOf, until } from '../../../testbed/engines/engines.ts';
import { isMillraceError, signal, workflow, type Context, type Millrace } from '../../index.ts';

const go = signal<unknown>('go');

/** Holds the lock until it is told to go on; its output is the token. */
const holder = workflow('holder', async (ctx, name: string) => {
  const lock = await ctx.lock(name);
  await ctx.waitForSignal(go);
  await lock.release();
  return lock.token;
});

const ends = workflow('ends', async (ctx, how: string) => {
  await ctx.lock('door');
  await ctx.waitForSignal(go);
  if (how === 'fails') throw new Error('broken');
  if (how === 'continues') await ctx.continueAsNew('completes');
});

async function holding(millrace: Millrace, name = 'door'): Promise<string | undefined> {
  const locks = await millrace.locks();
  return locks.find((lock) => lock.name === name)?.holder?.id;
}

async function waiters(millrace: Millrace): Promise<string[]> {
  return (await millrace.locks()).flatMap((lock) => lock.waiters.map(({ id }) => id));
}

describe('a lock of a run', () => {
  it('that is free is granted in the turn that asks, and recorded', async () => {
    const millrace = await open({ workflows: [holder] });
    const run = await millrace.start(holder, 'door');
    await until(run, 'waiting');
    expect(await millrace.locks()).toMatchObject([
      { name: 'door', token: 1, holder: { kind: 'run', id: run.runId, owner: 'holder' }, expired: false },
    ]);
    await run.signal(go, null);
    expect(await run.result()).toBe(1);
    expect(await millrace.locks()).toEqual([]);
    expect(await typesOf(run)).toEqual([
      ...['started', 'lock-requested', 'lock-granted', 'signal-received', 'lock-released', 'completed'],
    ]);
  });

  it('goes from run to run in the order in which they asked, and tokens grow', async () => {
    const millrace = await open({ workflows: [holder] });
    const runs = [];
    for (let n = 0; n < 3; n++) {
      const run = await millrace.start(holder, 'door');
      await until(run, 'waiting');
      runs.push(run);
    }
    expect(await waiters(millrace)).toEqual([runs[1]?.runId, runs[2]?.runId]);
    for (const [at, run] of runs.entries()) {
      expect(await holding(millrace)).toBe(run.runId);
      await run.signal(go, null);
      expect(await run.result()).toBe(at + 1);
    }
  });

  it.each(['completes', 'fails', 'continues', 'is cancelled'])('is left when the run %s', async (how) => {
    const millrace = await open({ workflows: [ends, holder] });
    const run = await millrace.start(ends, how);
    await until(run, 'waiting');
    const next = await millrace.start(holder, 'door');
    await until(next, 'waiting');
    if (how === 'is cancelled') await run.cancel();
    else await run.signal(go, null);
    await expect.poll(() => holding(millrace)).toBe(next.runId);
    await next.signal(go, null);
    expect(await next.result()).toBe(2);
  });

  it('that is not granted in time is refused, and nobody waits for it any more', async () => {
    const hasty = workflow('hasty', async (ctx, _: null) => {
      try {
        return await ctx.lock('door', { waitFor: 20 });
      } catch (error) {
        return [isMillraceError(error, 'LOCK_TIMEOUT'), (error as Error).message];
      }
    });
    const millrace = await open({ workflows: [holder, hasty] });
    await until(await millrace.start(holder, 'door'), 'waiting');
    const run = await millrace.start(hasty, null);
    expect(await run.result()).toEqual([true, 'lock "door" was not granted in time']);
    expect(await waiters(millrace)).toEqual([]);
  });

  it('is not waited for any more by a run that is cancelled', async () => {
    const millrace = await open({ workflows: [holder] });
    const first = await millrace.start(holder, 'door');
    await until(first, 'waiting');
    const [gone, next] = [await millrace.start(holder, 'door'), await millrace.start(holder, 'door')];
    await expect.poll(() => waiters(millrace)).toHaveLength(2);
    await gone.cancel();
    await until(gone, 'cancelled');
    expect(await waiters(millrace)).toEqual([next.runId]);
    await first.signal(go, null);
    await expect.poll(() => holding(millrace)).toBe(next.runId);
  });

  it('that expires goes to the run that waits, at once', async () => {
    const short = workflow('short', async (ctx, _: null) => {
      await ctx.lock('door', { timeout: 60 });
      await ctx.waitForSignal(go);
    });
    const millrace = await open({ workflows: [holder, short] });
    const first = await millrace.start(short, null);
    await until(first, 'waiting');
    const next = await millrace.start(holder, 'door');
    // Long before any engine looks by itself.
    await expect.poll(() => holding(millrace), { timeout: 2_000, interval: 10 }).toBe(next.runId);
    await next.signal(go, null);
    expect(await next.result()).toBe(2);
  });

  it('survives the engine of its run', async () => {
    const store = sharedStore();
    const options = { store, workflows: [holder], beat: 100, lease: 500 };
    const first = await open({ ...options, name: 'first' });
    const run = await first.start(holder, 'door');
    await until(run, 'waiting');
    const second = await open({ ...options, name: 'second' });
    const next = await second.start(holder, 'door');
    await first.close({ grace: 0 });
    expect(await holding(second)).toBe(run.runId);
    await second.run(run.runId).signal(go, null);
    expect(await second.run(run.runId).result()).toBe(1);
    await next.signal(go, null);
    expect(await next.result()).toBe(2);
  });

  it('may be asked for again after its release, and not before', async () => {
    const again = async (ctx: Context): Promise<unknown> => ctx.lock('door');
    const twice = workflow('twice', async (ctx, _: null) => {
      const first = await ctx.lock('door');
      const refused = await again(ctx).catch((error: unknown) => (error as { code: string }).code);
      await first.release();
      await first.release();
      const second = await ctx.lock('door');
      return [first.token, refused, second.token];
    });
    const millrace = await open({ workflows: [twice] });
    expect(await (await millrace.start(twice, null)).result()).toEqual([1, 'INVALID_ARGUMENT', 2]);
  });

  it('that a run awaits is asked for again when the run is retried', async () => {
    let broken = true;
    const flaky = workflow('flaky', async (ctx, _: null) => {
      const lock = ctx.lock('door');
      const work = ctx.step('work', () => {
        if (broken) throw new Error('broken');
      });
      await Promise.all([lock, work]);
      return (await lock).token;
    });
    const millrace = await open({ workflows: [holder, flaky] });
    const first = await millrace.start(holder, 'door');
    await until(first, 'waiting');
    const run = await millrace.start(flaky, null);
    await until(run, 'failed');
    expect(await waiters(millrace)).toEqual([]);
    broken = false;
    await run.retry();
    await expect.poll(() => waiters(millrace)).toEqual([run.runId]);
    await first.signal(go, null);
    expect(await run.result()).toBe(2);
  });

  it('is what why names for a run that waits for it', async () => {
    const millrace = await open({ workflows: [holder] });
    await until(await millrace.start(holder, 'door'), 'waiting');
    const next = await millrace.start(holder, 'door');
    await until(next, 'waiting');
    expect((await next.why()).reasons).toMatchObject([
      {
        code: 'WAITING_LOCK',
        message: expect.stringMatching(/^it waits for lock "door", held by run /),
        refs: { lock: 'door' },
      },
    ]);
  });

  it('does not hold up a step that runs beside it', async () => {
    const [begun, end] = [gate(), gate()];
    const both = workflow('both', async (ctx, _: null) => {
      const step = ctx.step('work', async () => {
        begun.open();
        await end.passed;
      });
      const lock = await ctx.lock('door');
      await step;
      return lock.token;
    });
    const millrace = await open({ workflows: [both, holder] });
    const first = await millrace.start(holder, 'door');
    await until(first, 'waiting');
    const run = await millrace.start(both, null);
    await begun.passed;
    await expect.poll(() => waiters(millrace)).toEqual([run.runId]);
    await first.signal(go, null);
    await expect.poll(() => holding(millrace)).toBe(run.runId);
    end.open();
    expect(await run.result()).toBe(2);
  });
});
