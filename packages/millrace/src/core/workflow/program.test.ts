import { afterEach, describe, expect, it } from 'vitest';
import { T0 } from '../../../testbed/samples/history.ts';
import {
  DEADLINE,
  cancelled,
  play,
  replayDifferences,
  reviveRun,
  signalled,
  type Play,
  type Program,
} from '../../../testbed/play/play.ts';
import { decodeValue } from '../json.ts';
import type { Failure } from '../failure.ts';

afterEach(async () => expect(await replayDifferences()).toEqual([]));

const nothing = (): void => {};

function failure({ turn: { standing } }: Play): Failure {
  if (!('payload' in standing)) throw new Error(`the run is ${standing.kind}`);
  return decodeValue(standing.payload) as Failure;
}

describe('the end of a program', () => {
  it('is its output, with everything that JSON cannot say', async () => {
    const output = { at: new Date(T0), n: 17n, none: undefined, list: [undefined, new Set([1])] };
    const run = await play(() => output);
    expect(run.output).toEqual({ at: new Date(T0), n: 17n, list: [undefined, new Set([1])] });
  });

  it('may come without a single command, from a function that is not async', async () => {
    const run = await play((_ctx, input) => input, { input: { id: 17 } });
    expect(run.turn.events).toEqual([{ type: 'completed', payload: '{"id":17}' }]);
  });

  it('is its error, as it was thrown', async () => {
    const error = Object.assign(new RangeError('too far', { cause: new Error('wind') }), { code: 'E_FAR' });
    const run = await play(() => {
      throw error;
    });
    expect(failure(run)).toMatchObject({
      name: 'RangeError',
      message: 'too far',
      code: 'E_FAR',
      cause: { message: 'wind' },
    });
    expect(run.turn.standing.kind).toBe('failed');
  });

  it('may come from a run whose start carries no input', async () => {
    const started = {
      type: 'started',
      workflow: 'order',
      version: '1',
      priority: 'normal',
      queue: 'default',
    } as const;
    const run = await reviveRun(
      (_ctx, input) => [input],
      [{ seq: 0, at: T0, engine: 'one', event: started }],
    );
    expect(run.output).toEqual([null]);
  });

  it.each([['text'], [undefined], [null], [17], [{ odd: true }]])(
    'is whatever else it throws, said so: %o',
    async (thrown) => {
      const run = await play(() => Promise.reject(thrown));
      expect(failure(run)).toMatchObject({ name: 'NonError' });
    },
  );

  it('that cannot be stored is a failure that names the workflow and the place', async () => {
    const run = await play(() => ({ list: [nothing] }));
    expect(failure(run)).toMatchObject({
      code: 'NOT_SERIALIZABLE',
      message: expect.stringMatching(/^output of workflow "order": .*list\[0\]/),
    });
  });

  it('with an error whose details cannot be stored is that error without them', async () => {
    const run = await play(() => Promise.reject(Object.assign(new Error('odd'), { details: { n: 17n } })));
    expect(failure(run)).toMatchObject({ message: 'odd' });
  });

  it('with an error of its own after a cancel is a failure', async () => {
    const run = await play(async (ctx) => {
      await ctx.sleep('1h').catch(nothing);
      throw new Error('cannot stop');
    });
    await run.give(cancelled());
    expect(run.turn.standing.kind).toBe('failed');
    const both = await play(async (ctx) => {
      await ctx.any([ctx.sleep('1h'), Promise.reject(new Error('own'))]);
    });
    await both.give(cancelled());
    expect(both.turn.standing.kind).toBe('failed');
  });

  it('with the code of a cancel that never came is a failure', async () => {
    const run = await play(() => Promise.reject(Object.assign(new Error('no'), { code: 'CANCELLED' })));
    expect(run.turn.standing.kind).toBe('failed');
  });
});

