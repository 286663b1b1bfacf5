import { afterEach, describe, expect, it } from 'vitest';
import { T0 } from '../../../testbed/samples/history.ts';
import {
  RUN_ID,
  cancelled,
  play,
  replayDifferences,
  signalled,
  updated,
  type Program,
} from '../../../testbed/play/play.ts';
import { partitionOf } from '../ids.ts';
import { signal } from './signal.ts';
import { readToken } from './token.ts';
import { workflow } from './workflow.ts';

afterEach(async () => expect(await replayDifferences()).toEqual([]));

const nothing = (): void => {};

describe('the context', () => {
  it('says which run it is', async () => {
    const run = await play((ctx) => [ctx.runId, ctx.workflow, ctx.version, ctx.key, ctx.startedAt], {
      started: { key: 'order-17' },
    });
    expect(run.output).toEqual([RUN_ID, 'order', '1', 'order-17', T0]);
  });

  it('records what differs from call to call', async () => {
    const run = await play(async (ctx) => {
      const before = [ctx.now(), ctx.random(), ctx.uuid()];
      await ctx.step('a', nothing);
      return [before, ctx.now(), ctx.random(), ctx.uuid()];
    });
    await run.advance(1000);
    const other = await run.revive();
    const outcome = run.done('a');
    await run.give(outcome);
    Object.assign(other.world, { now: T0 + 1000, drawn: 2 });
    await other.give(outcome);
    expect(run.output).toEqual([[T0, 0.001, 'uuid-0.002'], T0 + 1000, 0.003, 'uuid-0.004']);
    expect(other.output).toEqual(run.output);
  });

  it('publishes each value under its key, in order', async () => {
    const run = await play((ctx) => {
      ctx.publish('state', { step: 1 });
      ctx.publish('state', { step: 2 });
    });
    expect(run.turn.events).toMatchObject([
      { type: 'published', ordinal: 0, name: 'state', payload: '{"step":1}' },
      { type: 'published', ordinal: 1, name: 'state#2', payload: '{"step":2}' },
      { type: 'completed' },
    ]);
  });

  it('hands executor calls on by name, with their input', async () => {
    const options = {
      retry: 2,
      queue: 'slow',
      priority: 'high',
      requires: ['gpu'],
      region: 'eu',
      affinity: 'a',
    } as const;
    const run = await play((ctx) => ctx.call('mail', { to: 'a' }, options));
    expect(run.turn.readySteps).toMatchObject([
      {
        name: 'mail',
        policy: { retry: { maxAttempts: 2 } },
        work: {
          ...{ kind: 'executor', executor: 'mail', input: '{"to":"a"}' },
          place: { queue: 'slow', priority: 'high', requires: ['gpu'], region: 'eu', affinity: 'a' },
        },
      },
    ]);
    await run.give(run.done('mail', 'sent'));
    expect(run.output).toBe('sent');
  });

  it.each([
    [{ queue: '' }, /queue name is empty/],
    [{ priority: 'hihg' }, /call \\"mail\\": unknown priority/],
    [{ requires: 'gpu' }, /call \\"mail\\": requires is \\"gpu\\", not a list/],
    [{ requires: [''] }, /label name is empty/],
    [{ requires: ['c++'] }, /contains/],
    [{ region: 'a+b' }, /contains/],
    [{ region: '' }, /region name is empty/],
    [{ affinity: 17 }, /affinity name must be text/],
  ])('refuses a call to a place that is none: %o', async (options, message) => {
    const run = await play((ctx) => ctx.call('mail', null, options as object));
    expect(run.turn.standing).toMatchObject({ kind: 'failed', payload: expect.stringMatching(message) });
  });

  it('hands on a call that says only a part of its place', async () => {
    const run = await play((ctx) => ctx.call('mail', null, { region: 'eu' }));
    const place = { queue: undefined, priority: undefined, requires: [], region: 'eu', affinity: undefined };
    expect(run.turn.readySteps).toMatchObject([{ work: { place } }]);
    await run.give(run.done('mail'));
  });

  it('reads typed signals by their name', async () => {
    const run = await play((ctx) => ctx.waitForSignal(signal<boolean>('approved')));
    await run.give(signalled('approved', true));
    expect(run.output).toBe(true);
  });
});

