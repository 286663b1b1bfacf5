import { afterEach, describe, expect, it } from 'vitest';
import { historyOf, STARTED, T0 } from '../../../testbed/samples/history.ts';
import {
  cancelled,
  pictureOf,
  place,
  play,
  replayDifferences,
  reviveRun,
  signalled,
  updated,
  type Play,
  type Program,
} from '../../../testbed/play/play.ts';
import { workflow } from '../workflow/workflow.ts';
import type { RunEvent } from './event.ts';
import { apply } from './apply.ts';
import { describe as describeEvent } from './execution.ts';
import { retriedEvent } from '../policy/retry-run.ts';
import { effective } from './replay.ts';

afterEach(async () => expect(await replayDifferences()).toEqual([]));

const nothing = (): void => {};

/** The run that this program left behind after steps `a` and `b`, in the hands of another program. */
async function meets(after: Program, before: Program = twoSteps): Promise<Play> {
  const run = await play(before);
  while (run.waits.some((wait) => wait.startsWith('step'))) {
    const name = run.waits.find((wait) => wait.startsWith('step'))?.slice(5) as string;
    await run.give(run.done(name, name));
  }
  return reviveRun(after, run.history);
}

const twoSteps: Program = async (ctx) => {
  await ctx.step('a', nothing);
  await ctx.step('b', nothing);
  await ctx.waitForSignal('go');
};

describe('a changed program', () => {
  const child = workflow('child', () => 1);
  const cases: [what: string, after: Program, expected: string, actual: string, before?: Program][] = [
    [
      'a renamed step',
      async (ctx) => {
        await ctx.step('A', nothing);
      },
      'step "a" (command 0)',
      'step "A" (command 0)',
    ],
    [
      'an inserted step',
      async (ctx) => {
        await ctx.step('a', nothing);
        await ctx.step('new', nothing);
        await ctx.step('b', nothing);
      },
      'step "b" (command 1)',
      'step "new" (command 1)',
    ],
    [
      'a removed step',
      async (ctx) => {
        await ctx.step('b', nothing);
        await ctx.waitForSignal('go');
      },
      'step "a" (command 0)',
      'step "b" (command 0)',
    ],
    [
      'steps in another order',
      async (ctx) => {
        await ctx.step('b', nothing);
        await ctx.step('a', nothing);
      },
      'step "a" (command 0)',
      'step "b" (command 0)',
    ],
    [
      'a step that became a wait',
      async (ctx) => {
        await ctx.external('a').result;
      },
      'step "a" (command 0)',
      'external "a" (command 0)',
    ],
    [
      'an end before history ends',
      async (ctx) => {
        await ctx.step('a', nothing);
      },
      'step "b" (command 1)',
      'nothing',
    ],
    [
      'another recorded value',
      async (ctx) => {
        ctx.uuid();
        await ctx.waitForSignal('go');
      },
      'recorded value "now" (command 0)',
      'recorded value "uuid" (command 0)',
      async (ctx) => {
        ctx.now();
        await ctx.waitForSignal('go');
      },
    ],
    [
      'a recorded value that became a step',
      async (ctx) => {
        await ctx.step('look', nothing);
      },
      'recorded value "now" (command 0)',
      'step "look" (command 0)',
      async (ctx) => {
        ctx.now();
        await ctx.waitForSignal('go');
      },
    ],
    [
      'a published value that is gone',
      async (ctx) => {
        await ctx.waitForSignal('go');
      },
      'published value "state" (command 1)',
      'nothing',
      async (ctx) => {
        const go = ctx.waitForSignal('go');
        ctx.publish('state', 1);
        await go;
      },
    ],
    [
      'a sleep that became a child',
      async (ctx) => {
        await ctx.child(child, null);
      },
      'timer "sleep" (command 0)',
      'child "child" (command 0)',
      async (ctx) => {
        await ctx.sleep('1h');
      },
    ],
    [
      'a sleep in the place of a record',
      async (ctx) => {
        await ctx.sleep('1h');
      },
      'recorded value "now" (command 0)',
      'timer "sleep" (command 0)',
      async (ctx) => {
        ctx.now();
        await ctx.waitForSignal('go');
      },
    ],
    [
      'two other values at once, of which the first is named',
      async (ctx) => {
        ctx.uuid();
        ctx.random();
        await ctx.waitForSignal('go');
      },
      'recorded value "now" (command 0)',
      'recorded value "uuid" (command 0)',
      async (ctx) => {
        ctx.now();
        ctx.now();
        await ctx.waitForSignal('go');
      },
    ],
    [
      'a wait that lost its timeout',
      async (ctx) => {
        await ctx.waitForSignal('go');
      },
      'timer "go" (command 0)',
      'signal "go" (command 0)',
      async (ctx) => {
        await ctx.waitForSignal('go', { timeout: '1h' });
      },
    ],
    [
      'a step with a total time in the place of a record',
      async (ctx) => {
        await ctx.step('slow', nothing, { totalTimeout: '1h' });
      },
      'published value "state" (command 0)',
      'timer "slow" (command 0)',
      async (ctx) => {
        ctx.publish('state', 1);
        await ctx.waitForSignal('go');
      },
    ],
    [
      'a child of another name, awaited or not',
      async (ctx) => {
        await ctx.detach(workflow('other', nothing), null);
      },
      'child "child" (command 0)',
      'child "other" (command 0)',
      async (ctx) => {
        await ctx.detach(child, null);
        await ctx.waitForSignal('go');
      },
    ],
    [
      'a wait with a timeout in the place of a record',
      async (ctx) => {
        await ctx.external('scan', { timeout: '1h' }).result;
      },
      'recorded value "random" (command 0)',
      'timer "scan" (command 0)',
      async (ctx) => {
        ctx.random();
        await ctx.waitForSignal('go');
      },
    ],
  ];

  it.each(cases)('with %s blocks the run, both sides named', async (_, ...rest) => {
    const [after, expected, actual, before] = rest;
    const run = await meets(after, before);
    expect(run.execution.standing).toMatchObject({
      kind: 'blocked',
      mismatch: {
        code: 'NON_DETERMINISTIC',
        expected,
        actual,
        message: `history and program disagree: history has ${expected}, the program gave ${actual}`,
        seq: expect.any(Number),
      },
    });
  });
});

