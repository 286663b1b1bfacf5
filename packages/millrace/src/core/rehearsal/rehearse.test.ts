import { describe, expect, it } from 'vitest';
import { historyOf, STARTED, T0 } from '../../../testbed/samples/history.ts';
import { play, RUN_ID, signalled, updated, type Play, type Program } from '../../../testbed/play/play.ts';
import { retriedEvent } from '../policy/retry-run.ts';
import type { PlacedEvent, RunEvent } from '../run/event.ts';
import { workflow } from '../workflow/workflow.ts';
import { hasEnded, rehearse, type Rehearsal } from './rehearse.ts';

const nothing = (): void => {};

const deeper = (depth: number): number => 1 + deeper(depth + 1);

const before: Program = async (ctx) => {
  await ctx.step('reserve', nothing);
  await ctx.step('charge', nothing);
  await ctx.waitForSignal('approved');
  return 'done';
};

/** The run that stands before its signal. */
async function waitingRun(): Promise<Play> {
  const run = await play(before);
  await run.give(run.done('reserve'));
  await run.give(run.done('charge', 17));
  return run;
}

async function against(program: Program, history: readonly PlacedEvent[], maxEvents?: number) {
  return rehearse(workflow('order', { maxEvents }, program), RUN_ID, history, { drained });
}

function drained(): Promise<void> {
  return new Promise((resolve) => {
    queueMicrotask(() => process.nextTick(resolve));
  });
}

/** What was found, in data. */
function told(rehearsal: Rehearsal) {
  if (rehearsal.outcome === 'agrees') return 'agrees';
  const { at, mismatch } = rehearsal;
  const { code, expected, actual, seq } = mismatch;
  return { at, code, expected, actual, seq };
}

describe('a rehearsal', () => {
  it('of the same program agrees, and shows how the run stands', async () => {
    const { history } = await waitingRun();
    const rehearsal = await against(before, history);
    expect(told(rehearsal)).toBe('agrees');
    expect([...rehearsal.execution.pending.values()]).toMatchObject([{ kind: 'signal', signal: 'approved' }]);
  });

  const changes: [what: string, after: Program, found: ReturnType<typeof told>][] = [
    [
      'a renamed step',
      async (ctx) => {
        await ctx.step('reserve', nothing);
        await ctx.step('bill', nothing);
      },
      {
        at: 'step "charge" (command 1)',
        code: 'NON_DETERMINISTIC',
        expected: 'step "charge" (command 1)',
        actual: 'step "bill" (command 1)',
        seq: 2,
      },
    ],
    [
      'a step that is gone',
      async (ctx) => {
        await ctx.step('reserve', nothing);
        await ctx.waitForSignal('approved');
      },
      {
        at: 'step "charge" (command 1)',
        code: 'NON_DETERMINISTIC',
        expected: 'step "charge" (command 1)',
        actual: 'signal "approved" (command 1)',
        seq: 2,
      },
    ],
    [
      'an error where history goes on',
      async (ctx) => {
        await ctx.step('reserve', nothing);
        throw new Error('early');
      },
      {
        at: 'step "charge" (command 1)',
        code: 'NON_DETERMINISTIC',
        expected: 'step "charge" (command 1)',
        actual: 'nothing',
        seq: 2,
      },
    ],
    [
      'an error where history ends',
      async (ctx) => {
        await ctx.step('reserve', nothing);
        await ctx.step('charge', nothing);
        throw Object.assign(new TypeError('no such thing'), { code: undefined });
      },
      {
        at: 'after step "charge"',
        code: 'RUN_FAILED',
        expected: 'a run that goes on',
        actual: 'fails with TypeError: no such thing',
        seq: undefined,
      },
    ],
    [
      'recursion without end',
      () => deeper(1),
      {
        at: 'step "reserve" (command 0)',
        code: 'NON_DETERMINISTIC',
        expected: 'step "reserve" (command 0)',
        actual: 'nothing',
        seq: 1,
      },
    ],
    [
      'a foreign promise where history ends',
      async (ctx) => {
        await ctx.step('reserve', nothing);
        await ctx.step('charge', nothing);
        await new Promise(nothing);
      },
      {
        at: 'after step "charge"',
        code: 'FOREIGN_AWAIT',
        expected: 'an operation of the context',
        actual: 'a foreign promise after step "charge"',
        seq: undefined,
      },
    ],
    [
      'a foreign promise where history goes on',
      async (ctx) => {
        await new Promise(nothing);
        await ctx.step('reserve', nothing);
      },
      {
        at: 'step "reserve" (command 0)',
        code: 'NON_DETERMINISTIC',
        expected: 'step "reserve" (command 0)',
        actual: 'nothing',
        seq: 1,
      },
    ],
    [
      'commands without end, at once',
      async (ctx) => {
        await ctx.step('reserve', nothing);
        await ctx.step('charge', nothing);
        for (;;) ctx.publish('state', 1);
      },
      {
        at: expect.stringContaining('after publish "state#') as string,
        code: 'HISTORY_LIMIT',
        expected: 'at most 100 events',
        actual: expect.stringContaining('commands without end, the last one publish') as string,
        seq: undefined,
      },
    ],
    [
      'commands without end, one after the other',
      async (ctx) => {
        for (;;) await ctx.detach(workflow('child', nothing), null);
      },
      {
        at: expect.stringContaining('after child "child#') as string,
        code: 'HISTORY_LIMIT',
        expected: 'at most 100 events',
        actual: expect.stringContaining('commands without end') as string,
        seq: undefined,
      },
    ],
  ];
  it.each(changes)('says where and how the run would break: %s', async (_, after, found) => {
    const { history } = await waitingRun();
    expect(told(await against(after, history, 100))).toEqual(found);
  });

  it('lets a program go on otherwise than before from where history ends', async () => {
    const { history } = await waitingRun();
    const more: Program = async (ctx) => {
      await ctx.step('reserve', nothing);
      await ctx.step('charge', nothing);
      if (ctx.patch('check')) await ctx.step('check', nothing);
      await ctx.sleep('1h');
    };
    const rehearsal = await against(more, history);
    expect(told(rehearsal)).toBe('agrees');
    expect([...rehearsal.execution.pending.values()]).toMatchObject([{ kind: 'sleep' }]);
    const less: Program = async (ctx) => {
      await ctx.step('reserve', nothing);
      await ctx.step('charge', nothing);
    };
    expect(told(await against(less, history))).toBe('agrees');
  });

  it('agrees with a program that only answers updates', async () => {
    const program: Program = async (ctx) => {
      ctx.onUpdate('price', (by: number) => by + 1);
      await new Promise(nothing);
    };
    const run = await play(program);
    await run.give(updated('price', 1));
    expect(told(await against(program, run.history))).toBe('agrees');
  });

  it('of a run that waited for chance or for time to pass comes to an end, and twice to the same', async () => {
    const program: Program = async (ctx) => {
      const from = ctx.now();
      const seen: unknown[] = [ctx.uuid()];
      while (ctx.now() < from + 20 || ctx.random() > 0.2) seen.push(ctx.random());
      await ctx.child('child', seen);
    };
    const history = historyOf(STARTED);
    const [one, other] = [await against(program, history), await against(program, history)];
    expect(told(one)).toBe('agrees');
    expect(one.execution.events.length).toBeGreaterThan(20);
    expect(one.execution.events).toEqual(other.execution.events);
  });

  it('knows a history only with its start', async () => {
    await expect(against(before, [])).rejects.toThrow('does not begin with its start');
  });
});

