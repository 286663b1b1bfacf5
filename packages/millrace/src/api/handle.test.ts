import { describe, expect, it } from 'vitest';
import { gate, open, refusal, sharedStore, typesOf, until } from '../../testbed/engines/engines.ts';
import { TerminalError, signal, workflow, type Run } from '../index.ts';

const go = signal<unknown>('go');
const three = workflow('three', async (ctx, _: null) => [
  await ctx.waitForSignal(go),
  await ctx.waitForSignal(go),
  await ctx.waitForSignal(go),
]);
const NOBODY = '0199b0a0-0000-7000-8000-000000000001';
// What a program without types can do.
const untyped = (value: unknown): never => value as never;

describe('a handle', () => {
  it('of a key finds the run, and knows its id from then on', async () => {
    const millrace = await open({ workflows: [three] });
    const run = await millrace.start(three, null, { key: 'k' });
    const other = millrace.run({ key: 'k' });
    expect(() => other.runId).toThrow(refusal('INVALID_ARGUMENT', /knows its runId only after a call/));
    await other.describe();
    expect(other.runId).toBe(run.runId);
  });

  it.each([
    ['result', (run: Run) => run.result()],
    ['signal', (run: Run) => run.signal('go')],
    ['cancel', (run: Run) => run.cancel()],
    ['update', (run: Run) => run.update('ask')],
    ['describe', (run: Run) => run.describe()],
    ['why', (run: Run) => run.why()],
    ['retry', (run: Run) => run.retry()],
    ['published', (run: Run) => run.published('state')],
    ['history', (run: Run) => run.history()],
  ])('of a run that does not exist is told so: %s', async (_, ask) => {
    const millrace = await open({ workflows: [three] });
    const wanted = refusal('RUN_NOT_FOUND');
    await expect(ask(millrace.run({ key: 'nobody' })), 'by key').rejects.toEqual(wanted);
    await expect(ask(millrace.run(NOBODY)), 'by id').rejects.toEqual(wanted);
  });

  it('waits for a result no longer than asked', async () => {
    const millrace = await open({ workflows: [three] });
    const run = await millrace.start(three, null);
    await expect(run.result({ timeout: 20 })).rejects.toEqual(refusal('TIMEOUT', /did not end in time/));
    const [first, second] = [run.result({ timeout: 30 }), run.result({ timeout: '1m' })];
    await expect(first).rejects.toEqual(refusal('TIMEOUT'));
    for (let n = 0; n < 3; n++) await run.signal(go, n);
    expect(await second, 'another who waits is not disturbed').toEqual([0, 1, 2]);
  });
});

describe('signals', () => {
  it('reach the run in order, whether it waits or not', async () => {
    const millrace = await open({ workflows: [three] });
    const run = await millrace.start(three, null);
    await run.signal(go, 1);
    await run.signal('go', { two: 2n });
    await run.signal('go');
    expect(await run.result()).toEqual([1, { two: 2n }, undefined]);
  });

  it('of one id are one signal', async () => {
    const millrace = await open({ workflows: [three] });
    const run = await millrace.start(three, null);
    for (const n of [0, 1]) {
      await run.signal(go, 'once', { id: 'a' });
      await run.signal(go, 'once', { id: 'a' });
      await run.signal(go, n);
    }
    expect(await run.result()).toEqual(['once', 0, 1]);
    expect((await typesOf(run)).filter((type) => type === 'signal-received')).toHaveLength(3);
  });

  it('to a run that has closed are refused, with how it ended', async () => {
    const millrace = await open({ workflows: [three] });
    const run = await millrace.start(three, null);
    await run.cancel();
    await run.result().catch(() => {});
    await expect(run.signal(go, 1)).rejects.toMatchObject({
      code: 'RUN_CLOSED',
      message: expect.stringMatching(/is cancelled and takes no signal/),
      details: { runId: run.runId, status: 'cancelled' },
    });
    await expect(run.cancel()).rejects.toEqual(refusal('RUN_CLOSED', /takes no cancel/));
  });

  it('with a name or payload that cannot be are refused', async () => {
    const millrace = await open({ workflows: [three] });
    const run = await millrace.start(three, null);
    await expect(run.signal('', 1)).rejects.toEqual(refusal('INVALID_ARGUMENT', /signal name is empty/));
    await expect(run.signal(go, () => 1)).rejects.toEqual(refusal('NOT_SERIALIZABLE', /signal "go"/));
  });

  it('sent a hundred at a time all arrive, each once', async () => {
    const count = workflow('count', async (ctx, n: number) => {
      const seen: unknown[] = [];
      while (seen.length < n) seen.push(await ctx.waitForSignal(go));
      return seen;
    });
    const millrace = await open({ workflows: [count] });
    const run = await millrace.start(count, 100);
    await Promise.all(Array.from({ length: 100 }, (_, n) => run.signal(go, n)));
    expect(await run.result()).toEqual(Array.from({ length: 100 }, (_, n) => n));
  });
});