describe('an outcome that no command claims', () => {
  const waiting: Program = async (ctx) => {
    await ctx.waitForSignal('go', { timeout: '1h' }).catch(nothing);
    await ctx.step('a', nothing);
  };
  const unclaimed: [RunEvent, string, string][] = [
    [{ type: 'timer-fired', ordinal: 7, name: 'sleep' }, 'timer "sleep" (command 7)', 'nothing'],
    [
      { type: 'timer-fired', ordinal: 0, name: 'stop' },
      'timer "stop" (command 0)',
      'signal "go" (command 0)',
    ],
    [
      { type: 'external-completed', ordinal: 0, name: 'go', ok: true },
      'external "go" (command 0)',
      'signal "go" (command 0)',
    ],
    [
      { type: 'child-closed', ordinal: 5, name: 'child', status: 'completed', runId: 'x' },
      'child "child" (command 5)',
      'nothing',
    ],
    [
      { type: 'child-closed', ordinal: 0, name: 'child', status: 'completed', runId: 'x' },
      'child "child" (command 0)',
      'signal "go" (command 0)',
    ],
    [
      { type: 'step-checkpoint', ordinal: 0, name: 'a', attempt: 1 },
      'step "a" (command 0)',
      'signal "go" (command 0)',
    ],
    [
      { type: 'step-retrying', ordinal: 3, name: 'a', attempt: 1, retryAt: 0 },
      'step "a" (command 3)',
      'nothing',
    ],
    [{ type: 'update-replied', id: 'u1', name: 'ask', ok: true }, 'reply to update "ask"', 'nothing'],
  ];

  it.each(unclaimed)('blocks the run: %o', async (event, expected, actual) => {
    const run = await play(waiting);
    const other = await reviveRun(waiting, place([...run.history], [event, signalled('x')], 0));
    expect(other.execution.standing).toMatchObject({ kind: 'blocked', mismatch: { expected, actual } });
  });

  it('is the first mismatch that is reported', async () => {
    const run = await play(waiting);
    const history = place(
      [...run.history],
      [unclaimed[0]?.[0] as RunEvent, unclaimed[6]?.[0] as RunEvent],
      0,
    );
    const other = await reviveRun(waiting, history);
    expect(other.execution.standing).toMatchObject({ mismatch: { seq: 2 } });
  });
});

