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

describe('retry', () => {
  it('of a failed run goes on from its failure, and what succeeded is not done again', async () => {
    const calls = { pay: 0, pack: 0 };
    const order = workflow('order', async (ctx, _: null) => {
      const paid = await ctx.step('pay', () => ++calls.pay);
      return ctx.step('pack', () => {
        if (++calls.pack < 3) throw new Error('no boxes');
        return [paid, 'packed'];
      });
    });
    const millrace = await open({ workflows: [order] });
    const run = await millrace.start(order, null, { key: 'k' });
    for (let n = 0; n < 2; n++) {
      await expect(run.result()).rejects.toEqual(refusal('RUN_FAILED', /no boxes/));
      await run.retry();
    }
    expect(await run.result()).toEqual([1, 'packed']);
    expect(calls).toEqual({ pay: 1, pack: 3 });
    expect((await run.describe()).status).toBe('completed');
    expect(await typesOf(run)).toContain('retried');
    await expect(run.retry()).rejects.toEqual(
      refusal('RUN_CLOSED', /is completed: there is nothing to retry/),
    );
  });

  it('from a step does it and all that was asked for after it again', async () => {
    const calls: string[] = [];
    let stock = 'old';
    const order = workflow('order', async (ctx, _: null) => {
      await ctx.step('pay', () => void calls.push('pay'));
      const found = await ctx.step('look', () => {
        calls.push('look');
        return stock;
      });
      await ctx.step('pack', () => {
        calls.push('pack');
        if (found === 'old') throw new Error('mouldy');
      });
      return found;
    });
    const millrace = await open({ workflows: [order] });
    const run = await millrace.start(order, null);
    await expect(run.result()).rejects.toEqual(refusal('RUN_FAILED', /mouldy/));
    await expect(run.retry({ from: 'sell' })).rejects.toEqual(refusal('STEP_NOT_FOUND', /"sell"/));
    stock = 'new';
    await run.retry({ from: 'look' });
    expect(await run.result()).toBe('new');
    expect(calls).toEqual(['pay', 'look', 'pack', 'look', 'pack']);
    const { steps } = await run.detail();
    expect(steps.map(({ name, status, attempts }) => [name, status, attempts])).toEqual([
      ['pay', 'completed', 1],
      ['look', 'completed', 1],
      ['pack', 'completed', 1],
    ]);
    expect((await run.history()).find(({ type }) => type === 'retried')?.data).toMatchObject({
      cut: 2,
      from: 1,
    });
  });

  it('from a step waits for the children that would be started anew', async () => {
    const child = workflow('child', async (ctx, name: string) => {
      if (name === 'slow') await ctx.waitForSignal(go);
      return name;
    });
    const order = workflow('order', async (ctx, broken: boolean) => {
      await ctx.step('pay', () => 1);
      const slow = ctx.child(child, 'slow', { key: 'slow', parentClose: 'abandon' });
      await ctx.child(child, 'quick');
      await ctx.step('pack', () => {
        if (broken && tries++ === 0) throw new Error('no boxes');
      });
      return slow;
    });
    let tries = 0;
    const millrace = await open({ workflows: [order, child] });
    const run = await millrace.start(order, true);
    await expect(run.result()).rejects.toEqual(refusal('RUN_FAILED', /no boxes/));
    const slow = millrace.run({ key: `${run.runId}/slow` });
    await until(slow, 'waiting');
    await expect(run.retry({ from: 'pay' })).rejects.toEqual(
      refusal('RUN_NOT_CLOSED', /its child .* is waiting/),
    );
    await slow.signal(go, 0);
    await until(slow, 'completed');
    await run.retry({ from: 'pay' });
    const anew = millrace.run({ key: `${run.runId}#2/slow` });
    await until(anew, 'waiting');
    await anew.signal(go, 0);
    expect(await run.result()).toBe('slow');
  });

  it('from a node of a definition does that node and what came after it again', async () => {
    const calls: unknown[] = [];
    let broken = true;
    const definition = {
      ...{ workflow: 'shop', version: 1 },
      nodes: {
        reserve: { executor: 'act', with: 'reserve' },
        pick: { needs: ['reserve'], executor: 'act', forEach: '${ [1, 2] }', with: '${ item }' },
        ship: { needs: ['pick'], executor: 'act', with: 'ship' },
      },
    };
    const act = (input: unknown): void => {
      calls.push(input);
      if (input === 'ship' && broken) throw new Error('no van');
    };
    const millrace = await open({ executors: { act } });
    await millrace.deploy(definition);
    const run = await millrace.start('shop', null);
    await expect(run.result()).rejects.toEqual(refusal('RUN_FAILED', /no van/));
    broken = false;
    await run.retry({ from: 'pick' });
    await run.result();
    expect(calls.filter((call) => call === 'reserve')).toHaveLength(1);
    expect(calls.filter((call) => call === 1 || call === 2)).toHaveLength(4);
    expect((await run.describe()).status).toBe('completed');
  });

  it('of a blocked run takes no step', async () => {
    const foreign = workflow('foreign', () => new Promise<void>(() => {}));
    const millrace = await open({ workflows: [foreign] });
    const run = await millrace.start(foreign, undefined);
    await until(run, 'blocked');
    await expect(run.retry({ from: 'a' })).rejects.toEqual(
      refusal('RUN_NOT_CLOSED', /blocked, and goes on where/),
    );
  });

  it('of a cancelled run takes the cancel back', async () => {
    const millrace = await open({ workflows: [three] });
    const run = await millrace.start(three, null);
    await run.signal(go, 1);
    await run.cancel();
    await run.result().catch(() => {});
    await run.retry();
    await run.signal(go, 2);
    await run.signal(go, 3);
    expect(await run.result()).toEqual([1, 2, 3]);
  });

  it('of a failed run that was undone is refused: what history counts as done is gone', async () => {
    const log: string[] = [];
    const trip = workflow('trip', async (ctx, _: null) => {
      await ctx.step('book', () => void log.push('book'));
      ctx.compensate('unbook', () => void log.push('unbook'));
      await ctx.step('fly', () => Promise.reject(new Error('fog')), { retry: false });
    });
    const millrace = await open({ workflows: [trip] });
    const run = await millrace.start(trip, null);
    await run.result().catch(() => {});
    await expect(run.retry()).rejects.toEqual(refusal('RUN_COMPENSATED', /compensation "unbook"/));
    expect((await run.describe()).status).toBe('failed');
    expect(log).toEqual(['book', 'unbook']);
  });

  it('of a run that failed after it had got over an earlier failure leaves that alone', async () => {
    let broken = true;
    const steps: string[] = [];
    const order = workflow('order', async (ctx, _: null) => {
      const card = await ctx
        .step('card', () => {
          steps.push('card');
          throw new Error('declined');
        })
        .catch(() => ctx.step('transfer', () => void steps.push('transfer')));
      await ctx.step('pack', () => {
        steps.push('pack');
        if (broken) throw new Error('no boxes');
      });
      return card;
    });
    const millrace = await open({ workflows: [order] });
    const run = await millrace.start(order, null);
    await run.result().catch(() => {});
    broken = false;
    await run.retry();
    await run.result();
    expect(steps).toEqual(['card', 'transfer', 'pack', 'pack']);
  });

  it('of a run whose own code threw runs that code again', async () => {
    let broken = true;
    const order = workflow('order', async (ctx, _: null) => {
      await ctx
        .step('card', () => Promise.reject(new Error('declined')))
        .catch(() => ctx.step('cash', () => 1));
      await ctx.step('pack', () => 1);
      if (broken) throw new Error('bug');
      return 'well';
    });
    const millrace = await open({ workflows: [order] });
    const run = await millrace.start(order, null);
    await run.result().catch(() => {});
    broken = false;
    await run.retry();
    expect(await run.result()).toBe('well');
  });

  it('of a run that is open is refused', async () => {
    const millrace = await open({ workflows: [three] });
    const run = await millrace.start(three, null);
    await until(run, 'waiting');
    await expect(run.retry()).rejects.toEqual(refusal('RUN_NOT_CLOSED', /is waiting/));
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