describe('cancel', () => {
  it('aborts the step that runs, undoes what was done, and gives the reason to the caller', async () => {
    const begun = gate();
    const reasons: unknown[] = [];
    const undone: string[] = [];
    const long = workflow('long', async (ctx, _: null) => {
      ctx.compensate('first', () => void undone.push('first'));
      ctx.compensate('second', () => void undone.push('second'));
      await ctx.step('long', ({ signal: aborted }) => {
        begun.open();
        return new Promise((_resolve, reject) => {
          aborted.addEventListener('abort', () => {
            reasons.push(aborted.reason);
            reject(new Error('stopped'));
          });
        });
      });
    });
    const millrace = await open({ workflows: [long] });
    const run = await millrace.start(long, null);
    await begun.passed;
    await run.cancel('changed my mind');
    await expect(run.result()).rejects.toMatchObject({
      code: 'CANCELLED',
      message: 'cancelled: changed my mind',
      runId: run.runId,
    });
    expect(reasons).toMatchObject([{ code: 'CANCELLED' }]);
    expect(undone).toEqual(['second', 'first']);
    expect(await run.describe()).toMatchObject({
      status: 'cancelled',
      error: { code: 'CANCELLED', message: 'cancelled: changed my mind' },
    });
  });
});

describe('an update', () => {
  const cart = workflow('cart', async (ctx, _: null) => {
    const items: string[] = [];
    ctx.onUpdate('add', async (item: string) => {
      if (item === '') throw new TerminalError('nothing to add', { code: 'EMPTY' });
      await ctx.step('reserve', () => item);
      return items.push(item);
    });
    ctx.publish('state', 'open');
    await ctx.waitForSignal(go);
    ctx.publish('state', 'closed');
    return items;
  });

  it('is answered with what the handler returns or throws', async () => {
    const millrace = await open({ workflows: [cart] });
    const run = await millrace.start(cart, null);
    expect(await run.update('add', 'pen')).toBe(1);
    await expect(run.update('add', '')).rejects.toMatchObject({ message: 'nothing to add', code: 'EMPTY' });
    const together = await Promise.all([run.update('add', 'ink'), run.update('add', 'cap')]);
    expect(together.toSorted(), 'in whatever order they arrived').toEqual([2, 3]);
    await run.signal(go, 1);
    expect(await run.result()).toEqual(together[0] === 2 ? ['pen', 'ink', 'cap'] : ['pen', 'cap', 'ink']);
  });

  it('of one id is one update, and both callers get the answer', async () => {
    const millrace = await open({ workflows: [cart] });
    const run = await millrace.start(cart, null);
    expect(await run.update('add', 'pen', { id: 'u1' })).toBe(1);
    expect(await run.update('add', 'pen', { id: 'u1', timeout: '3s' })).toBe(1);
    expect(await run.update('add', 'ink')).toBe(2);
  });

  it('that nobody answers ends with TIMEOUT, or with the run', async () => {
    const millrace = await open({ workflows: [three] });
    const run = await millrace.start(three, null);
    await expect(run.update('ask', 1, { timeout: 30 })).rejects.toEqual(refusal('TIMEOUT', /update "ask"/));
    const answer = run.update('ask', 1).catch((error: unknown) => error);
    await until(run, 'waiting');
    await run.cancel();
    expect(await answer).toEqual(refusal('UPDATE_REJECTED', /ended \(cancelled\) without answering "ask"/));
    await expect(run.update('ask')).rejects.toEqual(refusal('RUN_CLOSED', /takes no update/));
  });

  it('sent by a process that does not execute the run is answered too', async () => {
    const store = sharedStore();
    await open({ workflows: [cart], store });
    const client = await open({ store, work: false });
    const run = await client.start(cart, null);
    expect(await run.update('add', 'pen')).toBe(1);
    await expect(run.update('add', '')).rejects.toMatchObject({ code: 'EMPTY' });
  });

  it('goes to the published state with the turn that says it', async () => {
    const millrace = await open({ workflows: [cart] });
    const run = await millrace.start(cart, null);
    await until(run, 'waiting');
    expect(await run.published('state')).toBe('open');
    expect(await run.published('nothing')).toBeUndefined();
    await run.signal(go, 1);
    await run.result();
    expect(await run.published('state')).toBe('closed');
  });
});

