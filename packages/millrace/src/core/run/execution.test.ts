import { afterEach, describe, expect, it } from 'vitest';
import type { Context } from '../workflow/context.ts';
import { workflow } from '../workflow/workflow.ts';
import { cancelled, play, replayDifferences, RUN_ID, signalled } from '../../../testbed/play/play.ts';

afterEach(async () => expect(await replayDifferences()).toEqual([]));

const nothing = (): void => {};

describe('commands', () => {
  it('are numbered in the order given, across kinds', async () => {
    const run = await play(async (ctx) => {
      void ctx.step('charge', nothing);
      ctx.now();
      void ctx.sleep('1 day');
      void ctx.waitForSignal('approved');
      await ctx.external('scan').result;
    });
    expect([...run.execution.pending.keys()]).toEqual([0, 2, 3, 4]);
    expect(run.events).toMatchObject([
      { type: 'started' },
      { type: 'recorded', ordinal: 1, name: 'now' },
      { type: 'timer-set', ordinal: 2, name: 'sleep' },
    ]);
  });

  it('of one kind and name are told apart by their occurrence', async () => {
    const run = await play(async (ctx) => {
      void ctx.step('charge', nothing);
      void ctx.step('charge', nothing);
      void ctx.waitForSignal('charge');
      await ctx.step('charge', nothing);
    });
    expect(run.waits).toEqual(['step charge', 'step charge#2', 'signal charge', 'step charge#3']);
  });
});

describe('outcomes', () => {
  it('act one at a time: the first in history wins a race, whatever the program does meanwhile', async () => {
    const run = await play(async (ctx) => {
      const slow = (async () => {
        const value = await ctx.step('a', nothing);
        for (let i = 0; i < 50; i++) await Promise.resolve();
        return value;
      })();
      return Promise.race([slow, ctx.step('b', nothing)]);
    });
    await run.give(run.done('a', 'a'), run.done('b', 'b'));
    expect(run.output).toBe('a');
  });

  it.each(['a', 'b', 'c'])('let the step that ends first win ctx.race: %s', async (first) => {
    const run = await play((ctx) => ctx.race(['a', 'b', 'c'].map((name) => ctx.step(name, nothing))));
    await run.give(run.done(first, first));
    expect(run.output).toBe(first);
  });

  it('let the first that succeeds win ctx.any', async () => {
    const run = await play((ctx) => ctx.any(['a', 'b', 'c'].map((name) => ctx.step(name, nothing))));
    await run.give(run.failed('b'), run.done('c', 'c'), run.done('a', 'a'));
    expect(run.output).toBe('c');
  });

  it('give ctx.all its values in the order asked', async () => {
    const run = await play((ctx) => ctx.all([ctx.step('a', nothing), ctx.step('b', nothing), 'c']));
    await run.give(run.done('b', 'b'));
    expect(run.turn.standing).toEqual({ kind: 'open' });
    await run.give(run.done('a', 'a'));
    expect(run.output).toEqual(['a', 'b', 'c']);
  });

  it('reach through deep chains of awaits within one turn', async () => {
    const deep = async (depth: number, value: Promise<unknown>): Promise<unknown> =>
      depth === 0 ? value : deep(depth - 1, value);
    const run = await play(async (ctx) => {
      await deep(500, ctx.step('a', nothing));
      return deep(500, ctx.step('b', nothing));
    });
    await run.give(run.done('a'));
    expect(run.waits).toEqual(['step b']);
    await run.give(run.done('b', 17));
    expect(run.output).toBe(17);
  });

  it('that arrive after the end are kept in history and act on nothing', async () => {
    const run = await play((ctx) => ctx.race([ctx.step('a', nothing), ctx.step('b', nothing)]));
    const turn = await run.give(run.done('a', 1), run.done('b', 2), signalled('late'));
    expect(turn.events.map(({ type }) => type)).toEqual([
      'step-completed',
      'step-completed',
      'signal-received',
      'completed',
    ]);
    expect(run.output).toBe(1);
  });

  it('that lose a race and fail later harm nobody', async () => {
    const run = await play(async (ctx) => {
      const won = await ctx.race([ctx.step('a', nothing), ctx.step('b', nothing)]);
      await ctx.sleep(1000);
      return won;
    });
    await run.give(run.done('a', 1));
    await run.give(run.failed('b'));
    await run.advance(1001);
    expect(run.output).toBe(1);
  });

  it('of a repeat are left out of history', async () => {
    const run = await play(async (ctx) => {
      await ctx.step('a', nothing);
      await ctx.waitForSignal('go');
    });
    const outcome = run.done('a');
    await run.give(outcome);
    expect((await run.give(outcome)).events).toEqual([]);
  });
});