describe('something external', () => {
  it('is completed by its token', async () => {
    const run = await play(async (ctx) => {
      const scan = ctx.external('scan the label');
      ctx.publish('token', scan.token);
      return scan.result;
    });
    const token = `${RUN_ID}.0.scan%20the%20label`;
    expect(run.turn.events).toMatchObject([{ type: 'published', payload: JSON.stringify(token) }]);
    expect(readToken(token)).toEqual({ runId: RUN_ID, ordinal: 0, name: 'scan the label' });
    await run.give(run.external('scan the label', 17));
    expect(run.output).toBe(17);
  });

  it('may fail, or take too long', async () => {
    const run = await play(async (ctx) => {
      const first = await ctx.external('scan').result.catch(({ code, message }) => [code, message]);
      const second = await ctx.external('scan', { timeout: '1h' }).result.catch(({ message }) => message);
      return [first, second];
    });
    await run.give(run.externalFailed('scan', new Error('torn')));
    await run.advance(3_600_001);
    expect(run.output).toEqual([
      ['STEP_FAILED', 'step "scan" failed after 1 attempt: Error: torn'],
      'external "scan#2" did not end in time',
    ]);
  });

  it('without a value gives null', async () => {
    const run = await play((ctx) => ctx.external('scan').result);
    await run.give({ type: 'external-completed', ordinal: 0, name: 'scan', ok: true });
    expect(run.output).toBeNull();
  });

  it('is unmoved by a token for something else', async () => {
    const run = await play((ctx) => ctx.external('scan').result);
    const wrong = { type: 'external-completed', ok: true, payload: '1' } as const;
    await run.give({ ...wrong, ordinal: 0, name: 'weigh' }, { ...wrong, ordinal: 1, name: 'scan' });
    expect(run.turn).toMatchObject({ events: [], standing: { kind: 'open' } });
    await run.give(run.external('scan', 1));
  });
});

describe('a child', () => {
  const invoice = workflow('invoice', { timeout: '2h' }, (_ctx, input: { n: number }) => input.n);

  it('starts with the turn, in the family of its parent, and gives its output', async () => {
    const run = await play((ctx) => ctx.child(invoice, { n: 17 }));
    const [child] = run.turn.children;
    expect(run.turn.children).toMatchObject([
      {
        ordinal: 0,
        name: 'invoice',
        workflow: invoice,
        input: '{"n":17}',
        detached: false,
        timeoutMs: 7_200_000,
      },
    ]);
    expect(partitionOf(child?.runId as string)).toBe(partitionOf(RUN_ID));
    expect(run.turn.events).toMatchObject([{ type: 'child-started', runId: child?.runId, detached: false }]);
    await run.give(run.childDone('invoice', 17));
    expect(run.output).toBe(17);
    expect([...run.execution.childrenLeft()]).toEqual([]);
  });

  it('that did not complete rejects, with its error as the cause', async () => {
    const run = await play((ctx) =>
      ctx.child(invoice, { n: 17 }).catch((error) => [error.code, error.runId, error.cause.message]),
    );
    const { runId } = run.turn.children[0] ?? {};
    await run.give(run.childFailed('invoice', new Error('no paper')));
    expect(run.output).toEqual(['CHILD_FAILED', runId, 'no paper']);
  });

  it('without a recorded output gave null', async () => {
    const run = await play((ctx) => ctx.child(invoice, { n: 17 }));
    const { runId } = run.turn.children[0] ?? { runId: '' };
    await run.give({ type: 'child-closed', ordinal: 0, name: 'invoice', status: 'completed', runId });
    expect(run.output).toBeNull();
  });

  it('is placed as its options say', async () => {
    const run = await play((ctx) =>
      ctx.child(invoice, { n: 1 }, { ...PLACE, timeout: '1m', parentClose: 'abandon' }),
    );
    expect(run.turn.children).toMatchObject([{ ...PLACE, timeoutMs: 60_000 }]);
    expect([...run.execution.childrenLeft()]).toMatchObject([{ parentClose: 'abandon' }]);
    await run.give(run.childDone('invoice'));
  });
  const PLACE = { key: 'k', priority: 'high', queue: 'slow', tags: ['urgent'] } as const;

  it('that is detached runs on by itself; its end is noted and moves nothing', async () => {
    const run = await play(async (ctx) => {
      const id = await ctx.detach(invoice, { n: 1 });
      await ctx.waitForSignal('end');
      return id;
    });
    const { runId } = run.turn.children[0] ?? { runId: '' };
    expect(run.turn.children).toMatchObject([{ detached: true }]);
    expect([...run.execution.childrenLeft()]).toEqual([{ runId, parentClose: 'abandon' }]);
    const closed = { type: 'child-closed', ordinal: 0, name: 'invoice', status: 'completed', runId } as const;
    await run.give(closed);
    expect([...run.execution.childrenLeft()]).toEqual([]);
    expect((await run.give(closed)).events, 'said twice').toEqual([]);
    await run.give(signalled('end'));
    expect(run.output).toBe(runId);
  });

  it('that ends after its parent was cancelled moves nothing', async () => {
    const run = await play(async (ctx) => {
      await ctx.child(invoice, { n: 1 }).catch(nothing);
      ctx.onUpdate('stay', nothing);
      await new Promise(nothing);
    });
    const outcome = run.childDone('invoice');
    await run.give(cancelled());
    expect([...run.execution.childrenLeft()]).toHaveLength(1);
    await run.give(outcome);
    expect(run.turn.events).toEqual([outcome]);
  });

  it('of the same key as an earlier one is refused', async () => {
    const run = await play(async (ctx) => {
      await ctx.detach(invoice, { n: 1 }, { key: 'k' });
      return ctx.detach(invoice, { n: 2 }, { key: 'k' });
    });
    expect(run.turn.standing).toMatchObject({
      kind: 'failed',
      payload: expect.stringContaining('KEY_IN_USE'),
    });
    expect(run.turn.children).toHaveLength(1);
  });
});

