import { afterEach, describe, expect, it } from 'vitest';
import { T0 } from '../../../testbed/samples/history.ts';
import {
  DEADLINE,
  cancelled,
  play,
  replayDifferences,
  signalled,
  updated,
} from '../../../testbed/play/play.ts';
import { workflow } from '../workflow/workflow.ts';
import { takeTurn } from './turn.ts';
import { dueTimers, nextWakeAt, waitsOf } from './waiting/waits.ts';

afterEach(async () => expect(await replayDifferences()).toEqual([]));

const nothing = (): void => {};

describe('a sleep', () => {
  it('ends at its time by the clock of the store, never before', async () => {
    const run = await play(async (ctx) => {
      await ctx.sleep('1h');
      await ctx.sleepUntil(new Date(T0 + 7_200_000));
      await ctx.sleepUntil(T0 + 7_200_000.5);
      return 'awake';
    });
    expect(nextWakeAt(run.execution)).toBe(T0 + 3_600_001);
    await run.advance(3_600_000);
    expect(run.waits).toEqual(['sleep sleep']);
    await run.advance(1);
    expect(run.waits).toEqual(['sleep sleep#2']);
    await run.advance(3_600_000);
    expect(run.waits).toEqual(['sleep sleep#3']);
    await run.advance(0);
    expect(run.output).toBe('awake');
  });

  it('that is over when it is asked for ends with the next look at the clock', async () => {
    const run = await play((ctx) => ctx.sleepUntil(T0 - 1));
    expect(run.turn.standing).toEqual({ kind: 'open' });
    await run.advance(0);
    expect(run.output).toBeUndefined();
  });
});

describe('timers that are due together', () => {
  it('fire in the order of their times, then of their commands', async () => {
    const run = await play(async (ctx) => {
      const woken: string[] = [];
      const sleep = async (name: string, ms: number): Promise<void> => {
        await ctx.sleep(ms);
        woken.push(name);
      };
      await ctx.all([sleep('late', 300), sleep('early', 100), sleep('early too', 100)]);
      return woken;
    });
    expect(dueTimers(run.execution, T0)).toEqual([]);
    await run.advance(1000);
    expect(run.output).toEqual(['early', 'early too', 'late']);
  });

  it('leave out those of steps and waits without one', async () => {
    const run = await play((ctx) => ctx.all([ctx.step('a', nothing), ctx.waitForSignal('n')]));
    expect(dueTimers(run.execution, T0 + 1e9)).toEqual([]);
    expect(nextWakeAt(run.execution)).toBeUndefined();
    await run.give(run.done('a'), signalled('n'));
  });
});

describe('a deadline', () => {
  it('ends the run timed-out', async () => {
    const run = await play((ctx) => ctx.waitForSignal('n'), { started: { deadlineAt: T0 + 1000 } });
    expect(nextWakeAt(run.execution)).toBe(T0 + 1000);
    await run.advance(999);
    expect(run.turn.standing.kind).toBe('open');
    const turn = await run.advance(1);
    expect(turn.events).toMatchObject([{ type: 'deadline-passed' }, { type: 'timed-out' }]);
    expect(turn.standing).toMatchObject({ payload: expect.stringContaining('RUN_TIMED_OUT') });
  });

  it('that was answered with a value completes the run', async () => {
    const run = await play((ctx) => ctx.sleep('1h').catch(({ code }: { code: string }) => code), {
      started: { deadlineAt: T0 + 1 },
    });
    await run.advance(1);
    expect(run.output).toBe('RUN_TIMED_OUT');
  });

  it('passes once, and not after a cancel', async () => {
    const run = await play(
      async (ctx) => {
        await ctx.sleep('1h').catch(nothing);
        ctx.onUpdate('stay', nothing);
        await new Promise(nothing);
      },
      { started: { deadlineAt: T0 + 1 } },
    );
    await run.give(cancelled());
    expect(nextWakeAt(run.execution)).toBeUndefined();
    expect((await run.advance(5)).events).toEqual([]);
    expect((await run.give(DEADLINE)).events).toEqual([]);
  });

  it('is not nearer than a timer that is due before it', async () => {
    const run = await play((ctx) => ctx.sleep(10), { started: { deadlineAt: T0 + 1000 } });
    expect(nextWakeAt(run.execution)).toBe(T0 + 11);
    await run.advance(11);
  });
});

