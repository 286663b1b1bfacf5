import { afterEach, describe, expect, it } from 'vitest';
import { T0 } from '../../../testbed/samples/history.ts';
import { play, replayDifferences, reviveRun, type Program } from '../../../testbed/play/play.ts';

afterEach(async () => expect(await replayDifferences()).toEqual([]));

const nothing = (): void => {};

describe('a recorded value', () => {
  it('is made once: replay finds it and does not ask again', async () => {
    let made = 0;
    const program: Program = async (ctx) => {
      const rate = ctx.record('rate', () => ({ rate: ++made, since: new Date(T0) }));
      await ctx.step('a', nothing);
      return rate;
    };
    const run = await play(program);
    expect(run.events[1]).toMatchObject({ type: 'recorded', ordinal: 0, name: 'rate' });
    const other = await run.revive();
    await other.give(other.done('a'));
    expect(other.output).toEqual({ rate: 1, since: new Date(T0) });
    expect(made).toBe(1);
    await run.give(run.done('a'));
    expect(run.output, 'live it is what replay will see').toEqual(other.output);
  });

  it('that could not be made is made again on replay, and nothing is recorded', async () => {
    const run = await play(async (ctx) => {
      try {
        ctx.record('rate', () => {
          throw new Error('no rate');
        });
      } catch {
        await ctx.step('ask', nothing);
      }
    });
    expect(run.events.map(({ type }) => type)).toEqual(['started']);
    await run.give(run.done('ask'));
    expect(run.turn.standing.kind).toBe('completed');
  });

  it('under a name of the context’s own is told apart from that one', async () => {
    const run = await play(async (ctx) => {
      for (const name of ['now', 'random', 'uuid', 'attempt']) ctx.record(name, () => name);
      ctx.now();
      await ctx.step('a', nothing);
    });
    expect(run.events.slice(1).map((event) => 'name' in event && event.name)).toEqual([
      ...['value now', 'value random', 'value uuid', 'value attempt', 'now'],
    ]);
    const changed = await reviveRun(async (ctx) => {
      ctx.now();
      await ctx.step('a', nothing);
    }, run.history);
    expect(changed.execution.standing).toMatchObject({
      mismatch: {
        expected: 'recorded value "value now" (command 0)',
        actual: 'recorded value "now" (command 0)',
      },
    });
    await run.give(run.done('a'));
  });

  it('may not be made with the context, which replay would not be asked for', async () => {
    const run = await play((ctx) => ctx.record('rate', () => ctx.now()));
    expect(run.turn.standing).toMatchObject({
      kind: 'failed',
      payload: expect.stringMatching(/the function of ctx\.record.* gave recorded .*now/),
    });
  });
});

describe('the attempt of a run', () => {
  it('is the first, and another after a retry of the run', async () => {
    const program: Program = async (ctx) => {
      const first = ctx.attempt();
      await ctx.step('a', nothing);
      return [first, ctx.attempt()];
    };
    const run = await play(program);
    const other = await run.revive();
    other.execution.retries = 1;
    await other.give(other.done('a'));
    expect(other.output, 'what was recorded stays').toEqual([1, 2]);
    await run.give(run.done('a'));
    expect(run.output).toEqual([1, 1]);
  });
});

describe('a name of its own', () => {
  it('is what a call stands under in history; the executor stays who executes', async () => {
    const run = await play((ctx) => ctx.call('payments.charge', { n: 1 }, { name: 'charge', retry: 2 }));
    expect(run.turn.readySteps).toMatchObject([
      { name: 'charge', work: { kind: 'executor', executor: 'payments.charge', input: '{"n":1}' } },
    ]);
    await run.give(run.failed('charge', new Error('no money')));
    expect(run.turn.standing).toMatchObject({ payload: expect.stringContaining('step \\"charge\\" failed') });
  });

  it('may be given to a sleep', async () => {
    const run = await play(async (ctx) => {
      await ctx.sleep('1h', { name: 'cool down' });
      await ctx.sleepUntil(T0 + 7_200_000, { name: 'cool down' });
    });
    expect(run.waits).toEqual(['sleep cool down']);
    await run.advance(3_600_001);
    expect(run.events).toMatchObject([
      { type: 'started' },
      { type: 'timer-set', name: 'cool down' },
      { type: 'timer-fired', name: 'cool down' },
      { type: 'timer-set', name: 'cool down#2' },
    ]);
    await run.advance(3_600_001);
    expect(run.turn.standing.kind).toBe('completed');
  });
});

describe('a compensation by an executor', () => {
  it('is a call like any other, with what it was given when it was announced', async () => {
    const run = await play(async (ctx) => {
      const input = { payment: 17 };
      const options = { retry: 2, requires: ['pci'] };
      ctx.compensate('charge', { call: 'payments.refund', input, options });
      input.payment = 18;
      ctx.compensate('note', nothing);
      await ctx.step('ship', nothing);
    });
    await run.give(run.failed('ship'));
    expect(run.waits).toEqual(['step compensate note']);
    await run.give(run.done('compensate note'));
    expect(run.turn.readySteps).toMatchObject([
      {
        name: 'compensate charge',
        policy: { retry: { maxAttempts: 2 } },
        work: { executor: 'payments.refund', input: '{"payment":17}', place: { requires: ['pci'] } },
      },
    ]);
    await run.give(run.done('compensate charge'));
    expect(run.turn.standing.kind).toBe('failed');
  });

  it('that fails is reported like any other', async () => {
    const run = await play(async (ctx) => {
      ctx.compensate('charge', { call: 'payments.refund' });
      await ctx.step('ship', nothing);
    });
    await run.give(run.failed('ship'));
    await run.give(run.failed('compensate charge', new Error('closed')));
    expect(run.turn.standing).toMatchObject({
      payload: expect.stringMatching(/failedCompensations.*"compensation":"charge"/),
    });
  });
});