describe('continueAsNew', () => {
  it('ends the run and names its successor', async () => {
    const run = await play((ctx, n: number) => ctx.continueAsNew(n + 1), { input: 1 });
    const { standing } = run.turn;
    expect(standing).toMatchObject({ kind: 'continued', payload: '2' });
    expect(run.turn.events).toMatchObject([
      { type: 'continued', payload: '2', runId: (standing as { successor: string }).successor },
    ]);
  });

  it('leaves what was not read to the successor', async () => {
    const run = await play(async (ctx) => {
      await ctx.waitForSignal('n');
      await ctx.continueAsNew(null);
    });
    await run.give(signalled('m', 1, 'm1'), signalled('n', 2, 'n1'), signalled('n', 3, 'n2'));
    expect(run.turn.standing.kind).toBe('continued');
    expect(run.execution.unreadSignals().map(({ id }) => id)).toEqual(['m1', 'n2']);
  });

  it('is refused while something has no outcome, which is named', async () => {
    const run = await play(async (ctx) => {
      void ctx.sleep('1h');
      void ctx.step('charge', nothing);
      await ctx.continueAsNew(null);
    });
    expect(run.turn.standing).toMatchObject({
      kind: 'failed',
      payload: expect.stringMatching(
        /CONTINUE_WITH_PENDING_WORK.*|.*2 commands .*sleep \\"sleep\\", step \\"charge\\"/,
      ),
    });
  });

  it('that is not awaited counts all the same', async () => {
    const run = await play((ctx) => {
      void ctx.continueAsNew(1);
      return 'too late';
    });
    expect(run.turn.standing).toMatchObject({ kind: 'continued', payload: '1' });
  });

  it('lets the successor know what was heard', async () => {
    const run = await play(async (ctx) => {
      await ctx.waitForSignal('n');
      await ctx.continueAsNew(null);
    });
    await run.give(updated('ask', 1, 'u1'), signalled('n', 1, 'n1'));
    expect(run.execution.latestSeen()).toEqual(['update:u1', 'signal:n1']);
    const next = await play((ctx) => ctx.waitForSignal('n'), {
      started: { seen: run.execution.latestSeen() },
    });
    expect((await next.give(signalled('n', 1, 'n1'))).events).toEqual([]);
    await next.give(signalled('n', 2, 'n2'));
    expect(next.output).toBe(2);
  });

  it('called twice counts once', async () => {
    const run = await play((ctx) => {
      void ctx.continueAsNew(1);
      return ctx.continueAsNew(2);
    });
    expect(run.turn.standing).toMatchObject({ kind: 'continued', payload: '1' });
  });
});

