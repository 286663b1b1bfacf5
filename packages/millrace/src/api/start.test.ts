import type { StandardSchemaV1 } from '@standard-schema/spec';
import { describe, expect, it, onTestFinished } from 'vitest';
import { gate, open, refusal, sharedStore, typesOf, until } from '../../testbed/engines/engines.ts';
import { openStore, signal, workflow, type Millrace, type Priority, type Run } from '../index.ts';
import type { Store } from '../store/port/store.ts';

const echo = workflow('echo', (_ctx, input: unknown) => input);
const failing = workflow('failing', (_ctx, _input: unknown) => {
  throw new Error('always');
});
const go = signal<number>('go');
const waiting = workflow('waiting', (ctx, _input: unknown) => ctx.waitForSignal(go));
const workflows = [echo, failing, waiting];
// What a program without types can do.
const untyped = (value: unknown): never => value as never;

describe('start', () => {
  it('makes a run whose result is the output', async () => {
    const millrace = await open({ workflows });
    const run = await millrace.start(echo, { at: new Date(0), n: 17n });
    expect(await run.result()).toEqual({ at: new Date(0), n: 17n });
    expect(await run.result(), 'and again').toEqual({ at: new Date(0), n: 17n });
    expect(await typesOf(run)).toEqual(['started', 'completed']);
  });

  it('writes down who starts it together with the run, once for a key', async () => {
    const millrace = await open({ workflows });
    const audit = { actor: 'user:ann', remote: '10.0.0.7', reason: 'called', requestId: 'r1' };
    const { runId } = await millrace.start(echo, 1, { key: 'k', audit });
    await millrace.start(echo, 1, { key: 'k', audit: { actor: 'user:bob' } });
    expect((await millrace.audit()).entries).toMatchObject([
      { ...audit, action: 'startRun', target: `runs/${runId}`, outcome: 'done' },
    ]);
    for (const wrong of [{}, { actor: '' }, { actor: 17 }, { actor: 'a', what: 'x' }])
      // oxlint-disable-next-line no-await-in-loop -- one after the other
      await expect(millrace.start(echo, 1, { audit: untyped(wrong) })).rejects.toThrow(/audit/);
    expect((await millrace.audit()).entries).toHaveLength(1);
  });

  it('describes the run as it was started', async () => {
    const millrace = await open({ workflows, name: 'engine-1', namespace: 'shop' });
    const run = await millrace.start(echo, 'hi', {
      key: 'k',
      priority: 'high',
      tags: ['a', 'b'],
      queue: 'q',
    });
    await run.result();
    expect(await run.describe()).toMatchObject({
      runId: run.runId,
      workflow: 'echo',
      version: '1',
      namespace: 'shop',
      key: 'k',
      status: 'completed',
      priority: 'high',
      tags: ['a', 'b'],
      queue: 'q',
      input: 'hi',
      output: 'hi',
      error: null,
      engineId: 'engine-1',
    });
  });

  it('of a failing workflow gives RUN_FAILED with the error as its cause', async () => {
    const millrace = await open({ workflows });
    const run = await millrace.start(failing, null);
    await expect(run.result()).rejects.toMatchObject({
      code: 'RUN_FAILED',
      message: `run ${run.runId} failed: Error: always`,
      cause: expect.objectContaining({ message: 'always' }),
    });
  });

  it('lists runs by tag, status, workflow and key, newest first', async () => {
    const millrace = await open({ workflows });
    const first = await millrace.start(echo, 1, { tags: ['day'], key: 'one' });
    await first.result();
    const second = await millrace.start(waiting, 2, { tags: ['day'] });
    await until(second, 'waiting');
    const ids = async (filter: Parameters<Millrace['runs']>[0]): Promise<string[]> =>
      (await millrace.runs(filter)).runs.map(({ runId }) => runId);
    expect((await ids({ tag: 'day' })).toSorted()).toEqual([first.runId, second.runId].toSorted());
    expect(await ids({ tag: 'night' })).toEqual([]);
    expect(await ids({ status: ['waiting'] })).toEqual([second.runId]);
    expect(await ids({ workflow: 'echo' })).toEqual([first.runId]);
    expect(await ids({ key: 'one' })).toEqual([first.runId]);
    const [listed] = (await millrace.runs({ key: 'one' })).runs;
    expect(listed, 'values are for whoever reads one run').toMatchObject({ input: null, output: null });
    expect(await first.describe()).toMatchObject({ ...listed, input: 1, output: 1 });
  });

  it.each([
    ['an unknown option', { prority: 'high' }, 'UNKNOWN_OPTION', /Did you mean "priority"/],
    ['an unknown priority', { priority: 'hihg' }, 'INVALID_ARGUMENT', /Did you mean "high"/],
    ['an empty key', { key: '' }, 'INVALID_ARGUMENT', /key is empty/],
    ['an empty queue', { queue: '' }, 'INVALID_ARGUMENT', /queue name is empty/],
    ['tags that are no list', { tags: 'urgent' }, 'INVALID_ARGUMENT', /tags must be a list/],
    ['an unknown reuse', { reuse: 'never' }, 'INVALID_ARGUMENT', /reuse is never.*Use one of return, allow/],
    ['delay and startAt', { delay: 1, startAt: 1 }, 'INVALID_ARGUMENT', /both delay and startAt/],
    ['startAt that is no instant', { startAt: 'now' }, 'INVALID_ARGUMENT', /startAt is now/],
    ['a delay that is none', { delay: 'soon' }, 'INVALID_DURATION', /soon/],
    ['a timeout that is none', { timeout: 'soon' }, 'INVALID_DURATION', /soon/],
  ] as const)('with %s is refused and nothing is stored', async (_, options, code, message) => {
    const millrace = await open({ workflows });
    await expect(millrace.start(echo, 1, untyped(options))).rejects.toEqual(refusal(code, message));
    expect((await millrace.runs()).runs).toEqual([]);
  });

  it('of nothing, or with input that cannot be stored, is refused and nothing is stored', async () => {
    const millrace = await open({ workflows });
    await expect(millrace.start(untyped(17), untyped(1))).rejects.toEqual(
      refusal('INVALID_ARGUMENT', /start got number instead of a workflow/),
    );
    const task = { name: '$task/mail', version: '1' };
    await expect(millrace.start(task, untyped(1))).rejects.toEqual(
      refusal('INVALID_ARGUMENT', /"\$task\/mail"/),
    );
    await expect(millrace.start(echo, () => 1)).rejects.toEqual(
      refusal('NOT_SERIALIZABLE', /input of workflow "echo"/),
    );
    expect((await millrace.runs()).runs).toEqual([]);
  });
});

