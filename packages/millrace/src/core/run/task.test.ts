import { afterEach, describe, expect, it } from 'vitest';
import { T0 } from '../../../testbed/samples/history.ts';
import {
  cancelled,
  place,
  play,
  replayDifferences,
  reviveRun,
  signalled,
  type Program,
} from '../../../testbed/play/play.ts';
import { TerminalError } from '../errors.ts';
import { nextWakeAt, waitsOf } from './waiting/waits.ts';

afterEach(async () => expect(await replayDifferences()).toEqual([]));

const QUICK = { maxAttempts: 2, initial: 1000, factor: 1 } as const;
const calling: Program = (ctx) => ctx.call('charge', 17, { retry: QUICK });

describe('an attempt that is placed elsewhere', () => {
  it('is waited for, and its outcome is that of the step, with the name of the engine that made it', async () => {
    const run = await play(calling);
    const turn = await run.give(run.placed('charge', 'task-1'));
    expect(turn.events).toEqual([
      { type: 'step-placed', ordinal: 0, name: 'charge', attempt: 1, runId: 'task-1' },
    ]);
    expect(waitsOf(run.execution)).toEqual([
      { kind: 'task', name: 'charge', ordinal: 0, until: undefined, runId: 'task-1', attempt: 1 },
    ]);
    await run.give(run.taskDone('charge', 'paid'));
    expect(run.output).toBe('paid');
    expect(run.events.at(-2)).toMatchObject({ type: 'step-completed', attempt: 1, engine: 'engine-2' });
  });

  it('is not made here by whoever reads the history', async () => {
    const run = await play(calling);
    await run.give(run.placed('charge', 'task-1'));
    const other = await run.revive();
    expect(other.execution.readySteps).toEqual([]);
    expect((await other.give()).readySteps).toEqual([]);
    await run.give(run.taskDone('charge'));
  });

  it('is placed once', async () => {
    const run = await play(calling);
    await run.give(run.placed('charge', 'task-1'), run.placed('charge', 'task-2'));
    expect(run.events.slice(1)).toMatchObject([{ runId: 'task-1' }]);
    const late = run.placed('charge', 'task-3');
    await run.give(run.taskFailed('charge'));
    expect((await run.give(late)).events, 'it has failed').toEqual([]);
    await run.give(run.done('charge'));
  });

  it('that failed is tried again by the policy of the step, from its last checkpoint', async () => {
    const run = await play(calling);
    await run.give(run.placed('charge', 'task-1'));
    const turn = await run.give(run.taskFailed('charge', new Error('busy'), '"half"'));
    expect(turn.events).toMatchObject([
      { type: 'step-checkpoint', attempt: 1, payload: '"half"' },
      { type: 'step-retrying', attempt: 1, engine: 'engine-2', retryAt: T0 + 1001 },
    ]);
    expect(turn.readySteps).toMatchObject([{ attempt: 2, checkpoint: '"half"', taskRunId: undefined }]);
    expect(nextWakeAt(run.execution)).toBe(T0 + 1001);
    await run.give(run.placed('charge', 'task-2'));
    expect(nextWakeAt(run.execution), 'the pause is over').toBeUndefined();
    await run.give(run.taskFailed('charge', new Error('still busy')));
    expect(run.events.at(-2)).toMatchObject({ type: 'step-failed', attempt: 2, given: 1 });
    expect(run.turn.standing).toMatchObject({
      kind: 'failed',
      payload: expect.stringContaining('still busy'),
    });
  });

  it('is not tried again after an error that no retry can help', async () => {
    const run = await play(calling);
    await run.give(run.placed('charge', 'task-1'));
    await run.give(run.taskFailed('charge', new TerminalError('no such card')));
    expect(run.events.at(-2)).toMatchObject({ type: 'step-failed', attempt: 1 });
  });

  it('may be followed by one that is made here', async () => {
    const run = await play(calling);
    await run.give(run.placed('charge', 'task-1'));
    await run.give(run.taskFailed('charge'));
    await run.give(run.done('charge', 'paid'));
    expect(run.output).toBe('paid');
  });

  it('leaves no trace when it ends too late', async () => {
    const run = await play(async (ctx) => {
      await ctx.call('charge', 17, { retry: QUICK });
      await ctx.waitForSignal('go');
    });
    await run.give(run.placed('charge', 'task-1'));
    const placed = run.placed('charge', 'task-3');
    const first = run.taskDone('charge');
    await run.give(run.taskFailed('charge'), run.placed('charge', 'task-x'));
    await run.give(run.placed('charge', 'task-2'));
    expect((await run.give(first)).events, 'of the attempt before').toEqual([]);
    const second = run.taskDone('charge');
    await run.give(second);
    expect((await run.give(second)).events, 'twice').toEqual([]);
    expect((await run.give({ ...second, ordinal: 1 })).events, 'of no step').toEqual([]);
    expect((await run.give(placed)).events, 'and it is placed no more').toEqual([]);
    await run.give(signalled('go'));
  });

  it('that history has under another name blocks the run', async () => {
    const run = await play(calling);
    const stored = place([...run.history], [run.placed('charge', 'task-1')], T0);
    const other = await reviveRun((ctx) => ctx.call('refund'), stored);
    expect(other.execution.standing).toMatchObject({
      kind: 'blocked',
      mismatch: { expected: 'step "charge" (command 0)' },
    });
    await run.give(run.done('charge'));
  });
});

