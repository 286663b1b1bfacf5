import { describe, expect, it, vi } from 'vitest';
import { gate, open, refusal, sharedStore, typesOf, until } from '../../testbed/engines/engines.ts';
import { Millrace, openStore, signal, workflow, type EngineLog } from '../index.ts';
import type { Hint, Hints, ReadyPlace } from '../store/port/store.ts';

const go = signal<unknown>('go');
const waiting = workflow('waiting', (ctx, _: unknown) => ctx.waitForSignal(go));
const echo = workflow('echo', (_ctx, input: unknown) => input);

describe('Millrace.open', () => {
  it.each([
    ['an unknown option', { worflows: [] }, 'UNKNOWN_OPTION', /Did you mean "workflows"/],
    ['a workflow that is none', { workflows: [{ name: 'x' }] }, 'INVALID_ARGUMENT', /something that is none/],
    [
      'an executor that is none',
      { executors: { mail: 17 } },
      'INVALID_ARGUMENT',
      /executor "mail" is number/,
    ],
    ['no slots', { concurrency: 0 }, 'INVALID_ARGUMENT', /concurrency is 0/],
    ['half a cache', { cacheSize: 1.5 }, 'INVALID_ARGUMENT', /cacheSize is 1\.5/],
    ['an empty namespace', { namespace: '' }, 'INVALID_ARGUMENT', /namespace name is empty/],
    ['a beat that is none', { beat: 'often' }, 'INVALID_DURATION', /beat/],
    ['a retry that is none', { retry: { maxAttempts: 0 } }, 'INVALID_ARGUMENT', /maxAttempts is 0/],
    ['another address', { store: 'redis://x:secret@y' }, 'STORE_URL', /redis:\/\/x:\*\*\*@y/],
  ] as const)('refuses %s', async (_, options, code, message) => {
    const refused = Millrace.open({ store: 'sqlite::memory:', ...(options as object) });
    await expect(refused).rejects.toEqual(refusal(code, message));
  });

  it('takes an open store, and leaves it open', async () => {
    const store = await openStore('sqlite::memory:');
    const millrace = await Millrace.open({ store, workflows: [echo] });
    const { runId } = await millrace.start(echo, 17);
    expect(await millrace.run(runId).result()).toBe(17);
    await millrace.close();
    expect(await store.readRuns([{ runId }])).toMatchObject([{ status: 'completed' }]);
    await store.close();
  });
});

describe('runs that become claimable', () => {
  it('are asked for by engines that serve their place, and by no other', async () => {
    const receivers: ((hint: Hint) => void)[] = [];
    const store = await openStore('sqlite::memory:');
    // What other processes say arrives when the test says it.
    const hints: Hints = { send: () => {}, receive: (one) => (receivers.push(one), () => {}) };
    const heard = new Proxy(store, {
      get: (target, name) => (name === 'hints' ? hints : (Reflect.get(target, name) as unknown)),
    });
    const millrace = await open({ store: heard, workflows: [echo], queues: ['ours'] });
    const nudge = vi.spyOn(millrace.engine?.claimer ?? { nudge: () => {} }, 'nudge');
    const hear = (place?: ReadyPlace): void => {
      for (const receive of receivers) receive({ kind: 'ready', place });
    };
    for (let at = 0; at < 5; at++) await millrace.start(echo, at, { queue: 'theirs' });
    hear({ namespace: 'default', queue: 'theirs' });
    hear({ namespace: 'other', queue: 'ours' });
    expect(nudge).not.toHaveBeenCalled();
    millrace.engine?.hintReady({ namespace: 'default', queue: 'ours' });
    hear({ namespace: 'default', queue: 'ours' });
    hear();
    expect(nudge).toHaveBeenCalledTimes(3);
    await millrace.close();
    await store.close();
  });
});