describe('history', () => {
  it('of a run that has ended brings it to the same end', async () => {
    const run = await play(twoSteps);
    await run.give(run.done('a'));
    await run.give(run.done('b'), signalled('go'));
    const other = await run.revive();
    expect(other.execution.standing).toEqual(run.execution.standing);
    expect(other.execution.events).toEqual([]);
  });

  it('with a second cancel in it has one', async () => {
    const program: Program = (ctx) => ctx.sleep('1h').catch(({ message }: Error) => message);
    const run = await play(program);
    const history = place([...run.history], [cancelled('one'), cancelled('two')], 0);
    expect((await reviveRun(program, history)).output).toBe('cancelled: one');
  });

  it('with a recorded value that is missing gives null', async () => {
    const history = historyOf(STARTED, { type: 'recorded', ordinal: 0, name: 'uuid' });
    expect((await reviveRun((ctx) => ctx.uuid(), history)).output).toBeNull();
  });

  const facts: RunEvent[] = [
    STARTED,
    { type: 'timer-set', ordinal: 0, name: 'sleep', fireAt: 0 },
    { type: 'child-started', ordinal: 0, name: 'c', runId: 'r', workflow: 'c', detached: false },
    { type: 'recorded', ordinal: 0, name: 'now' },
    { type: 'published', ordinal: 0, name: 'state' },
    { type: 'patched', name: 'check' },
    { type: 'update-replied', id: '1', name: 'ask', ok: true },
    { type: 'completed' },
    { type: 'failed' },
    { type: 'cancelled' },
    { type: 'timed-out' },
    { type: 'continued', runId: 'r' },
    { type: 'blocked', code: 'NON_DETERMINISTIC' },
    { type: 'retried', cut: 0 },
  ];
  it.each(facts)('acts through what arrived, not through what was decided: $type', async (event) => {
    const run = await play((ctx) => ctx.waitForSignal('go'));
    const before = pictureOf(run.execution);
    apply(run.execution, event, 1);
    expect(pictureOf(run.execution)).toEqual(before);
    await run.give(signalled('go'));
  });

  it('is told in words, with name and number where there are any', () => {
    expect(describeEvent({ type: 'completed' })).toBe('completed');
    expect(describeEvent({ type: 'signal-received', id: '1', name: 'go' })).toBe('signal-received "go"');
    expect(describeEvent({ type: 'step-placed', ordinal: 3, name: 'a', attempt: 1, runId: 'r' })).toBe(
      'step "a" (command 3)',
    );
    expect(describeEvent({ type: 'step-failed', ordinal: 3, name: 'a', attempt: 1 })).toBe(
      'step "a" (command 3)',
    );
  });
});

describe('a crash before the first commit', () => {
  it('loses only what nobody saw: the run begins anew', async () => {
    const run = await reviveRun((ctx) => ctx.now(), historyOf(STARTED));
    expect(run.execution.events).toMatchObject([{ type: 'recorded', name: 'now' }]);
    const turn = await run.give();
    expect(turn.events).toMatchObject([{ type: 'recorded' }, { type: 'completed' }]);
  });
});

describe('log lines', () => {
  it('of a replayed part are not said again, those after it are', async () => {
    const program: Program = async (ctx) => {
      ctx.log.debug('begun', { at: 1 });
      await ctx.step('a', nothing);
      ctx.log.info('stepped');
      await ctx.waitForSignal('go');
      ctx.log.warn('went');
      ctx.log.error('ended');
    };
    const run = await play(program);
    expect(run.turn.logs).toEqual([{ level: 'debug', message: 'begun', fields: { at: 1 } }]);
    await run.give(run.done('a'));
    expect(run.turn.logs).toMatchObject([{ level: 'info', message: 'stepped' }]);
    const other = await run.revive();
    expect((await other.give()).logs).toEqual([]);
    expect((await other.give(signalled('go'))).logs.map(({ message }) => message)).toEqual(['went', 'ended']);
    await run.give(signalled('go'));
  });
});