describe('an input schema', () => {
  type Order = { id: number; note: string };
  const schema: StandardSchemaV1<unknown, Order> = {
    '~standard': {
      version: 1,
      vendor: 'test',
      validate: async (value) => {
        const { id, note = 'none' } = value as Partial<Order>;
        if (typeof id === 'number') return { value: { id, note } };
        return { issues: [{ message: 'not a number', path: ['order', { key: 'id' }] }, { message: 'odd' }] };
      },
    },
  };
  const order = workflow('order', { input: schema }, (_ctx, { id, note }) => `${id} ${note}`);

  it('changes what the workflow gets', async () => {
    const millrace = await open({ workflows: [order] });
    expect(await (await millrace.start(order, untyped({ id: 17 }))).result()).toBe('17 none');
  });

  it('refuses with every issue, and nothing is stored', async () => {
    const millrace = await open({ workflows: [order] });
    const refused = millrace.start(order, untyped({ id: 'x' }), { key: 'k' });
    await expect(refused).rejects.toMatchObject({
      code: 'INVALID_INPUT',
      message: expect.stringMatching(/order\.id: not a number; odd/),
      details: {
        issues: [
          { path: 'order.id', message: 'not a number' },
          { path: '', message: 'odd' },
        ],
      },
    });
    expect((await millrace.runs()).runs).toEqual([]);
  });
});