describe('a step', () => {
  it('that failed for good rejects with its last error and the number of attempts', async () => {
    const run = await play((ctx) =>
      ctx
        .step('charge', nothing)
        .catch((error: Error & { cause: Error }) => [error.message, error.cause.message]),
    );
    await run.give(run.retrying('charge', 1000));
    await run.give(run.failed('charge', new TypeError('no money')));
    expect(run.output).toEqual(['step "charge" failed after 2 attempts: TypeError: no money', 'no money']);
  });

  it('that is tried again becomes ready with its pause, and keeps its reason in history', async () => {
    const run = await play((ctx) => ctx.step('charge', nothing));
    expect(run.turn.readySteps).toMatchObject([{ name: 'charge', attempt: 1, retryAt: undefined }]);
    const turn = await run.give(run.retrying('charge', 1000, new Error('busy')));
    expect(turn.readySteps).toMatchObject([{ name: 'charge', attempt: 2, retryAt: T0 + 1000 }]);
    expect(nextWakeAt(run.execution)).toBe(T0 + 1000);
    expect(run.events.at(-1)).toMatchObject({ payload: expect.stringContaining('busy') });
    expect(dueTimers(run.execution, T0 + 2000), 'a retry is no event').toEqual([]);
    await run.give(run.done('charge', 17));
    expect(run.output).toBe(17);
  });

  it('keeps its checkpoint for the next attempt', async () => {
    const run = await play((ctx) => ctx.step('import', nothing));
    await run.give(run.checkpoint('import', { line: 17 }), run.retrying('import', 10));
    expect(run.turn.readySteps).toMatchObject([{ attempt: 2, checkpoint: '{"line":17}' }]);
    const other = await run.revive();
    expect([...other.execution.pending.values()]).toMatchObject([{ attempt: 2, checkpoint: '{"line":17}' }]);
    await run.give(run.done('import'));
  });

  it('whose total time is over fails with TIMEOUT, and its attempt is abandoned', async () => {
    const run = await play((ctx) => ctx.step('slow', nothing, { totalTimeout: '10s' }));
    await run.give(run.retrying('slow', 60_000));
    expect(nextWakeAt(run.execution), 'the earlier of pause and total time').toBe(T0 + 10_001);
    const turn = await run.advance(10_001);
    expect(turn.abandoned).toEqual([0]);
    expect(turn.standing).toMatchObject({
      kind: 'failed',
      payload: expect.stringContaining('did not end in time'),
    });
  });

  it('that runs is not woken by the pause before it', async () => {
    const run = await play((ctx) => ctx.step('slow', nothing));
    await run.give(run.retrying('slow', 1000));
    expect(nextWakeAt(run.execution, new Set([0]))).toBeUndefined();
    await run.give(run.done('slow'));
  });

  it('is woken by its pause when that is over before its total time', async () => {
    const run = await play((ctx) => ctx.step('slow', nothing, { totalTimeout: '10s' }));
    await run.give(run.retrying('slow', 1000));
    expect(nextWakeAt(run.execution)).toBe(T0 + 1000);
    await run.give(run.done('slow'));
  });

  it('without a recorded value gave null', async () => {
    const run = await play((ctx) => ctx.step('a', nothing));
    await run.give({ type: 'step-completed', ordinal: 0, name: 'a', attempt: 1 });
    expect(run.output).toBeNull();
  });

  it('without a recorded error failed all the same', async () => {
    const run = await play((ctx) => ctx.step('a', nothing));
    await run.give({ type: 'step-failed', ordinal: 0, name: 'a', attempt: 1 });
    expect(run.turn.standing.kind).toBe('failed');
  });
});

describe('an outcome that a transaction has stored', () => {
  it('acts first and is not written again', async () => {
    const run = await play((ctx) => ctx.transaction('book', () => 17));
    const turn = await takeTurn(run.execution, [signalled('n', 1, 'n1')], run.done('book', 17));
    expect(turn.events.map(({ type }) => type)).toEqual(['signal-received', 'completed']);
    expect(turn.standing).toEqual({ kind: 'completed', payload: '17' });
  });

  it('finds a blocked run unmoved', async () => {
    const run = await play(async (ctx) => {
      await ctx.transaction('book', () => 17);
    });
    const outcome = run.done('book', 17);
    run.execution.mismatch('one', 'other', undefined);
    const turn = await takeTurn(run.execution, [signalled('n')], outcome);
    expect(turn.events).toEqual([]);
    expect(run.waits).toEqual(['step book']);
  });
});

describe('the list of waits', () => {
  it('names what every kind of command waits for', async () => {
    const child = workflow('child', () => 1);
    const run = await play((ctx) =>
      ctx.all([
        ctx.sleep(1000),
        ctx.waitForSignal('n'),
        ctx.waitForSignal('n', { timeout: 500 }),
        ctx.child(child, null),
        ctx.external('scan').result,
        ctx.step('charge', nothing),
      ]),
    );
    expect(waitsOf(run.execution)).toMatchObject([
      { kind: 'sleep', name: 'sleep', ordinal: 0, until: T0 + 1001 },
      { kind: 'signal', name: 'n', ordinal: 1, until: undefined },
      { kind: 'signal', name: 'n', ordinal: 2, until: T0 + 501 },
      { kind: 'child', name: 'child', runId: run.turn.children[0]?.runId },
      { kind: 'external', name: 'scan' },
      { kind: 'retry', name: 'charge', attempt: 1 },
    ]);
  });

  it('is cut after twenty', async () => {
    const run = await play((ctx) => ctx.all(Array.from({ length: 30 }, () => ctx.sleep(1000))));
    expect(waitsOf(run.execution)).toHaveLength(20);
  });
});