describe('a patch', () => {
  const old: Program = async (ctx) => {
    await ctx.step('a', nothing);
    await ctx.waitForSignal('go');
    return 'old';
  };
  const patched: Program = async (ctx) => {
    await ctx.step('a', nothing);
    const checked = ctx.patch('check');
    if (checked) await ctx.step('check', nothing);
    await ctx.waitForSignal('go');
    return ctx.patch('check') === checked ? checked : 'unsteady';
  };

  it('is false for a run that passed the place before', async () => {
    const run = await meets(patched, old);
    expect(run.waits).toEqual(['signal go']);
    await run.give(signalled('go'));
    expect(run.output, 'the second place is reached by new code, which must not change its mind').toBe(false);
  });

  it('is true for a new run, and stays so on replay', async () => {
    const run = await play(patched);
    await run.give(run.done('a'));
    expect(run.events.at(-1)).toEqual({ type: 'patched', name: 'check' });
    expect(run.waits).toEqual(['step check']);
    await run.give(run.done('check'));
    await run.give(signalled('go'));
    expect(run.output).toBe(true);
  });

  it('right behind an outcome that was stored alone, before its process died, is false for good', async () => {
    const run = await play(patched);
    const stored = place([...run.history], [run.done('a')], T0);
    const other = await reviveRun(patched, stored);
    expect(other.waits).toEqual(['signal go']);
    await other.give(signalled('go'));
    expect(other.output).toBe(false);
    expect((await other.revive()).output).toBe(false);
    await run.give(run.done('a'));
  });

  it('is true for a run that has not reached the place', async () => {
    const run = await play(old);
    const other = await reviveRun(patched, run.history);
    await other.give(run.done('a'));
    expect(other.waits).toEqual(['step check']);
    await run.give(run.done('a'), signalled('go'));
  });
});