describe('a payload limit', () => {
  it('refuses input, signals and step results that are larger, by name', async () => {
    const large = workflow('large', (ctx, _input: string) => ctx.step('print', () => 'x'.repeat(200)));
    const millrace = await open({ workflows: [large, waiting], maxPayloadBytes: 100 });
    const long = 'x'.repeat(200);
    await expect(millrace.start(large, long)).rejects.toEqual(
      refusal('PAYLOAD_TOO_LARGE', /input of workflow "large" is 202 bytes, the limit is 100/),
    );
    await expect((await millrace.start(large, '')).result()).rejects.toEqual(
      refusal('RUN_FAILED', /STEP_FAILED: step "print" failed.*PAYLOAD_TOO_LARGE/),
    );
    const run = await millrace.start(waiting, null);
    await expect(run.signal('go', long)).rejects.toEqual(
      refusal('PAYLOAD_TOO_LARGE', /payload of signal "go"/),
    );
    await expect(run.update('ask', long)).rejects.toEqual(
      refusal('PAYLOAD_TOO_LARGE', /input of update "ask"/),
    );
  });
});

describe('a key', () => {
  it('names one run: the same start again is the answer of the first, open or closed', async () => {
    const millrace = await open({ workflows });
    const run = await millrace.start(waiting, { a: 1 }, { key: 'k' });
    expect((await millrace.start(waiting, { a: 1 }, { key: 'k' })).runId).toBe(run.runId);
    await run.signal(go, 1);
    await run.result();
    const again = await millrace.start(waiting, { a: 1 }, { key: 'k' });
    expect(again.runId).toBe(run.runId);
    expect(await again.result()).toBe(1);
    expect((await millrace.runs()).runs).toHaveLength(1);
  });

  it('started a hundred times at once makes one run', async () => {
    const millrace = await open({ workflows });
    const runs = await Promise.all(Array.from({ length: 100 }, () => millrace.start(echo, 1, { key: 'k' })));
    expect(new Set(runs.map(({ runId }) => runId)).size).toBe(1);
  });

  it('with another input or workflow is in use, and says by which run', async () => {
    const millrace = await open({ workflows });
    const { runId } = await millrace.start(waiting, { a: 1 }, { key: 'k' });
    const wanted = { code: 'KEY_IN_USE', message: expect.stringMatching(runId), details: { runId } };
    await expect(millrace.start(waiting, { a: 2 }, { key: 'k' })).rejects.toMatchObject(wanted);
    await expect(millrace.start(echo, { a: 1 }, { key: 'k' })).rejects.toMatchObject(wanted);
  });

  it('is free again when the window after its close is over', async () => {
    const millrace = await open({ workflows, dedup: 0 });
    const first = await millrace.start(echo, 1, { key: 'k' });
    await first.result();
    const second = await millrace.start(echo, 2, { key: 'k' });
    expect(second.runId).not.toBe(first.runId);
    expect(await second.result()).toBe(2);
  });

  it('in another namespace is another key', async () => {
    const store = sharedStore();
    const one = await open({ workflows, store, namespace: 'one' });
    const two = await open({ workflows, store, namespace: 'two' });
    const first = await one.start(echo, 1, { key: 'k' });
    const second = await two.start(echo, 2, { key: 'k' });
    expect(await two.run({ key: 'k' }).result()).toBe(2);
    expect(await one.run({ key: 'k' }).result()).toBe(1);
    expect(second.runId).not.toBe(first.runId);
  });

  it.each([
    ['return', 'completed', 'same'],
    ['allow', 'completed', 'new'],
    ['allow-failed', 'completed', 'same'],
    ['refuse', 'completed', 'refused'],
    ['return', 'failed', 'same'],
    ['allow', 'failed', 'new'],
    ['allow-failed', 'failed', 'new'],
    ['refuse', 'failed', 'refused'],
    ['allow', 'open', 'same'],
    ['refuse', 'open', 'same'],
  ] as const)('started again with reuse %s after a run that is %s: %s', async (reuse, end, wanted) => {
    const millrace = await open({ workflows });
    const subject = end === 'completed' ? echo : end === 'failed' ? failing : waiting;
    const run = await millrace.start(subject, 1, { key: 'k' });
    if (end !== 'open') await run.result().catch(() => {});
    const again = millrace.start(subject, 1, { key: 'k', reuse }).then(
      ({ runId }) => (runId === run.runId ? 'same' : 'new'),
      ({ code }: { code: string }) => (code === 'KEY_IN_USE' ? 'refused' : code),
    );
    expect(await again).toBe(wanted);
  });
});

