import { afterEach, describe, expect, it } from 'vitest';
import {
  play,
  replayDifferences,
  reviveRun,
  type Play,
  type Program,
} from '../../../../testbed/play/play.ts';
import { decodeValue } from '../../json.ts';
import { workflow, type AnyWorkflow, type Terms, type WorkflowOptions } from '../workflow.ts';

afterEach(async () => expect(await replayDifferences()).toEqual([]));

const nothing = (): void => {};

const invoice = workflow('invoice', { version: 2, timeout: '2h' }, (_ctx, input: { n: number }) => input.n);
const later = workflow('invoice', { version: 3 }, (_ctx, input: { n: number }) => input.n);

/** Takes `n`, and gives it doubled to the child. */
const DOUBLING: NonNullable<WorkflowOptions<{ n: number }>['input']> = {
  '~standard': {
    version: 1,
    vendor: 'hand',
    validate: (value) => {
      const { n } = value as { n: unknown };
      return typeof n === 'number'
        ? { value: { n: n * 2 } }
        : { issues: [{ message: 'no number', path: ['n'] }] };
    },
  },
};

function withTerms(base: AnyWorkflow, terms: (input: unknown) => Terms): AnyWorkflow {
  return { ...base, terms };
}

function failure({ turn: { standing } }: Play): unknown {
  return 'payload' in standing ? decodeValue(standing.payload) : undefined;
}

describe('a child by name', () => {
  const asks: Program = (ctx) => ctx.child('invoice', { n: 17 });

  it('is of the version that is there when it starts, which is recorded', async () => {
    const run = await play(asks, { workflows: [invoice] });
    expect(run.turn.children).toMatchObject([
      { workflow: { name: 'invoice', version: '2' }, timeoutMs: 7_200_000 },
    ]);
    expect(run.turn.events).toMatchObject([
      { type: 'child-started', name: 'invoice', workflow: 'invoice', version: '2' },
    ]);
    const elsewhere = await reviveRun(asks, run.history);
    expect(elsewhere.execution.children, 'replay starts nothing').toEqual([]);
    await elsewhere.give(elsewhere.childDone('invoice', 17));
    expect(elsewhere.output).toBe(17);
    run.world.workflows = [later];
    await run.give(run.childDone('invoice', 17));
    expect(run.output).toBe(17);
  });

  it('stands in history under a name of its own, and fails in that of its workflow', async () => {
    const run = await play((ctx) => ctx.child('invoice', { n: 1 }, { name: 'bill' }), {
      workflows: [invoice],
    });
    expect(run.turn.events).toMatchObject([{ name: 'bill', workflow: 'invoice' }]);
    await run.give(run.childFailed('bill', new Error('no paper')));
    expect(failure(run)).toMatchObject({
      code: 'CHILD_FAILED',
      message: expect.stringMatching(/^child "invoice" \(run .* no paper$/),
    });
  });

  it('that nobody has is refused, and stays refused when it is there later', async () => {
    // Thrown at once, like every mistake of a caller.
    const run = await play(asks);
    expect(failure(run)).toMatchObject({ code: 'UNKNOWN_WORKFLOW', name: 'MillraceError' });

    const caught = await play(async (ctx) => {
      try {
        return await ctx.detach('invoice', { n: 1 });
      } catch (error) {
        await ctx.step('note', nothing);
        return (error as { code: string }).code;
      }
    });
    expect(caught.turn.events).toMatchObject([{ type: 'recorded', name: 'invoice' }]);
    const elsewhere = await caught.revive(caught.history.length, { ...caught.world, workflows: [invoice] });
    expect(elsewhere.waits).toEqual(['step note']);
    await elsewhere.give(elsewhere.done('note'));
    expect(elsewhere.output).toBe('UNKNOWN_WORKFLOW');
    await caught.give(caught.done('note'));
  });

  it('is refused input that its schema refuses, and gets what the schema makes of it', async () => {
    const checked = workflow('invoice', { version: 4, input: DOUBLING }, (_ctx, { n }) => n);
    const run = await play(asks, { workflows: [checked] });
    expect(run.turn.children).toMatchObject([{ input: '{"n":34}' }]);
    await run.give(run.childDone('invoice', 34));
    const refused = await play((ctx) => ctx.child('invoice', { n: 'x' }), { workflows: [checked] });
    expect(failure(refused)).toMatchObject({
      code: 'INVALID_INPUT',
      message: expect.stringContaining('n: no number'),
    });
  });

  it('of a run that was cancelled is not started', async () => {
    const run = await play(async (ctx) => {
      await ctx.sleep('1h').catch(nothing);
      await ctx.child('invoice', { n: 1 });
    });
    await run.give({ type: 'cancel-requested', id: 'c' });
    expect(run.turn).toMatchObject({ standing: { kind: 'cancelled' }, children: [] });
  });

  it('in the place of something else blocks the run', async () => {
    const other: Program = async (ctx) => {
      ctx.publish('state', 1);
      await ctx.step('a', nothing);
    };
    const changed = await reviveRun(asks, (await play(other)).history);
    expect(changed.execution.standing).toMatchObject({
      mismatch: {
        expected: 'published value "state" (command 0)',
        actual: 'recorded value "invoice" (command 0)',
      },
    });
    const renamed = await reviveRun(
      (ctx) => ctx.child('receipt', null),
      (await play(asks, { workflows: [invoice] })).history,
    );
    expect(renamed.execution.standing).toMatchObject({
      mismatch: { expected: 'child "invoice" (command 0)', actual: 'child "receipt" (command 0)' },
    });
  });
});

describe('the terms of a workflow', () => {
  const terms = (input: unknown): Terms => ({
    ...{ queue: 'slow', priority: 'low', timeoutMs: 5 },
    limits: [{ key: `customer:${(input as { n: number }).n}`, max: 1 }],
  });

  it('are what its children have that say nothing themselves', async () => {
    const run = await play((ctx) => ctx.child(withTerms(invoice, terms), { n: 17 }));
    expect(run.turn.children).toMatchObject([
      { queue: 'slow', priority: 'low', timeoutMs: 5, limits: [{ key: 'customer:17', max: 1 }] },
    ]);
    await run.give(run.childDone('invoice'));
  });

  it('give way to what the options say', async () => {
    const options = {
      ...({ queue: 'fast', priority: 'high', timeout: 7 } as const),
      limits: [{ key: 'all', max: 3 }],
    };
    const run = await play((ctx) => ctx.child('invoice', { n: 17 }, options), {
      workflows: [withTerms(invoice, terms)],
    });
    expect(run.turn.children).toMatchObject([
      { queue: 'fast', priority: 'high', timeoutMs: 7, limits: [{ key: 'all', max: 3 }] },
    ]);
    await run.give(run.childDone('invoice'));
  });

  it('that are no terms refuse the child', async () => {
    const odd = withTerms(invoice, () => ({ limits: [{ key: '', max: 1 }] }));
    const run = await play((ctx) => ctx.child('invoice', { n: 17 }), { workflows: [odd] });
    expect(failure(run)).toMatchObject({
      code: 'INVALID_ARGUMENT',
      message: expect.stringContaining('key is empty'),
    });
  });
});