describe('what a dead engine was executing', () => {
  /** Begins and never ends, but for what is quick. */
  const begun: string[] = [];
  const hang = workflow('hang', (ctx, name: string) =>
    ctx.step('hang', ({ signal: aborted }) => {
      begun.push(name);
      if (name === 'quick') return undefined;
      return new Promise<void>((_resolve, reject) => aborted.addEventListener('abort', reject));
    }),
  );

  /** An engine that executes as many runs as it can dies; others wait in the queue, and go before them. */
  async function die(url: string, size: number, backlog: string): Promise<void> {
    begun.length = 0;
    // It beats so seldom that it does not learn what is done to it.
    const dead = await open({ store: url, workflows: [hang], concurrency: size, beat: '1h', lease: '3h' });
    const names = Array.from({ length: size }, (_, at) => `cut short ${at}`);
    for (const name of names) await dead.start(hang, name, { priority: 'low' });
    await expect.poll(() => begun.toSorted()).toEqual(names);
    const client = await open({ store: url, work: false });
    for (let at = 0; at < 10; at++) await client.start(hang, backlog, { priority: 'high' });
    const killed = { limit: 10, deathLimit: 3, harmless: false };
    const { requeued } = await client.store.retire(dead.engine?.engineId ?? '', undefined, killed);
    expect(requeued).toBe(size);
    begun.length = 0;
  }

  it('goes on elsewhere although a backlog wants every slot, and leaves it half of them', async () => {
    const url = sharedStore();
    await die(url, 8, 'backlog');
    await open({ store: url, workflows: [hang], concurrency: 4 });
    const most = ['backlog', 'backlog', 'cut short 0', 'cut short 1'];
    await expect.poll(() => begun.toSorted()).toEqual(most);
  });

  it('goes on bit by bit where there is no room for a whole group at once', async () => {
    const url = sharedStore();
    await die(url, 4, 'quick');
    await open({ store: url, workflows: [hang], concurrency: 2 });
    const suspects = (): string[] => begun.filter((name) => name !== 'quick');
    // The first half of them; the second is not tried before these have shown that they kill nobody.
    await expect.poll(suspects, { timeout: 5_000 }).toEqual(['cut short 0', 'cut short 1']);
  });
});

describe('close', () => {
  it('lets running steps end, and the run goes on from there elsewhere', async () => {
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
    const store = sharedStore();
    const one = await open({ store, workflows: [subject] });
    const { runId } = await one.start(subject, null);
    await begun.passed;
    const closed = one.close();
    finish.open();
    await closed;
    expect(calls).toEqual(['first']);
    const two = await open({ store, workflows: [subject] });
    expect(await two.run(runId).result()).toBe(2);
    expect(calls, 'what ended before the close is not done again').toEqual(['first', 'second']);
  });

  it('stops steps that take longer than its grace, and they are tried again elsewhere', async () => {
    const begun = gate();
    const reasons: unknown[] = [];
    const subject = workflow('stubborn', (ctx, _: null) =>
      ctx.step('work', ({ signal: aborted }) => {
        if (reasons.length > 0) return 'done elsewhere';
        begun.open();
        return new Promise<string>((_resolve, reject) => {
          aborted.addEventListener('abort', () => {
            reasons.push(aborted.reason);
            reject(new Error('stopped'));
          });
        });
      }),
    );
    const store = sharedStore();
    const one = await open({ store, workflows: [subject] });
    const { runId } = await one.start(subject, null);
    await begun.passed;
    await one.close({ grace: 20 });
    expect(reasons).toMatchObject([{ code: 'CANCELLED', message: expect.stringMatching(/shutting down/) }]);
    const two = await open({ store, workflows: [subject] });
    expect(await two.run(runId).result()).toBe('done elsewhere');
    const attempts = (await two.run(runId).history()).map(({ attempt }) => attempt);
    expect(attempts, 'giving back is no failure').toEqual([undefined, 1, undefined]);
  });

  it('forgets no step that becomes ready while others end', async () => {
    const [begun, finish] = [gate(), gate()];
    const subject = workflow('drained', async (ctx, _: null) => {
      const late = async (): Promise<string> => {
        await ctx.sleep(90);
        return ctx.step('late', () => 'late');
      };
      const long = ctx.step('long', async () => {
        begun.open();
        await finish.passed;
        return 'long';
      });
      return ctx.all([long, late()]);
    });
    const store = sharedStore();
    const one = await open({ store, workflows: [subject] });
    const { runId } = await one.start(subject, null);
    await begun.passed;
    const closed = one.close({ grace: 5_000 });
    await expect.poll(() => typesOf(one.run(runId)), { timeout: 5_000 }).toContain('timer-fired');
    finish.open();
    await closed;
    const two = await open({ store, workflows: [subject] });
    expect(await two.run(runId).result()).toEqual(['long', 'late']);
  });

  it('hands waiting runs over, which another engine wakes', async () => {
    const store = sharedStore();
    const sleeping = workflow('sleeping', async (ctx, _: null) => {
      await ctx.sleep(150);
      return ctx.waitForSignal(go);
    });
    const one = await open({ store, workflows: [sleeping] });
    const { runId } = await one.start(sleeping, null);
    await until(one.run(runId), 'waiting');
    await one.close();
    const two = await open({ store, workflows: [sleeping] });
    await two.run(runId).signal(go, 17);
    expect(await two.run(runId).result()).toBe(17);
  });

  it('twice is once, and afterwards everything is refused with ENGINE_CLOSED', async () => {
    const millrace = await open({ workflows: [echo, waiting] });
    const run = await millrace.start(waiting, null);
    const told = run.result().catch((error: unknown) => error);
    await Promise.all([millrace.close(), millrace.close({ grace: 0 })]);
    await millrace.close();
    expect(await told, 'a result that will not come').toEqual(refusal('ENGINE_CLOSED'));
    await expect(millrace.start(echo, 1)).rejects.toEqual(refusal('ENGINE_CLOSED'));
    await expect(millrace.startMany([{ workflow: echo, input: 1 }])).rejects.toEqual(
      refusal('ENGINE_CLOSED'),
    );
    await expect(run.result()).rejects.toEqual(refusal('ENGINE_CLOSED'));
  });

  it.each([
    ['signal', (m: Millrace, id: string) => m.run(id).signal(go, 1)],
    ['cancel', (m: Millrace, id: string) => m.run(id).cancel()],
    ['update', (m: Millrace, id: string) => m.run(id).update('ask')],
    ['describe', (m: Millrace, id: string) => m.run(id).describe()],
    ['history', (m: Millrace, id: string) => m.run(id).history()],
    ['runs', (m: Millrace) => m.runs()],
  ])('refuses what comes after it with a code: %s', async (_, ask) => {
    const millrace = await open({ workflows: [waiting] });
    const { runId } = await millrace.start(waiting, null);
    await millrace.close();
    const { code } = (await ask(millrace, runId).catch((error: unknown) => error)) as { code?: string };
    expect(['ENGINE_CLOSED', 'STORE_UNREACHABLE']).toContain(code);
  });
});