describe('a task that nobody waits for any more', () => {
  it('is to be cancelled when its run is', async () => {
    const run = await play((ctx) => ctx.all([ctx.call('charge'), ctx.step('here', () => null)]));
    await run.give(run.placed('charge', 'task-1'));
    const turn = await run.give(cancelled());
    expect(turn).toMatchObject({ unwantedTasks: ['task-1'], abandoned: [1] });
  });

  it('is to be cancelled when the total time of its step is over, once', async () => {
    const run = await play(async (ctx) => {
      await ctx.call('charge', 17, { totalTimeout: '10s' }).catch(() => null);
      await ctx.waitForSignal('go');
    });
    await run.give(run.placed('charge', 'task-1'));
    expect(nextWakeAt(run.execution)).toBe(T0 + 10_001);
    expect((await run.advance(10_001)).unwantedTasks).toEqual(['task-1']);
    const other = await run.revive();
    expect((await other.give(signalled('go'))).unwantedTasks).toEqual([]);
    await run.give(signalled('go'));
  });

  it('is left when the run ends without it', async () => {
    const run = await play((ctx) =>
      ctx.race([ctx.call('slow'), ctx.call('fast'), ctx.step('here', () => null)]),
    );
    await run.give(run.placed('slow', 'task-1'), run.placed('fast', 'task-2'));
    await run.give(run.taskDone('fast', 1));
    expect(run.output).toBe(1);
    expect(run.execution.tasksLeft()).toEqual(['task-1']);
  });
});

describe('a retry of the run', () => {
  it('makes attempts again that had no outcome when the run ended, and none that had one', async () => {
    const program: Program = async (ctx) => {
      await ctx.call('before', null);
      return ctx.all([ctx.call('slow', null, { retry: false }), ctx.call('bad', null, { retry: QUICK })]);
    };
    const run = await play(program);
    await run.give(run.placed('before', 'task-0'));
    await run.give(run.taskDone('before'));
    await run.give(run.placed('slow', 'task-1'), run.placed('bad', 'task-2'));
    await run.give(run.taskFailed('bad'));
    await run.give(run.placed('bad', 'task-3'));
    await run.give(run.taskFailed('bad'));
    expect(run.turn.standing.kind).toBe('failed');
    const cut = run.events.findIndex(({ type }) => type === 'step-failed');
    const other = await reviveRun(program, place([...run.history], [{ type: 'retried', cut }], T0));
    expect([...other.execution.pending.values()]).toMatchObject([
      { name: 'slow', attempt: 1, taskRunId: undefined },
      { name: 'bad', attempt: 2, taskRunId: undefined },
    ]);
    expect(other.execution.readySteps).toHaveLength(2);
  });
});