describe('a program that awaits something foreign', () => {
  const foreign = (): Promise<void> => new Promise((resolve) => setTimeout(resolve, 60_000).unref());

  it('is blocked with the last command named, at once when it waits for nothing else', async () => {
    const run = await play(async (ctx) => {
      await ctx.step('charge', nothing);
      await foreign();
    });
    const turn = await run.give(run.done('charge'));
    expect(turn.taken).toBe(1);
    expect(turn.standing).toEqual({
      kind: 'blocked',
      mismatch: {
        code: 'FOREIGN_AWAIT',
        message: expect.stringMatching(
          /^workflow "order" awaits something .* after step "charge"; put it into ctx\.step/,
        ),
        expected: 'an operation of the context',
        actual: 'a foreign promise after step "charge"',
        seq: undefined,
      },
    });
    expect(turn.events.map(({ type }) => type)).toEqual(['step-completed']);
    expect(await run.give(signalled('n')), 'a blocked run takes nothing').toMatchObject({
      events: [],
      taken: 0,
    });
  });

  it('is blocked from the start when that is all it does', async () => {
    const run = await play(foreign);
    expect(run.turn.standing).toMatchObject({
      kind: 'blocked',
      mismatch: { actual: 'a foreign promise after the start' },
    });
  });

  it('is not suspected while it can be moved by an update', async () => {
    const run = await play(async (ctx) => {
      let done = nothing;
      const asked = new Promise<void>((resolve) => {
        done = resolve;
      });
      ctx.onUpdate('finish', () => done());
      await asked;
      return 'finished';
    });
    expect(run.turn.standing.kind).toBe('open');
    await run.give(updated('finish'));
    expect(run.output).toBe('finished');
  });

  it('is noticed in the handler of an update', async () => {
    let resume = nothing;
    const run = await play(async (ctx) => {
      ctx.onUpdate('ask', () => new Promise<void>((resolve) => (resume = resolve)));
      await ctx.waitForSignal('end');
    });
    expect((await run.give(updated('ask'))).events.map(({ type }) => type)).toEqual(['update-received']);
    let noticed = 0;
    run.execution.onForeignUse = () => noticed++;
    resume();
    await new Promise((resolve) => setImmediate(resolve));
    expect(noticed).toBe(1);
    run.execution.mismatch('', '', undefined);
  });

  it('does no harm where nobody listens', async () => {
    let resume = nothing;
    const run = await play(async (ctx) => {
      ctx.onUpdate('stay', nothing);
      await new Promise<void>((resolve) => {
        resume = resolve;
      });
      ctx.now();
    });
    resume();
    await new Promise((resolve) => setImmediate(resolve));
    expect(run.execution.events).toEqual([]);
  });

  it.each([
    ['a step', async (ctx: Given) => void ctx.step('late', nothing)],
    ['a recorded value', async (ctx: Given) => void ctx.now()],
    ['a published value', async (ctx: Given) => ctx.publish('late', 1)],
    ['a sleep', async (ctx: Given) => void ctx.sleep(1)],
    ['a child', async (ctx: Given) => void ctx.child(workflow('child', nothing), null)],
    ['a signal', async (ctx: Given) => void ctx.waitForSignal('late')],
    ['a patch', async (ctx: Given) => void ctx.patch('late')],
    ['its successor', async (ctx: Given) => void ctx.continueAsNew(null)],
    ['its end', async (_: Given) => {}],
    ['its failure', (_: Given) => Promise.reject(new Error('late'))],
  ])('is noticed when it asks for %s outside a turn, and nothing of it is kept', async (_, late) => {
    let resume = nothing;
    const run = await play(async (ctx) => {
      ctx.onUpdate('stay', nothing);
      await new Promise<void>((resolve) => {
        resume = resolve;
      });
      await late(ctx);
    });
    let noticed = 0;
    run.execution.onForeignUse = () => noticed++;
    resume();
    await new Promise((resolve) => setImmediate(resolve));
    expect(noticed).toBeGreaterThan(0);
    expect(run.execution.standing).toEqual({ kind: 'open' });
    expect(run.execution.pending.size).toBe(0);
    expect(run.execution.children).toEqual([]);
    expect((await takeTurn(run.execution, [])).events).toEqual([]);
  });
});

type Given = Parameters<Extract<Parameters<typeof play>[0], (...args: never) => unknown>>[0];