describe('a rehearsal of a run that has ended', () => {
  it('agrees with the program that ends in the same way', async () => {
    const run = await waitingRun();
    await run.give(signalled('approved'));
    expect(run.events.at(-1)?.type).toBe('completed');
    expect(told(await against(before, run.history))).toBe('agrees');
  });

  it('breaks with one that ends otherwise, or not yet', async () => {
    const run = await waitingRun();
    await run.give(signalled('approved'));
    const fails: Program = async (ctx) => {
      await before(ctx, null);
      throw Object.assign(new Error('late'), { code: 'LATE' });
    };
    const found = { at: 'completed', code: 'NON_DETERMINISTIC', expected: 'the end as completed', seq: 4 };
    expect(told(await against(fails, run.history))).toEqual({ ...found, actual: 'fails with LATE: late' });
    const goesOn: Program = async (ctx) => {
      await before(ctx, null);
      await ctx.sleep('1h');
    };
    expect(told(await against(goesOn, run.history))).toEqual({ ...found, actual: 'goes on' });
    const continues: Program = async (ctx) => {
      await before(ctx, null);
      return ctx.continueAsNew(1);
    };
    expect(told(await against(continues, run.history))).toEqual({ ...found, actual: 'ends as continued' });
  });

  it('agrees where the engine ended it, for its history was too long', async () => {
    const run = await waitingRun();
    const payload = '{"name":"MillraceError","message":"","code":"HISTORY_LIMIT"}';
    const end: RunEvent = { type: 'failed', payload };
    const history = [...run.history, { seq: 3, at: T0, engine: 'engine-1', event: end }];
    expect(told(await against(before, history))).toBe('agrees');
  });

  it('and was retried, or blocked, looks at what counts of its history', async () => {
    const failing: Program = async (ctx) => {
      await ctx.step('reserve', nothing);
      await ctx.step('charge', nothing);
    };
    const run = await play(failing);
    await run.give(run.done('reserve'));
    await run.give(run.failed('charge'));
    expect(run.events.at(-1)?.type).toBe('failed');
    expect(told(await against(failing, run.history))).toBe('agrees');
    const event = retriedEvent(run.history, T0);
    const blocked: RunEvent = { type: 'blocked', code: 'NON_DETERMINISTIC' };
    const history = [...run.history];
    for (const next of [event, blocked])
      history.push({ seq: history.length, at: T0, engine: 'e', event: next });
    const rehearsal = await against(failing, history);
    expect(told(rehearsal)).toBe('agrees');
    expect([...rehearsal.execution.pending.values()]).toMatchObject([{ kind: 'step', name: 'charge' }]);
  });
});

describe('whether a run has ended', () => {
  it('is what its last event says', () => {
    expect(hasEnded([])).toBe(false);
    expect(hasEnded(historyOf(STARTED))).toBe(false);
    expect(hasEnded(historyOf(STARTED, { type: 'completed' }))).toBe(true);
    expect(hasEnded(historyOf(STARTED, { type: 'failed' }, { type: 'retried', cut: 1 }))).toBe(false);
  });
});