describe('misuse', () => {
  const invoice = workflow('invoice', nothing);
  // What a program without types can do.
  const untyped = (value: unknown): never => value as never;
  const cases: [what: string, program: Program, code: string, message: RegExp][] = [
    [
      'a step without a function',
      (ctx) => ctx.step('a', untyped(17)),
      'INVALID_ARGUMENT',
      /got number instead of a/,
    ],
    [
      'a transaction without one',
      (ctx) => ctx.transaction('a', untyped('x')),
      'INVALID_ARGUMENT',
      /ctx\.transaction\("a"\)/,
    ],
    [
      'a compensation without one',
      (ctx) => ctx.compensate('a', untyped(null)),
      'INVALID_ARGUMENT',
      /ctx\.compensate\("a"\)/,
    ],
    ['a step without a name', (ctx) => ctx.step('', nothing), 'INVALID_ARGUMENT', /step name is empty/],
    ['a step name that is no text', (ctx) => ctx.step(untyped(17), nothing), 'INVALID_ARGUMENT', /step name/],
    ['a NUL in a name', (ctx) => ctx.publish('a\0', 1), 'INVALID_ARGUMENT', /published key .* NUL/],
    [
      'a step in the name of a compensation',
      (ctx) => ctx.step('compensate a', nothing),
      'INVALID_ARGUMENT',
      /begins like/,
    ],
    [
      'a compensation whose step would have too long a name',
      (ctx) => ctx.compensate('x'.repeat(250), nothing),
      'INVALID_ARGUMENT',
      /too long/,
    ],
    [
      'an unknown step option',
      (ctx) => ctx.step('a', nothing, untyped({ rety: 1 })),
      'UNKNOWN_OPTION',
      /Did you mean "retry"/,
    ],
    [
      'an unknown option of a compensation',
      (ctx) => ctx.compensate('a', nothing, untyped({ timeot: 1 })),
      'UNKNOWN_OPTION',
      /Did you mean "timeout"/,
    ],
    [
      'an unknown wait option',
      (ctx) => ctx.waitForSignal('a', untyped({ timeot: 1 })),
      'UNKNOWN_OPTION',
      /Did you mean "timeout"/,
    ],
    [
      'an unknown external option',
      (ctx) => ctx.external('a', untyped({ tmeout: 1 })).result,
      'UNKNOWN_OPTION',
      /Did you mean "timeout"/,
    ],
    [
      'an unknown child option',
      (ctx) => ctx.child(invoice, null, untyped({ prority: 1 })),
      'UNKNOWN_OPTION',
      /Did you mean "priority"/,
    ],
    [
      'an unknown priority',
      (ctx) => ctx.child(invoice, null, { priority: untyped('hihg') }),
      'INVALID_ARGUMENT',
      /Did you mean "high"/,
    ],
    [
      'an odd parentClose',
      (ctx) => ctx.detach(invoice, null, { parentClose: untyped('kill') }),
      'INVALID_ARGUMENT',
      /parentClose is kill/,
    ],
    [
      'an empty child key',
      (ctx) => ctx.detach(invoice, null, { key: '' }),
      'INVALID_ARGUMENT',
      /key is empty/,
    ],
    [
      'an empty queue',
      (ctx) => ctx.detach(invoice, null, { queue: '' }),
      'INVALID_ARGUMENT',
      /queue name is empty/,
    ],
    [
      'a child of nothing',
      (ctx) => ctx.child(untyped(undefined), untyped(null)),
      'INVALID_ARGUMENT',
      /of undefined, not of a workflow/,
    ],
    [
      'a child of a name that is none',
      (ctx) => ctx.child('in voice', null),
      'INVALID_ARGUMENT',
      /workflow name "in voice"/,
    ],
    [
      'a child whose command would have no name',
      (ctx) => ctx.child(invoice, undefined, { name: '' }),
      'INVALID_ARGUMENT',
      /child name is empty/,
    ],
    [
      'a child with odd limits',
      (ctx) => ctx.child('invoice', null, { limits: untyped('one') }),
      'INVALID_ARGUMENT',
      /child "invoice": limits is "one"/,
    ],
    [
      'a call of an executor without a name',
      (ctx) => ctx.call('', null, { name: 'charge' }),
      'INVALID_ARGUMENT',
      /executor name is empty/,
    ],
    [
      'a call in the name of a compensation',
      (ctx) => ctx.call('mail', null, { name: 'compensate a' }),
      'INVALID_ARGUMENT',
      /begins like/,
    ],
    [
      'a compensation by nobody',
      (ctx) => ctx.compensate('a', { call: untyped(undefined) }),
      'INVALID_ARGUMENT',
      /executor name must be text/,
    ],
    [
      'an unknown part of a compensation',
      (ctx) => ctx.compensate('a', untyped({ call: 'mail', with: 1 })),
      'UNKNOWN_OPTION',
      /compensation "a": unknown option "with"/,
    ],
    [
      'a compensation that would have two names',
      (ctx) => ctx.compensate('a', { call: 'mail', options: untyped({ name: 'b' }) }),
      'UNKNOWN_OPTION',
      /unknown option "name"/,
    ],
    [
      'a recorded value without a function',
      (ctx) => ctx.record('rate', untyped(17)),
      'INVALID_ARGUMENT',
      /ctx\.record\("rate"\) got number/,
    ],
    [
      'a recorded value that cannot be stored',
      (ctx) => ctx.record('rate', () => nothing),
      'NOT_SERIALIZABLE',
      /recorded value "rate"/,
    ],
    [
      'a recorded value without a name',
      (ctx) => ctx.record('', nothing),
      'INVALID_ARGUMENT',
      /value name is empty/,
    ],
    [
      'a sleep without a name',
      (ctx) => ctx.sleep('1h', { name: '' }),
      'INVALID_ARGUMENT',
      /sleep name is empty/,
    ],
    [
      'an unknown option of a sleep',
      (ctx) => ctx.sleepUntil(T0, untyped({ nmae: 'pause' })),
      'UNKNOWN_OPTION',
      /Did you mean "name"/,
    ],
    [
      'a child timeout that is none',
      (ctx) => ctx.child(invoice, null, { timeout: untyped('soon') }),
      'INVALID_DURATION',
      /child "invoice", timeout/,
    ],
    [
      'a wait timeout that is none',
      (ctx) => ctx.waitForSignal('a', { timeout: untyped('soon') }),
      'INVALID_DURATION',
      /signal "a", timeout/,
    ],
    [
      'a sleep until no instant',
      (ctx) => ctx.sleepUntil(new Date('never')),
      'INVALID_ARGUMENT',
      /ctx\.sleepUntil got Invalid Date/,
    ],
    ['a sleep of no duration', (ctx) => ctx.sleep(untyped('a while')), 'INVALID_DURATION', /ctx\.sleep/],
    [
      'input that cannot be stored',
      (ctx) => ctx.call('a', { call: nothing }),
      'NOT_SERIALIZABLE',
      /input of call "a".*call/,
    ],
    [
      'child input that cannot be stored',
      (ctx) => ctx.child(invoice, untyped(nothing)),
      'NOT_SERIALIZABLE',
      /input of child "invoice"/,
    ],
    [
      'a published value that cannot be stored',
      (ctx) => ctx.publish('a', Symbol('x')),
      'NOT_SERIALIZABLE',
      /published value "a"/,
    ],
    [
      'a successor whose input cannot be stored',
      (ctx) => ctx.continueAsNew(nothing),
      'NOT_SERIALIZABLE',
      /continueAsNew/,
    ],
    ['a patch without a name', (ctx) => ctx.patch(''), 'INVALID_ARGUMENT', /patch name is empty/],
    [
      'an update without a name',
      (ctx) => ctx.onUpdate('', nothing),
      'INVALID_ARGUMENT',
      /update name is empty/,
    ],
  ];

  it.each(cases)('%s is refused, and nothing of it is recorded', async (_, program, code, message) => {
    const run = await play(async (ctx, input) => program(ctx, input));
    expect(run.turn.events.map(({ type }) => type)).toEqual(['failed']);
    expect(run.turn.children).toEqual([]);
    const payload = JSON.parse((run.turn.standing as { payload: string }).payload) as object;
    expect(payload).toMatchObject({ code, message: expect.stringMatching(message) });
  });
});
