import { describe, expect, it } from 'vitest';
import { open, refusal, typesOf, until } from '../../testbed/engines/engines.ts';
import { signal, workflow, type Run } from '../index.ts';

const go = signal<unknown>('go');
const three = workflow('three', async (ctx, _: null) => [
  await ctx.waitForSignal(go),
  await ctx.waitForSignal(go),
  await ctx.waitForSignal(go),
]);

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

  it('from a step takes no end of a child that was there before', async () => {
    const child = workflow('child', async (ctx, { name, rounds = 0 }: { name: string; rounds?: number }) => {
      if (rounds > 0) return ctx.continueAsNew({ name, rounds: rounds - 1 });
      await ctx.waitForSignal(go);
      return ctx.step('end', () => {
        if (broken) throw new Error(`${name} failed`);
        return name;
      });
    });
    let broken = true;
    let asked = 0;
    const order = workflow('order', async (ctx, _: null) => {
      await ctx.step('pay', () => 1);
      const name = await ctx.step('name', () => `child ${(asked += 1)}`);
      return ctx.child(child, { name, rounds: 1 });
    });
    const millrace = await open({ workflows: [order, child] });
    const run = await millrace.start(order, null);
    const childrenOf = async () => {
      const { runs } = await millrace.runs({ workflow: 'child', status: ['waiting', 'failed'] });
      return runs.map(({ runId }) => millrace.run(runId));
    };
    await expect.poll(async () => (await childrenOf()).length).toBe(1);
    const [first] = (await childrenOf()) as [Run];
    await first.signal(go, 0);
    await expect(run.result()).rejects.toEqual(refusal('RUN_FAILED', /child 1 failed/));
    broken = false;
    await run.retry({ from: 'pay' });
    await expect.poll(async () => (await childrenOf()).length).toBe(2);
    const [second] = (await childrenOf()) as [Run];
    await until(run, 'waiting');

    await first.retry();
    await until(first, 'completed');
    await second.signal(go, 0);
    expect(await run.result()).toBe('child 2');
  });

  it('from a step gives what it does again another idempotency key, and leaves that of attempts', async () => {
    const keys: string[] = [];
    let broken = true;
    const order = workflow('order', async (ctx, _: null) => {
      const keep = ({ idempotencyKey }: { idempotencyKey: string }) => void keys.push(idempotencyKey);
      await ctx.step('ask', keep);
      await ctx.step('charge', keep);
      await ctx.step('end', (step) => {
        keep(step);
        if (broken) throw new Error('broken');
      });
    });
    const millrace = await open({ workflows: [order] });
    const run = await millrace.start(order, null);
    const fails = () => expect(run.result()).rejects.toEqual(refusal('RUN_FAILED'));
    await fails();
    await run.retry();
    await fails();
    await run.retry({ from: 'charge' });
    await fails();
    broken = false;
    await run.retry({ from: 'end' });
    await run.result();
    const { runId } = run;
    expect(keys.map((key) => key.replace(runId, ''))).toEqual([
      ...[':0', ':1', ':2', ':2'],
      ...[':1#2', ':2#2', ':2#3'],
    ]);
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