describe('priorities', () => {
  it('decide who goes first when there is one slot', async () => {
    const blocker = gate();
    const order: Priority[] = [];
    const block = workflow('block', (ctx, _: null) => ctx.step('block', () => blocker.passed));
    const note = workflow('note', (ctx, word: Priority) => ctx.step('note', () => void order.push(word)));
    const millrace = await open({ workflows: [block, note], concurrency: 1 });
    await millrace.start(block, null);
    const runs = [];
    for (const priority of ['low', 'normal', 'high', 'critical', 'normal', 'high'] as const) {
      runs.push(await millrace.start(note, priority, { priority }));
    }
    blocker.open();
    await Promise.all(runs.map((run) => run.result()));
    expect(order).toEqual(['critical', 'high', 'high', 'normal', 'normal', 'low']);
  });
});

describe('a delayed start', () => {
  it('begins at its time, not before', async () => {
    const millrace = await open({ workflows });
    await (await millrace.start(echo, 0)).result(); // the engine has looked for due runs and found none
    const asked = Date.now();
    const run = await millrace.start(echo, 1, { delay: 150 });
    expect((await run.describe()).status).toBe('waiting');
    expect((await run.why()).reasons).toMatchObject([{ code: 'DELAYED_START' }]);
    await run.result();
    const afterMs = Date.parse((await run.describe()).startedAt as string) - asked;
    expect(afterMs).toBeGreaterThanOrEqual(150);
    expect(afterMs).toBeLessThan(2_000);
  });

  it('may be given as an instant; one that has passed begins at once', async () => {
    const millrace = await open({ workflows });
    const past = await millrace.start(echo, 1, { startAt: new Date(0) });
    const soon = await millrace.start(echo, 2, { startAt: Date.now() + 50 });
    expect(await Promise.all([past.result(), soon.result()])).toEqual([1, 2]);
  });

  it('is not hastened by a signal, which is there when it begins', async () => {
    const millrace = await open({ workflows });
    const asked = Date.now();
    const run = await millrace.start(waiting, null, { delay: 300 });
    await run.signal(go, 17);
    await run.signal(go, 18);
    expect(await run.result()).toBe(17);
    const begun = (await run.history())[1];
    expect(Date.parse(begun?.at as string) - asked).toBeGreaterThanOrEqual(300);
  });

  it('is not waited for by a cancel, and nothing of the run happens', async () => {
    const millrace = await open({ workflows });
    const run = await millrace.start(waiting, null, { delay: '1h' });
    await run.cancel('never mind');
    await expect(run.result()).rejects.toEqual(refusal('CANCELLED', /never mind/));
  });
});

describe('a time limit of a run', () => {
  it('ends it timed-out, whether workflow or start says so', async () => {
    const limited = workflow('limited', { timeout: 50 }, (ctx) => ctx.waitForSignal('go'));
    const millrace = await open({ workflows: [limited, waiting] });
    const runs = [
      await millrace.start(limited, null),
      await millrace.start(waiting, null, { timeout: 50 }),
      await millrace.start(limited, null, { timeout: '1h' }),
    ] as const;
    await expect(runs[0].result()).rejects.toEqual(refusal('RUN_TIMED_OUT', /timed out/));
    await expect(runs[1].result()).rejects.toEqual(refusal('RUN_TIMED_OUT', /timed out/));
    expect((await runs[1].describe()).status).toBe('timed-out');
    expect((await runs[2].describe()).status).toBe('waiting');
  });
});