describe('compensations', () => {
  const trip: Program = async (ctx) => {
    for (const what of ['flight', 'hotel', 'car']) {
      await ctx.step(what, nothing);
      ctx.compensate(`cancel ${what}`, nothing);
    }
    await ctx.waitForSignal('paid', { timeout: '1h' });
    return 'booked';
  };
  async function booked(program: Program = trip): Promise<Play> {
    const run = await play(program, { started: { deadlineAt: T0 + 1e6 } });
    for (const what of ['flight', 'hotel', 'car']) await run.give(run.done(what));
    return run;
  }
  async function undo(run: Play): Promise<string[]> {
    const undone: string[] = [];
    while (run.turn.standing.kind === 'open') {
      expect(run.waits).toHaveLength(1);
      const name = run.waits[0]?.replace('step ', '') as string;
      undone.push(name);
      await run.give(run.done(name));
    }
    return undone;
  }
  const REVERSE = ['compensate cancel car', 'compensate cancel hotel', 'compensate cancel flight'];

  it('run one by one in reverse order when the run fails, and it fails with its own error', async () => {
    const run = await booked();
    await run.advance(3_600_001);
    expect(await undo(run)).toEqual(REVERSE);
    expect(run.turn.standing.kind).toBe('failed');
    expect(failure(run)).toMatchObject({ code: 'TIMEOUT' });
  });

  it.each([
    ['cancelled', cancelled('no money')],
    ['timed-out', DEADLINE],
  ] as const)('run when it is %s, shielded from what ended it', async (kind, end) => {
    const run = await booked();
    await run.give(end);
    expect(run.turn.standing.kind).toBe('open');
    await run.give(cancelled('again'));
    expect(run.turn.events, 'a second cancel does not stop them').toEqual([]);
    expect(await undo(run)).toEqual(REVERSE);
    expect(run.turn.standing.kind).toBe(kind);
  });

  it('do not run when the run completes', async () => {
    const run = await booked();
    await run.give(signalled('paid'));
    expect(run.output).toBe('booked');
  });

  it('for what was not done yet do not run', async () => {
    const run = await play(trip);
    await run.give(run.done('flight'));
    await run.give(run.failed('hotel'));
    expect(await undo(run)).toEqual(['compensate cancel flight']);
  });

  it('that fail are reported with the error, and the others run', async () => {
    const run = await booked();
    await run.give(cancelled('no money'));
    await run.give(run.failed('compensate cancel car', new Error('no line')));
    expect(run.waits).toEqual(['step compensate cancel hotel']);
    await undo(run);
    expect(failure(run)).toMatchObject({
      code: 'CANCELLED',
      details: {
        failedCompensations: [
          {
            compensation: 'cancel car',
            message: 'step "compensate cancel car" failed after 1 attempt: Error: no line',
          },
        ],
        of: { reason: 'no money' },
      },
    });
  });

  it('meet a cancel that comes while they run for another reason', async () => {
    const run = await booked();
    await run.advance(3_600_001);
    const turn = await run.give(cancelled());
    expect(turn.abandoned).toEqual([]);
    expect(run.waits).toEqual(['step compensate cancel car']);
    await undo(run);
    expect(run.turn.standing.kind).toBe('failed');
  });

  it('of one name are told apart, and keep their own options', async () => {
    const run = await play(async (ctx) => {
      ctx.compensate('undo', nothing, { retry: 2 });
      ctx.compensate('undo', nothing, { retry: false });
      await ctx.step('a', nothing);
    });
    await run.give(run.failed('a'));
    expect(run.turn.readySteps).toMatchObject([
      { name: 'compensate undo', policy: { retry: { maxAttempts: 1 } } },
    ]);
    await run.give(run.done('compensate undo'));
    expect(run.turn.readySteps).toMatchObject([
      { name: 'compensate undo#2', policy: { retry: { maxAttempts: 2 } } },
    ]);
    await run.give(run.done('compensate undo#2'));
  });
});
