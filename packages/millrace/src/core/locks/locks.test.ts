import { afterEach, describe, expect, it } from 'vitest';
import { aRun, historyOf, STARTED, T0, waitsOf as waitBytes } from '../../../testbed/samples/history.ts';
import {
  cancelled,
  play,
  replayDifferences,
  reviveRun,
  signalled,
  type Program,
} from '../../../testbed/play/play.ts';
import { why } from '../policy/why.ts';
import { fold } from '../reading/fold.ts';
import { dedupOf } from '../run/message.ts';
import { waitsOf } from '../run/waiting/waits.ts';
import { askAgain } from './ask.ts';
import { describeLock } from './describe-lock.ts';
import { lockTerms } from './lock-options.ts';

afterEach(async () => expect(await replayDifferences()).toEqual([]));

const DOOR = { ordinal: 0, name: 'door', lock: 'door' } as const;

const once: Program = async (ctx) => {
  const lock = await ctx.lock('door', { timeout: '10s', waitFor: '1m' });
  await ctx.waitForSignal('go');
  await lock.release();
  await ctx.waitForSignal('end');
  return [lock.name, lock.token, lock.expiresAt];
};

const refusals: Program = async (ctx) => {
  try {
    return await ctx.lock('door', { waitFor: 100 });
  } catch (error) {
    await ctx.waitForSignal('go');
    return [(error as { code: string }).code, (error as Error).message];
  }
};

describe('a lock of a run', () => {
  it('is asked for with the turn, granted from outside, and released with the turn', async () => {
    const run = await play(once);
    expect(run.turn).toMatchObject({
      events: [{ type: 'lock-requested', ...DOOR, holdMs: 10_000, fireAt: T0 + 60_001 }],
      locks: [{ kind: 'request', ...DOOR, holdMs: 10_000 }],
    });
    expect(run.waits).toEqual(['lock door']);
    const expiresAt = run.world.now + 1_000;
    await run.give(run.granted('door', 7));
    expect(run.turn.locks).toEqual([]);
    await run.give(signalled('go'));
    expect(run.turn).toMatchObject({
      events: [{ type: 'signal-received' }, { type: 'lock-released', ordinal: 2, name: 'door', request: 0 }],
      locks: [{ kind: 'release', lock: 'door', ordinal: 0 }],
    });
    await run.give(signalled('end'));
    expect(run.output).toEqual(['door', 7, expiresAt]);
  });

  it('is held for the default time, and waited for without end, unless told otherwise', async () => {
    const run = await play((ctx) => ctx.lock('door').then((lock) => lock.token));
    expect(run.turn.locks).toEqual([{ kind: 'request', ...DOOR, holdMs: 300_000 }]);
    expect(run.events[1]).not.toHaveProperty('fireAt', expect.anything());
    await run.give(run.granted('door', 1));
    expect(run.output).toBe(1);
  });

  it('that does not come in time is withdrawn, and a grant that comes later means nothing', async () => {
    const run = await play(refusals);
    const late = run.granted('door', 3);
    await run.advance(101);
    expect(run.turn).toMatchObject({
      events: [{ type: 'timer-fired', ordinal: 0, name: 'door' }],
      locks: [{ kind: 'release', lock: 'door', ordinal: 0 }],
    });
    expect((await run.give(late)).events).toEqual([]);
    await run.give(signalled('go'));
    expect(run.output).toEqual(['LOCK_TIMEOUT', 'lock "door" was not granted in time']);
  });

  it('that a cancelled run awaits is withdrawn', async () => {
    const run = await play(refusals);
    await run.give(cancelled('enough'));
    expect(run.turn.locks).toEqual([{ kind: 'release', lock: 'door', ordinal: 0 }]);
    const after = await play(async (ctx) => {
      await ctx.waitForSignal('go').catch(() => undefined);
      await ctx.lock('door');
    });
    await after.give(cancelled());
    expect(after.turn).toMatchObject({ locks: [], standing: { kind: 'cancelled' } });
  });

  it('is asked for twice only after its release', async () => {
    const run = await play(async (ctx) => {
      const first = await ctx.lock('door');
      const refused = await (async () => ctx.lock('door'))().catch(
        (error: unknown) => (error as Error).message,
      );
      await first.release();
      await first.release();
      const second = await ctx.lock('door');
      return [refused, second.token];
    });
    await run.give(run.granted('door', 1));
    expect(run.turn.locks).toEqual([
      { kind: 'release', lock: 'door', ordinal: 0 },
      { kind: 'request', ordinal: 3, name: 'door#3', lock: 'door', holdMs: 300_000 },
    ]);
    await run.give(run.granted('door#3', 2));
    expect(run.output).toEqual([
      'the run holds or awaits lock "door" already. Release it before asking again: the run would wait for itself.',
      2,
    ]);
  });

  it('that another program asks for instead blocks the run', async () => {
    const run = await play(once);
    await run.give(run.granted('door', 1));
    await run.give(signalled('go'));
    const cases: [Program, string, string][] = [
      [async (ctx) => void (await ctx.lock('gate')), 'lock "door" (command 0)', 'lock "gate" (command 0)'],
      [(ctx) => ctx.sleep(1), 'lock "door" (command 0)', 'timer "sleep" (command 0)'],
      [
        async (ctx) => void (await ctx.waitForSignal('go')),
        'lock "door" (command 0)',
        'signal "go" (command 0)',
      ],
      [
        async (ctx) => {
          const lock = await ctx.lock('door');
          await ctx.waitForSignal('go');
          ctx.now();
          await lock.release();
        },
        'release of lock "door" (command 2)',
        'recorded value "now" (command 2)',
      ],
    ];
    for (const [program, expected, actual] of cases) {
      const other = await reviveRun(program, run.history);
      expect(other.execution.standing).toMatchObject({ kind: 'blocked', mismatch: { expected, actual } });
    }
    const keeps = await reviveRun(async (ctx) => {
      await ctx.lock('door');
      await ctx.waitForSignal('go');
      await ctx.waitForSignal('end');
    }, run.history);
    expect(keeps.execution.standing).toMatchObject({
      kind: 'blocked',
      mismatch: { actual: 'signal "end" (command 2)' },
    });
  });

  it('that was granted to a program that does not ask for it blocks the run', async () => {
    const run = await play(once);
    const granted = run.granted('door', 1);
    const other = await reviveRun(
      async (ctx) => void (await ctx.waitForSignal('go')),
      [...run.history.slice(0, 1), { ...(run.history[1] as (typeof run.history)[0]), event: granted }],
    );
    expect(other.execution.standing).toMatchObject({
      ...{
        kind: 'blocked',
        mismatch: { expected: 'lock "door" (command 0)', actual: 'signal "go" (command 0)' },
      },
    });
  });

  it('is asked for again after a retry, where the run awaits it', async () => {
    const run = await play(async (ctx) => {
      await ctx.all([ctx.lock('door'), ctx.lock('gate'), ctx.waitForSignal('go')]);
    });
    await run.give(run.granted('door', 1));
    const again = await run.revive();
    expect(again.execution.locks).toEqual([]);
    askAgain(again.execution);
    expect(again.execution.locks).toEqual([
      { kind: 'request', ordinal: 1, name: 'gate', lock: 'gate', holdMs: 300_000 },
    ]);
  });
});