describe('signals', () => {
  it('wait for a reader, in order of arrival', async () => {
    const run = await play(async (ctx) => {
      await ctx.step('a', nothing);
      return [await ctx.waitForSignal('n'), await ctx.waitForSignal('n'), await ctx.waitForSignal('m')];
    });
    await run.give(signalled('n', 1), signalled('m', 'x'), signalled('n', 2), signalled('n', 3));
    expect(run.execution.unreadSignals()).toHaveLength(4);
    await run.give(run.done('a'));
    expect(run.output).toEqual([1, 2, 'x']);
    expect(run.execution.unreadSignals()).toMatchObject([{ name: 'n', payload: '3' }]);
  });

  it('go to those who wait, first come first served', async () => {
    const run = await play((ctx) => ctx.all([ctx.waitForSignal('n'), ctx.waitForSignal('n')]));
    await run.give(signalled('n', 1));
    await run.give(signalled('n', 2));
    expect(run.output).toEqual([1, 2]);
  });

  it('of one id are one signal', async () => {
    const run = await play((ctx) => ctx.all([ctx.waitForSignal('n'), ctx.waitForSignal('n')]));
    await run.give(signalled('n', 1, 'once'), signalled('n', 1, 'once'));
    expect(run.waits).toEqual(['signal n#2']);
    expect((await run.give(signalled('n', 1, 'once'))).events).toEqual([]);
  });

  it('keep undefined apart from null', async () => {
    const run = await play((ctx) => ctx.all([ctx.waitForSignal('n'), ctx.waitForSignal('n')]));
    await run.give({ type: 'signal-received', id: '1', name: 'n' }, signalled('n', undefined));
    expect(run.output).toEqual([null, undefined]);
  });

  it('carried from a predecessor are there before the first turn', async () => {
    const carried = [
      { id: '1', name: 'n', payload: '"first"' },
      { id: '2', name: 'n', payload: '"second"' },
    ];
    const run = await play((ctx) => ctx.waitForSignal('n'), { started: { carried } });
    expect(run.output).toBe('first');
    expect(run.execution.unreadSignals()).toEqual([carried[1]]);
    expect(run.execution.hasSeen('signal:2')).toBe(true);
  });

  it('are none to carry on where nothing ever came from outside', async () => {
    const run = await play((ctx) => ctx.continueAsNew(null));
    expect([run.execution.unreadSignals(), run.execution.latestSeen()]).toEqual([[], []]);
  });
});

describe('a wait with a timeout', () => {
  const approval = (ctx: Context): Promise<unknown> =>
    ctx.waitForSignal('approved', { timeout: '1h' }).catch((error: { code: string }) => error.code);

  it('ends with the signal that comes before', async () => {
    const run = await play(approval);
    await run.give(signalled('approved', true));
    expect(run.output).toBe(true);
  });

  it('ends with TIMEOUT when none comes, and the late signal is kept', async () => {
    const run = await play(async (ctx) => [await approval(ctx), await ctx.waitForSignal('approved')]);
    await run.advance(3_600_000);
    expect(run.waits, 'a millisecond is missing: timers are never early').toEqual(['signal approved']);
    await run.advance(1);
    expect(run.waits).toEqual(['signal approved#2']);
    await run.give(signalled('approved', 'late'));
    expect(run.output).toEqual(['TIMEOUT', 'late']);
  });

  it.each([
    ['the signal', true],
    ['the timer', 'TIMEOUT'],
  ])('at the same turn ends with what is first in history: %s', async (first, outcome) => {
    const run = await play(approval);
    const both = [signalled('approved', true), run.fired('approved')];
    await run.give(...(first === 'the signal' ? both : both.toReversed()));
    expect(run.output).toBe(outcome);
  });

  it('sets no timer when the signal is there already', async () => {
    const run = await play(async (ctx) => {
      await ctx.step('a', nothing);
      return approval(ctx);
    });
    await run.give(signalled('approved', 'early'), run.done('a'));
    expect(run.output).toBe('early');
    expect(run.events.map(({ type }) => type)).not.toContain('timer-set');
  });
});