describe('a client', () => {
  it('executes nothing, and what it starts runs elsewhere', async () => {
    const store = sharedStore();
    const client = await open({ store, workflows: [echo], work: false });
    expect(client.engine).toBeUndefined();
    const run = await client.start(echo, 17);
    expect((await run.describe()).status).toBe('queued');
    await open({ store, workflows: [echo], name: 'worker' });
    expect(await run.result()).toBe(17);
    expect((await run.describe()).engineId).toBe('worker');
  });

  it('signals and cancels runs of others', async () => {
    const store = sharedStore();
    const client = await open({ store, work: false });
    const worker = await open({ store, workflows: [waiting] });
    const [first, second] = [await worker.start(waiting, 1), await worker.start(waiting, 2)];
    await client.run(first.runId).signal(go, 'from outside');
    await client.run(second.runId).cancel('from outside');
    expect(await client.run(first.runId).result()).toBe('from outside');
    await expect(client.run(second.runId).result()).rejects.toEqual(refusal('CANCELLED', /from outside/));
  });
});

describe('several engines on one store', () => {
  it('share the work, and each run is done once', async () => {
    const store = sharedStore();
    const done: string[] = [];
    const subject = workflow('work', (ctx, n: number) =>
      ctx.step('work', async () => {
        done.push(`${n}`);
        await new Promise((resolve) => setImmediate(resolve));
      }),
    );
    const client = await open({ store, work: false });
    const runs = await client.startMany(
      Array.from({ length: 60 }, (_, input) => ({ workflow: subject, input })),
    );
    await Promise.all(
      ['a', 'b', 'c', 'd'].map((name) => open({ store, name, workflows: [subject], concurrency: 4 })),
    );
    await Promise.all(runs.map((run) => run.result()));
    expect(done.toSorted()).toEqual(Array.from({ length: 60 }, (_, n) => `${n}`).toSorted());
    const names = await Promise.all(runs.map(async (run) => (await run.describe()).engineId));
    expect(new Set(names).size, 'engines that took part').toBeGreaterThan(1);
  });

  it('take only the queues that they were given', async () => {
    const store = sharedStore();
    const fast = await open({ store, workflows: [echo], queues: ['fast'], name: 'fast' });
    const run = await fast.start(echo, 1, { queue: 'slow' });
    const other = await fast.start(echo, 2, { queue: 'fast' });
    await other.result();
    expect((await run.describe()).status).toBe('queued');
    await open({ store, workflows: [echo], queues: ['slow'], name: 'slow' });
    expect(await run.result()).toBe(1);
    expect((await run.describe()).engineId).toBe('slow');
  });

  it.each([
    ['of another namespace', { namespace: 'two' }],
    ['of a queue that is not theirs', { queues: ['other'] }],
  ])('leave alone what wakes up %s', async (_, elsewhere) => {
    const store = sharedStore();
    const sleeping = (tag: string) =>
      workflow('sleeping', async (ctx, _input: null) => {
        await ctx.sleep(500);
        return tag;
      });
    const [right, wrong] = [sleeping('right'), sleeping('wrong')];
    const first = await open({ store, workflows: [right], namespace: 'one' });
    const { runId } = await first.start(right, null);
    await until(first.run(runId), 'waiting');
    await first.close();
    await open({ store, workflows: [wrong], namespace: 'one', ...elsewhere });
    const looking = await open({ store, namespace: 'one', work: false });
    await until(looking.run(runId), 'queued');
    const again = await open({ store, workflows: [right], namespace: 'one' });
    expect(await again.run(runId).result()).toBe('right');
  });

  it('do not believe what they remember of a run that another has driven since', async () => {
    const [begun, finish] = [gate(), gate()];
    const two = workflow('two', async (ctx, _: null) => [
      await ctx.waitForSignal(go),
      await ctx.waitForSignal(go),
    ]);
    const busy = workflow('busy', (ctx, _: null) =>
      ctx.step('hold', () => {
        begun.open();
        return finish.passed;
      }),
    );
    const store = sharedStore();
    const first = await open({ store, workflows: [two, busy], concurrency: 1 });
    const run = await first.start(two, null);
    await until(run, 'waiting');
    const holding = await first.start(busy, null);
    await begun.passed;
    const second = await open({ store, workflows: [two] });
    await second.run(run.runId).signal(go, 1);
    await expect.poll(async () => (await typesOf(run)).length).toBe(2);
    await until(run, 'waiting');
    await second.close();
    finish.open();
    await holding.result();
    await run.signal(go, 2);
    expect(await run.result({ timeout: '5s' })).toEqual([1, 2]);
  });

  it('take over from one that is silent, and it comes back as new', { timeout: 20_000 }, async () => {
    const store = sharedStore();
    const lines: EngineLog[] = [];
    const [begun, finish] = [gate(), gate()];
    let calls = 0;
    const subject = workflow('work', (ctx, _: null) =>
      ctx.step('work', async ({ fencingToken }) => {
        if (++calls > 1) return fencingToken.epoch;
        begun.open();
        await finish.passed;
        return 'the zombie';
      }),
    );
    const one = await open({ store, workflows: [subject], name: 'one', log: (line) => lines.push(line) });
    const run = await one.start(subject, null);
    await begun.passed;
    // As an operator would: declared dead, its runs requeued.
    const { engineId } = one.engine as { engineId: string };
    await one.store.retire(engineId, undefined, { limit: 100, deathLimit: 3, harmless: true });
    const two = await open({ store, workflows: [subject], name: 'two' });
    const result = await two.run(run.runId).result();
    finish.open();
    expect(result).toBeGreaterThan(0);
    await expect.poll(() => one.engine?.engineId, { timeout: 5_000 }).not.toBe(engineId);
    expect(lines).toContainEqual(
      expect.objectContaining({
        source: 'engine',
        message: expect.stringMatching(/declared dead.*comes back as new/),
      }),
    );
    expect((await two.run(run.runId).history()).filter(({ type }) => type === 'step-completed')).toHaveLength(
      1,
    );
    await two.close();
    const again = await one.start(subject, null);
    expect(await again.result(), 'the one that came back works').toBeGreaterThan(0);
  });
});