describe('a wait for a lock', () => {
  it('is told by the run, and explained', async () => {
    const run = await play(once);
    const until = T0 + 60_001;
    expect(waitsOf(run.execution)).toEqual([{ kind: 'lock', name: 'door', ordinal: 0, until }]);
    const reasons = (wait: object) =>
      why(
        aRun({ waits: waitBytes([{ kind: 'lock', name: 'door', ...wait }]) }),
        { now: T0 },
        historyOf(STARTED),
      ).reasons;
    expect(reasons({})).toMatchObject([
      { code: 'WAITING_LOCK', message: 'it waits for lock "door"', refs: { lock: 'door' } },
    ]);
    const end = new Date(until).toISOString();
    const message = `it waits for lock "door"; the wait ends with LOCK_TIMEOUT at ${end}`;
    expect(reasons({ until })).toMatchObject([
      { message, refs: { lock: 'door', until: end }, remedy: { command: 'millrace locks' } },
    ]);
  });

  it('ends with one message, whose repeats are the same', () => {
    expect(dedupOf({ kind: 'lock-granted', ordinal: 3, name: 'door' })).toBe('lock:3');
  });

  it('leaves nothing that readers of the run must keep', async () => {
    const run = await play(once);
    await run.give(run.granted('door', 1));
    await run.give(signalled('go'));
    expect(fold(run.history)).toMatchObject({ steps: [], timers: [], children: [] });
  });
});

describe('what a lock is asked for with', () => {
  it('is checked and has defaults', () => {
    expect(lockTerms('door', undefined, 5)).toEqual({ holdMs: 5, waitMs: undefined });
    expect(lockTerms('door', { timeout: '2s', waitFor: 0 }, 5)).toEqual({ holdMs: 2_000, waitMs: 0 });
    expect(() => lockTerms('', undefined, 5)).toThrow('lock name is empty');
    expect(() => lockTerms('door', { wait: 1 } as object, 5)).toThrow('unknown option "wait"');
  });
});

describe('a lock as surfaces show it', () => {
  const held = { holder: { kind: 'run', id: 'r' }, owner: 'order', since: T0, expiresAt: T0 + 5 } as const;
  const lock = { namespace: 'default', name: 'door', token: 3, held, waiters: [held] };
  const since = new Date(T0).toISOString();

  it('says who holds it, until when, and who waits', () => {
    const claimant = { kind: 'run', id: 'r', owner: 'order', since };
    const expiresAt = new Date(T0 + 5).toISOString();
    const shown = {
      name: 'door',
      token: 3,
      holder: claimant,
      expiresAt,
      expired: false,
      waiters: [claimant],
    };
    expect(describeLock(lock, T0 + 4)).toEqual(shown);
    expect(describeLock(lock, T0 + 5)).toEqual({ ...shown, expired: true });
  });

  it('is nobody’s between two holders', () => {
    expect(describeLock({ ...lock, held: undefined, waiters: [] }, T0)).toEqual({
      ...{ name: 'door', token: 3, holder: null, expiresAt: null, expired: false, waiters: [] },
    });
  });
});