describe('cancel', () => {
  it('refuses everything that waits, in the order asked, and abandons the steps', async () => {
    const refused: string[] = [];
    const run = await play(async (ctx) => {
      const note = (name: string) => () => void refused.push(name);
      const all = [
        ctx.step('a', nothing).catch(note('a')),
        ctx.sleep('1h').catch(note('sleep')),
        ctx.waitForSignal('n').catch(note('signal')),
        ctx.step('b', nothing).catch(note('b')),
        ctx.external('e').result.catch(note('external')),
      ];
      await Promise.all(all);
      return [...refused];
    });
    refused.length = 0;
    const turn = await run.give(cancelled('enough'));
    expect(run.output).toEqual(['a', 'sleep', 'signal', 'b', 'external']);
    expect(turn.abandoned).toEqual([0, 3]);
    refused.length = 0;
  });

  it('ends the run cancelled, with its reason, when the program lets it pass', async () => {
    const run = await play((ctx) => ctx.sleep('1h'));
    const turn = await run.give(cancelled('enough'));
    expect(turn.standing).toMatchObject({
      kind: 'cancelled',
      payload: expect.stringContaining('"reason":"enough"'),
    });
    expect(turn.events.at(-1)).toMatchObject({ type: 'cancelled' });
  });

  it('without a reason, or with one that is no text, has none', async () => {
    for (const payload of [undefined, '17']) {
      const run = await play((ctx) => ctx.sleep('1h'));
      await run.give({ type: 'cancel-requested', id: '1', payload });
      expect(run.execution.cancellation).toMatchObject({ code: 'CANCELLED', message: 'cancelled' });
    }
  });

  it('happens once: a second one, and a deadline after it, are left out', async () => {
    const run = await play(async (ctx) => {
      await ctx.sleep('1h').catch(nothing);
      return ctx.sleep('1h').catch(({ message }: Error) => message);
    });
    const turn = await run.give(cancelled('one'), cancelled('two'), { type: 'deadline-passed' });
    expect(turn.events.map(({ type }) => type)).toEqual(['cancel-requested', 'completed']);
    expect(run.output).toBe('cancelled: one');
  });

  it('refuses every later command too', async () => {
    const child = workflow('child', nothing);
    const run = await play(async (ctx) => {
      const codes: unknown[] = [];
      const attempt = async (what: () => Promise<unknown>): Promise<void> => {
        codes.push(await what().catch(({ code }: { code: string }) => code));
      };
      await attempt(() => ctx.step('a', nothing));
      await attempt(() => ctx.step('a', nothing));
      await attempt(() => ctx.step('a', nothing, { totalTimeout: '1h' }));
      await attempt(() => ctx.sleep('1h'));
      await attempt(() => ctx.waitForSignal('n'));
      await attempt(() => ctx.waitForSignal('n', { timeout: '1h' }));
      await attempt(() => ctx.external('e').result);
      await attempt(() => ctx.child(child, null));
      await attempt(() => ctx.detach(child, null));
      return codes;
    });
    const turn = await run.give(cancelled());
    expect(run.output).toEqual(Array(9).fill('CANCELLED'));
    expect(turn.readySteps.filter(({ ordinal }) => run.execution.pending.has(ordinal))).toEqual([]);
    expect(turn.children).toEqual([]);
    expect(turn.events.map(({ type }) => type)).toEqual(['cancel-requested', 'completed']);
  });

  it('aborts the signal of the context, asked for before or after', async () => {
    const seen: unknown[] = [];
    const run = await play(async (ctx) => {
      const before = ctx.signal;
      await ctx.sleep('1h').catch(nothing);
      seen.push(before.aborted, ctx.signal.aborted, ctx.signal === before);
      seen.push((ctx.signal.reason as { code: string }).code);
    });
    await run.give(cancelled());
    const other = await play(async (ctx) => {
      await ctx.sleep('1h').catch(nothing);
      seen.push(ctx.signal.aborted);
    });
    await other.give(cancelled());
    expect(seen).toEqual([true, true, true, 'CANCELLED', true]);
    seen.length = 0;
  });

  it('keeps a signal that nobody may read any more', async () => {
    const run = await play(async (ctx) => {
      await ctx.sleep('1h').catch(nothing);
      await ctx.waitForSignal('n');
    });
    await run.give(signalled('n', 1), cancelled());
    expect(run.turn.standing.kind).toBe('cancelled');
    expect(run.execution.unreadSignals()).toMatchObject([{ name: 'n' }]);
  });

  it('reaches a program that waits for several at once as itself', async () => {
    const run = await play((ctx) => ctx.any([ctx.sleep('1h'), ctx.sleep('2h')]));
    await run.give(cancelled());
    expect(run.turn.standing.kind).toBe('cancelled');
  });
});

describe('a late outcome', () => {
  it('of an abandoned step, of a past attempt or of a settled wait is dropped', async () => {
    const run = await play(async (ctx) => {
      const wait = ctx.waitForSignal('n', { timeout: '1h' });
      const late = ctx.step('late', nothing);
      await ctx.step('a', nothing);
      await wait;
      await late.catch(nothing);
      ctx.onUpdate('stay', nothing);
      await new Promise(nothing);
    });
    const first = run.done('a');
    await run.give(run.retrying('a', 100));
    expect((await run.give(first)).events, 'the first attempt has failed already').toEqual([]);
    await run.give(run.done('a'));
    const timer = run.fired('n');
    await run.give(signalled('n'));
    expect((await run.give(timer)).events).toEqual([]);
    const late = run.done('late');
    await run.give(cancelled());
    expect((await run.give(late)).events).toEqual([]);
    expect((await run.give({ type: 'blocked', code: 'no arrival' })).events).toEqual([]);
    const stray = { ordinal: 0, name: 'child', runId: RUN_ID, status: 'completed' } as const;
    expect((await run.give({ type: 'child-closed', ...stray })).events, 'it has no children').toEqual([]);
  });
});