describe('something external', () => {
  const scan = workflow('scan', async (ctx, _: null) => {
    const { token, result } = ctx.external<{ weight: number }>('scale');
    ctx.publish('token', token);
    return result.catch(({ cause }: { cause: Error }) => cause.message);
  });

  it('is completed by its token, the first answer counts', async () => {
    const millrace = await open({ workflows: [scan] });
    const run = await millrace.start(scan, null);
    await until(run, 'waiting');
    const token = (await run.published<string>('token')) as string;
    await millrace.complete(token, { weight: 17 });
    expect(await run.result()).toEqual({ weight: 17 });
    await expect(millrace.complete(token, { weight: 18 })).rejects.toEqual(refusal('RUN_CLOSED'));
  });

  it('may fail', async () => {
    const millrace = await open({ workflows: [scan] });
    const run = await millrace.start(scan, null);
    await until(run, 'waiting');
    await millrace.fail((await run.published<string>('token')) as string, new Error('broken scale'));
    expect(await run.result()).toBe('broken scale');
  });

  it('with a token that is damaged or of nobody is refused, and the run is unharmed', async () => {
    const millrace = await open({ workflows: [scan] });
    const run = await millrace.start(scan, null);
    await until(run, 'waiting');
    await expect(millrace.complete('scale', 1)).rejects.toEqual(refusal('INVALID_TOKEN'));
    await expect(millrace.complete(`${NOBODY}.0.scale`, 1)).rejects.toEqual(refusal('RUN_NOT_FOUND'));
    const token = (await run.published<string>('token')) as string;
    await expect(
      millrace.complete(
        token,
        untyped(() => 1),
      ),
    ).rejects.toEqual(refusal('NOT_SERIALIZABLE'));
    await millrace.complete(`${run.runId}.7.scale`, 1);
    await millrace.complete(`${run.runId}.0.bowl`, 1);
    await millrace.complete(token, { weight: 17 });
    expect(await run.result()).toEqual({ weight: 17 });
  });
});

describe('what ends, or does not end, elsewhere', () => {
  it('a blocked run is told to whoever waits for its result', async () => {
    const foreign = workflow('foreign', async (_ctx, _: null) => new Promise<null>(() => {}));
    const millrace = await open({ workflows: [foreign] });
    const run = await millrace.start(foreign, null);
    await expect(run.result({ timeout: '5s' })).rejects.toEqual(refusal('RUN_BLOCKED', /not an operation/));
  });

  it("a step's signal is aborted also for those who first look after the cancel", async () => {
    const begun = gate();
    const cancelled = gate();
    const { promise: seen, resolve: see } = Promise.withResolvers<boolean>();
    const slow = workflow('slow', (ctx, _: null) =>
      ctx.step('work', async (step) => {
        begun.open();
        await cancelled.passed;
        see(step.signal.aborted);
      }),
    );
    const millrace = await open({ workflows: [slow] });
    const run = await millrace.start(slow, null);
    await begun.passed;
    await run.cancel();
    await run.result().catch(() => {});
    cancelled.open();
    expect(await seen).toBe(true);
  });
});

describe('why', () => {
  it('says of a queued run how many go before it', async () => {
    const [begun, finish] = [gate(), gate()];
    const busy = workflow('busy', (ctx, _: number) =>
      ctx.step('hold', () => {
        begun.open();
        return finish.passed;
      }),
    );
    const millrace = await open({ workflows: [busy], concurrency: 1 });
    const first = await millrace.start(busy, 0);
    await begun.passed;
    const second = await millrace.start(busy, 1);
    const third = await millrace.start(busy, 2, { priority: 'low' });
    const reasons = async (run: Run): Promise<unknown> => (await run.why()).reasons;
    // A claim that was on its way when the first began may have them for a moment, and gives them back.
    await expect.poll(() => reasons(second)).toMatchObject([{ code: 'QUEUE_BACKLOG', refs: { ahead: 0 } }]);
    await expect
      .poll(() => reasons(third))
      .toMatchObject([
        { code: 'QUEUE_BACKLOG', refs: { ahead: 1 }, message: expect.stringMatching(/1 run goes first/) },
      ]);
    finish.open();
    await Promise.all([first, second, third].map((run) => run.result()));
  });
});