describe('startMany', () => {
  it('starts all, each with its own options, in order', async () => {
    const millrace = await open({ workflows });
    const items = Array.from({ length: 700 }, (_, n) => ({
      workflow: echo,
      input: n,
      key: `k${n}`,
      tags: ['many'],
    }));
    const runs = await millrace.startMany(items);
    expect(await Promise.all(runs.map((run) => run.result()))).toEqual(items.map(({ input }) => input));
  });

  it('stores none when one is wrong before anything is sent', async () => {
    const millrace = await open({ workflows });
    const items = [
      { workflow: echo, input: 1 },
      { workflow: echo, input: 2, key: '' },
    ];
    await expect(millrace.startMany(items)).rejects.toEqual(refusal('INVALID_ARGUMENT', /key is empty/));
    expect((await millrace.runs()).runs).toEqual([]);
  });
});

describe('signalWithStart', () => {
  it('starts the run with its first signal, and signals the one that is there', async () => {
    const two = workflow('two', async (ctx, _: null) => [
      await ctx.waitForSignal(go),
      await ctx.waitForSignal(go),
    ]);
    const millrace = await open({ workflows: [two] });
    const run = await millrace.signalWithStart(two, null, { key: 'k', signal: go, payload: 1 });
    const same = await millrace.signalWithStart(two, null, {
      key: 'k',
      signal: 'go',
      payload: 2,
      id: 'second',
    });
    expect(same.runId).toBe(run.runId);
    expect(await run.result()).toEqual([1, 2]);
  });

  describe('when the run of the key closes between the look and the delivery', () => {
    const one = workflow('one', async (ctx, again: boolean): Promise<number> => {
      const heard = await ctx.waitForSignal(go);
      return again ? ctx.continueAsNew(false) : heard;
    });

    /** The library on a store that, asked for the first time, finds a run open which closes before it is told. */
    async function racing(close: (run: Run) => Promise<{ successor?: string | undefined }>) {
      const real = await openStore(sharedStore());
      onTestFinished(() => real.close());
      const racer = await open({ store: real, workflows: [one] });
      const before = await racer.start(one, true, { key: 'k' });
      await until(before, 'waiting');
      let asked = 0;
      const startRuns: Store['startRuns'] = async (requests) => {
        if (++asked > 1) return real.startRuns(requests);
        const { successor } = await close(before);
        const delivery = {
          outcome: 'run-closed',
          runId: before.runId,
          status: 'cancelled',
          successor,
        } as const;
        return [{ outcome: 'existing', runId: before.runId, status: 'running', delivery }];
      };
      const store = new Proxy(real, {
        get: (target, name) => (name === 'startRuns' ? startRuns : (Reflect.get(target, name) as unknown)),
      });
      const millrace = await open({ store, workflows: [one] });
      return { millrace, before };
    }
    const cancel = async (run: Run): Promise<{ successor?: string | undefined }> => {
      await run.cancel();
      await run.result().catch(() => {});
      return {};
    };

    it('starts the next one, with the signal', async () => {
      const { millrace, before } = await racing(cancel);
      const run = await millrace.signalWithStart(one, false, { key: 'k', signal: go, payload: 1 });
      expect(run.runId).not.toBe(before.runId);
      expect(await run.result()).toBe(1);
    });

    it('signals the run that it continued as', async () => {
      const { millrace, before } = await racing(async (run) => {
        await run.signal(go, 0);
        await until(run, 'continued');
        return { successor: (await run.describe()).successorRunId ?? undefined };
      });
      const run = await millrace.signalWithStart(one, false, { key: 'k', signal: go, payload: 1 });
      expect(run.runId).toBe(before.runId);
      expect(await run.result()).toBe(1);
    });

    it('is refused when the key stays with the run that closed', async () => {
      const { millrace } = await racing(cancel);
      const options = { key: 'k', signal: go, payload: 1, reuse: 'return' } as const;
      await expect(millrace.signalWithStart(one, false, options)).rejects.toEqual(refusal('RUN_CLOSED'));
    });
  });

  it('refuses a signal without a name, and starts nothing', async () => {
    const millrace = await open({ workflows });
    const refused = millrace.signalWithStart(waiting, null, { key: 'k', signal: '', payload: 1 });
    await expect(refused).rejects.toEqual(refusal('INVALID_ARGUMENT', /signal name is empty/));
    expect((await millrace.runs()).runs).toEqual([]);
  });
});