describe('a retried run', () => {
  const order: Program = async (ctx) => {
    const [paid, packed] = await ctx.all([ctx.step('pay', nothing), ctx.step('pack', nothing)]);
    const sent = await ctx.step('send', nothing);
    return [paid, packed, sent];
  };

  it('tries again what failed and keeps what succeeded, before and after it', async () => {
    const run = await play(order);
    const packed = run.done('pack', 'packed');
    await run.give(run.failed('pay'), packed);
    expect(run.turn.standing.kind).toBe('failed');
    place(run.history, [{ type: 'retried', cut: 1 }], 0);
    const again = await run.revive();
    expect(again.waits).toEqual(['step pay']);
    await again.give(again.done('pay', 'paid'));
    const third = await again.revive();
    expect(third.waits).toEqual(['step send']);
    await third.give(third.done('send', 'sent'));
    expect(third.output).toEqual(['paid', 'packed', 'sent']);
  });

  it('from a step does that and what came after it again, and keeps what it was sent', async () => {
    const run = await play(async (ctx) => {
      ctx.onUpdate('early', () => 'at once');
      ctx.onUpdate('late', () => ctx.step('look', nothing));
      const paid = await ctx.step('pay', nothing);
      const packed = await ctx.step('pack', nothing);
      return [paid, packed, await ctx.waitForSignal('approved')];
    });
    await run.give(updated('early'), run.done('pay', 1));
    await run.give(updated('late'));
    await run.give(run.done('look', 'seen'));
    await run.give(run.done('pack', 2), signalled('approved', 'yes'));
    const replies = (events: readonly RunEvent[]): number =>
      events.filter(({ type }) => type === 'update-replied').length;
    expect([run.output, replies(run.events)]).toEqual([[1, 2, 'yes'], 2]);
    place(run.history, [retriedEvent(run.history, 0, 'pack')], 0);
    const again = await run.revive();
    expect(again.waits.toSorted()).toEqual(['step look', 'step pack']);
    await again.give(again.done('look', 'seen again'));
    expect(replies(again.turn.events), 'the answer of what was taken back is given anew').toBe(1);
    await again.give(again.done('pack', 3));
    expect(again.output).toEqual([1, 3, 'yes']);
  });

  it('may fail and be retried again', async () => {
    const run = await play((ctx) => ctx.step('pay', nothing));
    await run.give(run.failed('pay'));
    place(run.history, [{ type: 'retried', cut: 1 }], 0);
    const again = await run.revive();
    await again.give(again.failed('pay'));
    expect(again.turn.standing.kind).toBe('failed');
    place(again.history, [{ type: 'retried', cut: 4 }], 0);
    const third = await again.revive();
    await third.give(third.done('pay', 17));
    expect(third.output).toBe(17);
  });

  it('forgets a cancel, and what was undone counts as done again', async () => {
    const run = await play(async (ctx) => {
      const paid = await ctx.step('pay', nothing);
      ctx.compensate('refund', nothing);
      const approved = await ctx.waitForSignal('approved');
      return [paid, approved];
    });
    await run.give(run.done('pay', 'paid'));
    await run.give(cancelled('by mistake'));
    expect(run.waits).toEqual(['step compensate refund']);
    await run.give(run.done('compensate refund'));
    expect(run.turn.standing.kind).toBe('cancelled');
    place(run.history, [{ type: 'retried', cut: 2 }], 0);
    const again = await run.revive();
    expect(again.waits).toEqual(['signal approved']);
    await again.give(signalled('approved', true));
    expect(again.output).toEqual(['paid', true]);
  });

  it('keeps messages that came while it was undoing', async () => {
    const run = await play(async (ctx) => {
      ctx.compensate('refund', nothing);
      await ctx.step('pay', nothing);
      return ctx.waitForSignal('approved');
    });
    await run.give(run.failed('pay'), signalled('approved', 'early'));
    await run.give(run.done('compensate refund'));
    place(run.history, [{ type: 'retried', cut: 1 }], 0);
    const again = await run.revive();
    await again.give(again.done('pay'));
    expect(again.output).toBe('early');
  });

  it('that its own code ended goes on to that code again', async () => {
    let broken = true;
    const run = await play(async (ctx) => {
      await ctx.step('pay', nothing);
      if (broken) throw new Error('bug');
      return 'well';
    });
    await run.give(run.done('pay'));
    place(run.history, [{ type: 'retried', cut: 2 }], 0);
    broken = false;
    const again = await run.revive();
    expect(again.output).toBe('well');
    broken = true;
  });

  it('forgets what was asked for only because of the failure', async () => {
    const run = await play(async (ctx) => {
      const cash = await ctx.step('card', nothing).catch(() => ctx.step('cash', nothing));
      return [cash, await ctx.step('pack', nothing)];
    });
    await run.give(run.failed('card'));
    await run.give(run.done('cash', 'cash'));
    await run.give(run.failed('pack'));
    place(run.history, [{ type: 'retried', cut: 1 }], 0);
    const again = await run.revive();
    expect(again.waits).toEqual(['step card']);
    await again.give(again.done('card', 'card'));
    await again.give(again.done('pack', 'packed'));
    expect(again.output).toEqual(['card', 'packed']);
  });

  it('of a history that does not say how far the program was keeps all that is not an end', () => {
    const failed: RunEvent = { type: 'step-failed', ordinal: 0, name: 'a', attempt: 1, given: undefined };
    const other: RunEvent = { type: 'step-completed', ordinal: 1, name: 'b', attempt: 1 };
    const left = (cut: number): string[] =>
      effective(historyOf(STARTED, failed, other, { type: 'failed' }, { type: 'retried', cut })).map(
        ({ event }) => event.type,
      );
    expect(left(1)).toEqual(['started', 'step-completed']);
    expect(left(3)).toEqual(['started', 'step-failed', 'step-completed']);
    expect(left(9), 'a cut that is nowhere').toHaveLength(4);
  });

  it('has the new deadline that its retry gave it, or the old one', async () => {
    for (const deadlineAt of [undefined, T0 + 5000]) {
      const run = await play((ctx) => ctx.waitForSignal('go'), { started: { deadlineAt: T0 + 1000 } });
      await run.advance(1000);
      expect(run.turn.standing.kind).toBe('timed-out');
      place(run.history, [{ type: 'retried', cut: 1, deadlineAt }], 0);
      const again = await run.revive();
      expect(again.execution.started.deadlineAt).toBe(deadlineAt ?? T0 + 1000);
      expect(again.waits).toEqual(['signal go']);
    }
  });

  it('sees no trace of a block', () => {
    const seen = effective(
      historyOf(STARTED, { type: 'blocked', code: 'NON_DETERMINISTIC' }, { type: 'patched', name: 'x' }),
    );
    expect(seen.map(({ event }) => event.type)).toEqual(['started', 'patched']);
  });
});
