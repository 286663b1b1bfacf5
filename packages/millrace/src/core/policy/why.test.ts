import { describe, expect, it } from 'vitest';
import { aRun, historyOf, STARTED, T0, waitsOf } from '../../../testbed/samples/history.ts';
import { engineView } from '../../../testbed/placement/engine-views.ts';
import type { ReadableRun } from '../reading/readable-run.ts';
import type { Wait } from '../run/command.ts';
import type { RunEvent } from '../run/event.ts';
import { CLOSED_STATUSES } from '../status.ts';
import { why, type WhyFacts } from './why.ts';
import type { EngineFacts, LimitFacts, LockFacts } from './why/facts.ts';

const RUN = '0199b0a0-0000-7000-8000-000000000001';
const FACTS: WhyFacts = { now: T0 + 10_000 };
const UNTIL = T0 + 86_400_000;
const TOMORROW = '2026-01-02T00:00:00.000Z';

function reasonsOf(own: Partial<ReadableRun>, facts: Partial<WhyFacts> = {}, ...events: RunEvent[]) {
  return why(aRun(own), { ...FACTS, ...facts }, historyOf(STARTED, ...events)).reasons;
}
function waiting(wait: Wait, ...events: RunEvent[]) {
  const [reason] = reasonsOf({ waits: waitsOf([wait]) }, {}, ...events);
  if (reason === undefined) throw new Error('no reason given');
  return reason;
}

/** An engine that beats and could take the run, unless it says otherwise. */
function seen(name: string, { beatAt = FACTS.now, ...changes }: Partial<EngineFacts> = {}): EngineFacts {
  return { ...engineView(name, changes), beatAt };
}
function suspect(deaths: number) {
  return reasonsOf({ status: 'queued', suspectGroup: 4, deaths })[0];
}
function blockedBy(own: Partial<ReadableRun>) {
  return reasonsOf({ status: 'blocked', blockCode: 'NON_DETERMINISTIC', ...own })[0];
}

describe('why, in general', () => {
  it('names run, status and where its time went', () => {
    expect(why(aRun({ status: 'completed', startedAt: T0 }), FACTS, historyOf(STARTED))).toEqual({
      runId: RUN,
      at: '2026-01-01T00:00:10.000Z',
      status: 'completed',
      reasons: [],
      complete: true,
      time: { queuedMs: 0, blockedMs: 0, runningMs: 0, backoffMs: 0, waitingMs: 0 },
      timeBySteps: [],
    });
  });

  it('what waits inside of its graph goes behind what holds that up', () => {
    const node = { code: 'WAITING_NODE', since: TOMORROW, message: 'm', refs: {} } as const;
    const nodes = [{ ...node, remedy: { message: 'r', command: null } }];
    expect(reasonsOf({}, { nodes }).map(({ code }) => code)).toEqual(['WAITING_SIGNAL', 'WAITING_NODE']);
  });

  it.each(CLOSED_STATUSES)('a %s run is held up by nothing', (status) => {
    expect(reasonsOf({ status })).toEqual([]);
  });

  it('an outage of the store comes first', () => {
    const outage = { message: 'connection refused', since: T0 };
    const reasons = reasonsOf({ status: 'paused' }, { outage });
    expect(reasons.map(({ code }) => code)).toEqual(['STORE_UNREACHABLE', 'PAUSED']);
    expect(reasons[0]).toMatchObject({
      message: 'calls to the store fail: connection refused',
      since: '2026-01-01T00:00:00.000Z',
    });
  });

  it('a paused run names who paused it, since when and why, and the command that frees it', () => {
    const pause = { at: T0, by: 'ada', reason: 'audit', engineId: undefined };
    expect(reasonsOf({ status: 'paused', pause })).toEqual([
      {
        code: 'PAUSED',
        message: 'it is paused by ada since 2026-01-01T00:00:00.000Z: audit',
        since: '2026-01-01T00:00:00.000Z',
        refs: { pausedBy: 'ada', reason: 'audit' },
        remedy: {
          message: 'Resume it: it goes on where it stood. A cancel ends it.',
          command: `millrace resume ${RUN}`,
        },
      },
    ]);
  });

  it('a paused run names the engine in which something of it may still run', () => {
    const pause = { at: T0, by: undefined, reason: undefined, engineId: 'e-1' };
    const [named] = reasonsOf({ status: 'paused', pause, engineName: 'blue' });
    expect(named).toMatchObject({
      message:
        'it is paused by somebody since 2026-01-01T00:00:00.000Z; attempts that engine blue had begun may still end',
      refs: { engineId: 'blue' },
    });
    const [unknown] = reasonsOf({ status: 'paused', pause, engineName: undefined });
    expect(unknown?.refs).toEqual({ engineId: 'e-1' });
  });

  it('without a history it is since the run was made', () => {
    expect(why(aRun({ status: 'paused' }), FACTS, []).reasons[0]?.since).toBe('2026-01-01T00:00:00.000Z');
  });
});

describe('why, of a run that cannot be read by whoever asks', () => {
  const hidden = { reason: 'no-key', keyId: 'k1', what: 'the payload' } as const;

  it.each(['waiting', 'running'] as const)('is not told while it is %s, but what is missing', (status) => {
    expect(why(aRun({ status }), { ...FACTS, hidden }, []).reasons).toMatchObject([
      {
        code: 'PAYLOAD_UNREADABLE',
        message: 'it cannot be told from here: the payload is sealed with key "k1", which is not here',
        refs: { keyId: 'k1' },
        remedy: { message: expect.stringMatching(/key "k1" again.*ask again/) as string, command: null },
      },
    ]);
  });

  it('is told where the row alone says it', () => {
    expect(reasonsOf({ status: 'queued' }, { hidden, engines: [] })).toMatchObject([{ code: 'NO_ENGINE' }]);
    expect(reasonsOf({ status: 'paused' }, { hidden })).toMatchObject([{ code: 'PAUSED' }]);
  });
});

describe('why a run waits', () => {
  it('for a signal, with the command that sends it', () => {
    expect(waiting({ kind: 'signal', name: 'approved', ordinal: 2, until: UNTIL })).toEqual({
      code: 'WAITING_SIGNAL',
      message: `it waits for signal "approved"; the wait ends with TIMEOUT at ${TOMORROW}`,
      since: '2026-01-01T00:00:00.000Z',
      refs: { signal: 'approved', until: TOMORROW },
      remedy: {
        message: 'Send the signal, with its payload as JSON.',
        command: `millrace signal ${RUN} approved null`,
      },
    });
    expect(waiting({ kind: 'signal', name: 'approved' }).message).toBe('it waits for signal "approved"');
  });

  it('for somebody outside, with the token', () => {
    const reason = waiting({ kind: 'external', name: 'card', ordinal: 3 });
    expect(reason).toMatchObject({
      code: 'WAITING_EXTERNAL',
      refs: { name: 'card', token: `${RUN}.3.card` },
    });
    expect(reason.message).toBe(`"card" waits to be completed from outside by token ${RUN}.3.card`);
    expect(waiting({ kind: 'external', name: 'card' }).refs).toEqual({ name: 'card' });
  });

  it('for an update, or for any', () => {
    expect(waiting({ kind: 'update', name: 'price' })).toMatchObject({
      code: 'WAITING_SIGNAL',
      refs: { update: 'price' },
    });
    expect(reasonsOf({})).toMatchObject([
      { code: 'WAITING_SIGNAL', message: 'it answers updates and waits for nothing else' },
    ]);
    expect(reasonsOf({ waits: new Uint8Array(), version: 0 })).toMatchObject([{ code: 'WAITING_SIGNAL' }]);
  });

  it('for a timer, since it was set', () => {
    const set: RunEvent = { type: 'timer-set', ordinal: 0, name: 'sleep', fireAt: UNTIL };
    const later: RunEvent = { type: 'signal-received', id: 's', name: 'x' };
    expect(waiting({ kind: 'sleep', name: 'sleep', ordinal: 0, until: UNTIL }, set, later)).toMatchObject({
      code: 'SLEEPING',
      message: `it sleeps until ${TOMORROW}`,
      since: '2026-01-01T00:00:01.000Z',
      remedy: { command: null },
    });
    expect(waiting({ kind: 'sleep', name: 'sleep' }).message).toBe('it sleeps');
  });

  it('for a child, with the command that asks further', () => {
    const started: RunEvent = {
      type: 'child-started',
      ordinal: 1,
      name: 'invoice',
      runId: 'c1',
      workflow: 'invoice',
      detached: false,
    };
    const expected = {
      code: 'WAITING_CHILD',
      message: 'it waits for child "invoice" (run c1)',
      since: '2026-01-01T00:00:01.000Z',
      remedy: { command: 'millrace why c1' },
    };
    expect(waiting({ kind: 'child', name: 'invoice', ordinal: 1, runId: 'c1' }, started)).toMatchObject(
      expected,
    );
    expect(waiting({ kind: 'child', name: 'invoice', ordinal: 1 }, started)).toMatchObject(expected);
    expect(waiting({ kind: 'child', name: 'invoice' })).toMatchObject({
      message: 'it waits for child "invoice"',
      refs: { child: 'invoice' },
      remedy: { command: null },
    });
  });

  it('for its time, which has come: an engine is about to wake it, if one is alive', () => {
    const past = T0 + 9_000;
    const due = (wait: Wait | undefined, facts: Partial<WhyFacts> = {}, own: Partial<ReadableRun> = {}) =>
      reasonsOf({ wakeAt: past, waits: wait && waitsOf([wait]), ...own }, facts);
    const sleep: Wait = { kind: 'sleep', name: 'sleep', until: past };
    expect(due(sleep)).toEqual([
      {
        code: 'WAKING',
        message: 'the end of its sleep came at 2026-01-01T00:00:09.000Z: an engine is about to wake it',
        since: '2026-01-01T00:00:09.000Z',
        refs: { until: '2026-01-01T00:00:09.000Z' },
        remedy: { message: 'Nothing to do: it goes on by itself.', command: null },
      },
    ]);
    const dead = [seen('engine-1', { state: 'suspect' })];
    expect(due(sleep, { engines: dead })).toMatchObject([
      {
        code: 'NO_ENGINE',
        message: expect.stringMatching(/sleep came at .*, and no engine is alive to wake it$/),
      },
    ]);
    expect(due(sleep, { engines: [...dead, seen('engine-2')] })).toMatchObject([{ code: 'WAKING' }]);
    const message = (...args: Parameters<typeof due>) => due(...args)[0]?.message;
    expect(message({ kind: 'retry', name: 'pay', until: past })).toMatch(
      /^the next attempt of step "pay" came/,
    );
    expect(message({ kind: 'start', name: 'start', until: past })).toMatch(/^its start came/);
    expect(message(undefined, {}, { version: 0 })).toMatch(/^its start came/);
    expect(message({ kind: 'signal', name: 'paid', until: past })).toMatch(
      /^the end of its wait for signal "paid"/,
    );
    const others = due({ kind: 'signal', name: 'paid' });
    expect(others.map(({ code }) => code)).toEqual(['WAKING', 'WAITING_SIGNAL']);
    expect(others[0]?.message).toMatch(/^its deadline came/);
  });

  it('for a signal, since its wait was set a limit', () => {
    const set: RunEvent = { type: 'timer-set', ordinal: 2, name: 'approved', fireAt: UNTIL };
    const other: RunEvent = { type: 'signal-received', id: 's', name: 'x' };
    const wait: Wait = { kind: 'signal', name: 'to approve', ordinal: 2, until: UNTIL };
    expect(waiting(wait, set, other)).toMatchObject({
      since: '2026-01-01T00:00:01.000Z',
      remedy: { command: `millrace signal ${RUN} 'to approve' null` },
    });
  });

  it('for a lock, who holds it until when, and how many come first', () => {
    const wait: Wait = { kind: 'lock', name: 'shelf', ordinal: 3, until: UNTIL };
    const held = { kind: 'run', id: 'r2', owner: 'order', since: T0, expiresAt: T0 + 60_000 } as const;
    const mine = { id: RUN, request: '3', since: T0 + 4_000 };
    const reason = (lock?: Partial<LockFacts>) => {
      const locks = lock && [
        { name: 'other', held: undefined, waiters: [] },
        { name: 'shelf', held, waiters: [mine], ...lock },
      ];
      return reasonsOf({ waits: waitsOf([wait]) }, { locks })[0];
    };
    expect(reason({})).toEqual({
      code: 'WAITING_LOCK',
      message:
        'it waits for lock "shelf", held by run r2 (order) since 2026-01-01T00:00:00.000Z, at most until ' +
        `2026-01-01T00:01:00.000Z; the wait ends with LOCK_TIMEOUT at ${TOMORROW}`,
      since: '2026-01-01T00:00:04.000Z',
      refs: { lock: 'shelf', runId: 'r2', expiresAt: '2026-01-01T00:01:00.000Z', until: TOMORROW },
      remedy: {
        message:
          'Look why that run does not go on, or take the lock away from it: millrace locks release shelf.',
        command: 'millrace why r2',
      },
    });
    const other = { ...mine, request: '1' };
    expect(reason({ waiters: [other, mine] })?.message).toMatch(/; 1 other comes first;/);
    expect(reason({ waiters: [other, other, mine] })?.message).toMatch(/; 2 others come first;/);
    expect(reason({ waiters: [] })?.since).toBe('2026-01-01T00:00:00.000Z');
    expect(
      reason({ held: { ...held, kind: 'engine', id: 'e1', owner: 'engine-1', expiresAt: T0 } }),
    ).toMatchObject({
      message: expect.stringMatching(/held by a process of engine engine-1 since .*, its time was over at/),
      refs: { holder: 'engine-1', engineIncarnation: 'e1' },
      remedy: { command: 'millrace locks release shelf' },
    });
    expect(reason({ held: undefined })?.message).toMatch(/"shelf", which is about to be given to the next;/);
    expect(reason()).toMatchObject({ refs: { lock: 'shelf' }, remedy: { command: 'millrace locks' } });
  });

  it('for an attempt that executes elsewhere', () => {
    const wait: Wait = { kind: 'task', name: 'charge', ordinal: 0, attempt: 2, runId: 't1', until: UNTIL };
    expect(waiting(wait)).toMatchObject({
      code: 'WAITING_TASK',
      message: 'attempt 2 of step "charge" executes elsewhere, as run t1',
      refs: { step: 'charge', attempt: 2, runId: 't1', until: TOMORROW },
      remedy: { command: 'millrace why t1' },
    });
  });

  it('for an attempt elsewhere, and where that is', () => {
    const waits = waitsOf([{ kind: 'task', name: 'charge', ordinal: 0, attempt: 1, runId: 't1' }]);
    const task = { runId: 't1', engine: 'engine-2', startedAt: undefined };
    const reason = (status: 'running' | 'queued') =>
      reasonsOf(
        { waits },
        {
          tasks: [
            { ...task, runId: 't0', status },
            { ...task, status },
          ],
        },
      )[0];
    expect(reason('running')).toMatchObject({
      message: 'attempt 1 of step "charge" executes on engine-2, as run t1',
      refs: { runId: 't1', engineId: 'engine-2' },
    });
    expect(reason('queued')?.message).toBe('attempt 1 of step "charge" is queued, as run t1');
    expect(reason('queued')?.refs).not.toHaveProperty('engineId');
  });

  it('for the next attempt of a step, with what the last one failed of', () => {
    const failed = (message: string): RunEvent => ({
      type: 'step-retrying',
      ordinal: 0,
      name: 'charge',
      attempt: 1,
      retryAt: UNTIL,
      payload: JSON.stringify({ name: 'Error', message, code: 'HTTP_503' }),
    });
    const wait: Wait = { kind: 'retry', name: 'charge', ordinal: 0, until: UNTIL, attempt: 2 };
    expect(waiting(wait, failed('busy'))).toMatchObject({
      code: 'RETRY_BACKOFF',
      message: `step "charge" is tried again (attempt 2) at ${TOMORROW}; the last one failed: HTTP_503: busy`,
      since: '2026-01-01T00:00:01.000Z',
      refs: { step: 'charge', attempt: 2, until: TOMORROW },
    });
    expect(waiting(wait, failed('')).message).toMatch(/the last one failed: HTTP_503$/);
    expect(waiting({ kind: 'retry', name: 'charge', reason: 'busy' }).message).toBe(
      'step "charge" is tried again; the last one failed: busy',
    );
    expect(waiting({ kind: 'retry', name: 'charge' }).message).toBe('step "charge" is tried again');
  });

  it('for its planned start', () => {
    const expected = { code: 'DELAYED_START', message: `it starts at ${TOMORROW}, as its caller asked` };
    expect(reasonsOf({ version: 0, wakeAt: UNTIL })).toMatchObject([expected]);
    expect(waiting({ kind: 'start', name: 'start', until: UNTIL })).toMatchObject(expected);
    expect(waiting({ kind: 'start', name: 'start' }).message).toBe('it starts later, as its caller asked');
  });

  it('for several things, in the order in which it asked', () => {
    const waits = waitsOf([
      { kind: 'signal', name: 'paid' },
      { kind: 'sleep', name: 'sleep' },
    ]);
    expect(reasonsOf({ waits }).map(({ code }) => code)).toEqual(['WAITING_SIGNAL', 'SLEEPING']);
  });
});

describe('why a run is not taken from the queue', () => {
  const queued: Partial<ReadableRun> = { status: 'queued', readyAt: T0 + 2000 };
  const codesOf = (facts: Partial<WhyFacts>) => reasonsOf(queued, facts).map(({ code }) => code);

  it('no engine is alive', () => {
    expect(reasonsOf(queued, { engines: [] })).toMatchObject([
      { code: 'NO_ENGINE', since: '2026-01-01T00:00:02.000Z', refs: { workflow: 'order' } },
    ]);
    const silent = [
      seen('engine-1', { beatAt: T0 - 5000, state: 'suspect' }),
      seen('engine-2', { beatAt: T0, state: 'suspect' }),
      seen('alien', { namespace: 'other' }),
    ];
    expect(reasonsOf(queued, { engines: silent })[0]?.message).toBe(
      'no engine is alive; engine-2 was heard last, at 2026-01-01T00:00:00.000Z',
    );
    expect(codesOf({ engines: [...silent, seen('engine-3')] })).toEqual(['QUEUE_BACKLOG']);
    expect(codesOf({ engines: [...silent, seen('engine-3', { state: 'draining' })] })).toEqual(['NO_ENGINE']);
  });

  it('no engine has this version', () => {
    const [reason] = reasonsOf(queued, {
      engines: [seen('engine-1', { workflows: [{ workflow: 'order', version: '2' }] })],
    });
    expect(reason).toMatchObject({
      code: 'NO_ENGINE_FOR_VERSION',
      since: '2026-01-01T00:00:02.000Z',
      refs: { workflow: 'order', version: '1', engineId: 'engine-1' },
    });
    expect(reason?.message).toBe(
      'no engine of queue "default" has version 1 of workflow "order": engine-1 has version 2',
    );
    const two = ['2', '3'].map((version) => ({ workflow: 'order', version }));
    const engines = [seen('engine-1', { workflows: two }), seen('engine-2', { workflows: two.slice(1) })];
    const message = (facts: Partial<WhyFacts>) => reasonsOf(queued, { engines, ...facts })[0]?.message;
    expect(message({})).toMatch(
      /has versions 2, 3; version 2 is on engine-1; version 3 is on engine-1, engine-2$/,
    );
    expect(message({ others: 0 })).toMatch(/; 0 other open runs of this version$/);
    expect(message({ others: 1 })).toMatch(/; 1 other open run of this version$/);
    expect(reasonsOf(queued, { engines, others: 7 })[0]?.refs).toMatchObject({
      otherRuns: 7,
    });
    const foreign = seen('engine-2', { workflows: [{ workflow: 'invoice', version: '1' }] });
    expect(reasonsOf(queued, { engines: [foreign] })[0]?.message).toMatch(/has no version of it$/);
  });

  it('who could take it has gone, and when', () => {
    const left = (name: string, beatAt: number, changes: Partial<EngineFacts> = {}) => {
      return { ...seen(name, { beatAt, ...changes }), retiredAt: beatAt + 5 };
    };
    const engines = [seen('engine-1', { workflows: [] })];
    const departed = [
      left('old-1', T0 - 9_000),
      left('old-2', T0 - 1_000),
      left('other', T0, { workflows: [] }),
      left('alien', T0, { namespace: 'other' }),
    ];
    const [reason] = reasonsOf(queued, { engines, departed });
    expect(reason?.message).toMatch(
      /; old-2 could take it until 2025-12-31T23:59:59.000Z, old-1 until 2025-12-31T23:59:51.000Z$/,
    );
    expect(reason).toMatchObject({
      code: 'NO_ENGINE_FOR_VERSION',
      refs: { formerEngineId: 'old-2', formerUntil: '2025-12-31T23:59:59.000Z' },
      remedy: {
        message: expect.stringMatching(/^Start old-2 again, or: Start a process that registers version 1/),
      },
    });
    expect(reasonsOf(queued, { engines, departed: [] })[0]?.message).toMatch(
      /; no engine of the last day could take it either$/,
    );
    expect(reasonsOf(queued, { engines: [], departed })[0]?.message).toBe(
      'no engine is alive; other was heard last, at 2026-01-01T00:00:00.000Z',
    );
  });

  it('no engine takes from its queue', () => {
    expect(reasonsOf(queued, { engines: [seen('engine-1', { queues: ['night'] })] })).toMatchObject([
      { code: 'NO_ENGINE_FOR_QUEUE', refs: { queue: 'default' } },
    ]);
  });

  it('no engine that could take it is healthy, and it is taken all the same', () => {
    const late = { ...seen('engine-1').load, loopLagMs: 900 };
    const engines = [seen('engine-1', { load: late }), seen('engine-2', { workflows: [] })];
    const assigned = { engine: 'engine-1', until: T0 + 20_000 };
    const [reason, ...others] = reasonsOf(queued, { engines });
    expect(reason).toMatchObject({
      code: 'NO_ENGINE_HEALTHY',
      since: '2026-01-01T00:00:02.000Z',
      message: expect.stringMatching(/engine-1, .* lags 900 ms, more than 500; unhealthy ones get the work/),
      refs: { engineId: 'engine-1' },
      remedy: { message: 'Relieve the engines or add others.', command: 'millrace doctor' },
    });
    expect(others.map(({ code }) => code)).toEqual(['QUEUE_BACKLOG']);
    expect(codesOf({ engines, assigned })).toEqual(['ASSIGNED_WINDOW', 'NO_ENGINE_HEALTHY', 'QUEUE_BACKLOG']);
    expect(codesOf({ engines: [...engines, seen('engine-3')] })).toEqual(['QUEUE_BACKLOG']);
  });

  it('no engine that could take it has room', () => {
    const full = seen('engine-1', { capacity: { workflows: 0, tasks: 0 } });
    const [reason, ...others] = reasonsOf(queued, { engines: [full], ahead: 0 });
    expect(others).toEqual([]);
    expect(reason?.code).toBe('QUEUE_BACKLOG');
    expect(reason?.message).toMatch(/it is the next; no engine .* has room: engine-1 is full with 0 of 0/);
  });

  it('no engine has the executor of a task', () => {
    const task = { ...queued, workflow: '$task/mail' };
    const other = seen('engine-1', { executors: ['http'] });
    expect(reasonsOf(task, { engines: [other] })).toMatchObject([
      {
        code: 'NO_ENGINE_FOR_EXECUTOR',
        message: 'no engine of queue "default" has executor "mail": engine-1 has executor http',
        refs: { executor: 'mail' },
      },
    ]);
    const able = seen('engine-2', { executors: ['http', 'mail'] });
    expect(reasonsOf(task, { engines: [other, able] })[0]?.code).toBe('QUEUE_BACKLOG');
  });

  it('no engine that has the executor of a task carries what it demands', () => {
    const task = { ...queued, workflow: '$task/mail', workflowVersion: '1+gpu+region=eu' };
    const has = seen('engine-1', { labels: ['gpu'], region: 'us' });
    const carries = seen('engine-2', { executors: ['http'], labels: ['gpu'], region: 'eu' });
    expect(reasonsOf(task, { engines: [has, carries] })).toMatchObject([
      {
        code: 'NO_ENGINE_WITH_LABEL',
        message: expect.stringContaining('carries labels gpu, region=eu: engine-1'),
        refs: { executor: 'mail' },
      },
    ]);
    const able = seen('engine-3', { labels: ['gpu', 'ssd'], region: 'eu' });
    expect(reasonsOf(task, { engines: [has, able] })[0]?.code).toBe('QUEUE_BACKLOG');
  });

  it('others may go first', () => {
    const message = (facts: Partial<WhyFacts>) => reasonsOf(queued, facts)[0]?.message;
    expect(message({ engines: [seen('engine-1')] })).toBe(
      'in queue "default" with priority normal, others may go first',
    );
    expect(message({ ahead: 1 })).toMatch(/ 1 run goes first$/);
    expect(message({ ahead: 0 })).toMatch(/ it is the next$/);
    expect(message({ ahead: 12 })).toMatch(/ 12 runs go first$/);
    expect(message({ ahead: 1_000 })).toMatch(/ at least 1000 runs go first$/);
    expect(codesOf({ engines: [seen('a', { workflows: [] }), seen('b')] })).toEqual(['QUEUE_BACKLOG']);
    expect(reasonsOf({ status: 'queued' })[0]?.since).toBe('2026-01-01T00:00:00.000Z');
  });

  it('reserved for one engine, for a while', () => {
    const until = T0 + 20_000;
    const reasons = reasonsOf(queued, { assigned: { engine: 'engine-1', until } });
    expect(reasons.map(({ code }) => code)).toEqual(['ASSIGNED_WINDOW', 'QUEUE_BACKLOG']);
    expect(reasons[0]?.message).toMatch(/for engine engine-1 until .*: that has it in memory$/);
    expect(reasonsOf(queued, { assigned: { engine: 'engine-1', until: T0 } })).toHaveLength(1);
    const begins = { ...queued, version: 0 };
    const [placed] = reasonsOf(begins, { assigned: { engine: 'engine-1', until } });
    expect(placed?.message).toMatch(/: it was placed there$/);
    const [affine] = reasonsOf(begins, { assigned: { engine: 'engine-1', until, strategy: 'affinity' } });
    expect(affine?.message).toMatch(/: strategy affinity placed it there$/);
    expect(affine?.refs).toMatchObject({ engineId: 'engine-1', strategy: 'affinity' });
  });

  it('a suspect of a death', () => {
    expect(suspect(0)).toMatchObject({ code: 'QUEUE_BACKLOG', refs: { suspectGroup: 4, deaths: 0 } });
    expect(suspect(0)?.message).toMatch(/in a small group$/);
    expect(suspect(1)?.message).toMatch(/alone it died 1 time$/);
    expect(suspect(2)?.message).toMatch(/alone it died 2 times$/);
  });
});

describe('why a limit holds a run back', () => {
  const limit: LimitFacts = {
    ...{ kind: 'queue', name: 'default', max: undefined, inUse: 0, tokens: undefined, paused: false },
    ...{
      pausedBy: undefined,
      pausedAt: undefined,
      ratePerSecond: undefined,
      nextTokenAt: undefined,
      holders: [],
    },
  };
  const heldBy = (...limits: Partial<LimitFacts>[]) =>
    reasonsOf(
      { status: 'queued' },
      {
        limits: { keys: ['ada'], granted: false, limits: limits.map((own) => ({ ...limit, ...own })) },
        ahead: 3,
      },
    );

  it('names the pause, by whom and since when', () => {
    expect(heldBy({ paused: true, pausedBy: 'bob', pausedAt: T0 })).toMatchObject([
      {
        code: 'QUEUE_PAUSED',
        message: 'queue "default" is paused by bob since 2026-01-01T00:00:00.000Z',
        since: '2026-01-01T00:00:00.000Z',
        refs: { limit: 'queue', queue: 'default', pausedBy: 'bob' },
        remedy: { command: 'millrace queues resume default' },
      },
    ]);
    expect(heldBy({ kind: 'global', name: '', paused: true })).toMatchObject([
      {
        code: 'LIMIT_REACHED',
        message: expect.stringMatching(/^all runs of the namespace are paused since/) as string,
        refs: { limit: 'global' },
        remedy: { command: 'millrace queues resume --all' },
      },
    ]);
  });

  it('names the limit that is full, and who holds it', () => {
    expect(heldBy({ max: 3, inUse: 3, holders: ['r1', 'r2'] })).toMatchObject([
      {
        code: 'LIMIT_REACHED',
        message: 'of queue "default" 3 of at most 3 runs hold a grant, held by r1, r2 and 1 more',
        refs: { limit: 'queue', queue: 'default', max: 3, inUse: 3, holders: 'r1 r2' },
        remedy: { command: 'millrace why r1' },
      },
    ]);
    expect(heldBy({ max: 1, inUse: 1, holders: ['r1'] })[0]?.message).toMatch(
      /1 run hold a grant, held by r1$/,
    );
    expect(heldBy({ kind: 'key', name: 'ada', max: 1, inUse: 1 })).toMatchObject([
      {
        message: 'of key "ada" 1 of at most 1 run hold a grant',
        remedy: { command: 'millrace queues limit ada --key --max 2' },
      },
    ]);
  });

  it('names the rate, and when the next may begin', () => {
    expect(heldBy({ kind: 'workflow', name: 'other', tokens: 0, ratePerSecond: 2, nextTokenAt: T0 })).toEqual(
      // A limit of another workflow is none of its own.
      reasonsOf({ status: 'queued' }, { ahead: 3 }),
    );
    expect(heldBy({ tokens: 0, ratePerSecond: 2, nextTokenAt: T0 })).toMatchObject([
      {
        code: 'LIMIT_REACHED',
        message: 'of queue "default" at most 2 runs a second may begin; the next at 2026-01-01T00:00:00.000Z',
        refs: { ratePerSecond: 2, until: '2026-01-01T00:00:00.000Z' },
        remedy: { command: 'millrace queues limit default --rate 4' },
      },
    ]);
    expect(heldBy({ tokens: 0, ratePerSecond: 1 })).toMatchObject([
      { message: 'of queue "default" at most 1 run a second may begin' },
    ]);
  });

  it('quotes a name for the shell', () => {
    const reasons = reasonsOf(
      { status: 'queued', queue: "it's" },
      { limits: { keys: [], granted: false, limits: [{ ...limit, name: "it's", paused: true }] } },
    );
    expect(reasons).toMatchObject([{ remedy: { command: "millrace queues resume 'it'\\''s'" } }]);
  });

  it('is silent where there is room, or the run holds its grant', () => {
    expect(heldBy({ max: 3, inUse: 2 })).toMatchObject([{ code: 'QUEUE_BACKLOG' }]);
    const limits = { keys: [], granted: true, limits: [{ ...limit, paused: true }] };
    expect(reasonsOf({ status: 'queued' }, { limits })).toMatchObject([{ code: 'QUEUE_BACKLOG' }]);
  });
});

describe('why a run is blocked', () => {
  const mismatch = {
    code: 'NON_DETERMINISTIC',
    message: 'm',
    expected: 'step "a"',
    actual: 'step "b"',
    seq: 3,
  };

  it('expected and actual stand side by side', () => {
    const reason = blockedBy({ waits: waitsOf(mismatch) });
    expect(reason).toMatchObject({
      code: 'NON_DETERMINISTIC',
      refs: { expected: 'step "a"', actual: 'step "b"', seq: 3 },
      remedy: { command: `millrace retry ${RUN}` },
    });
    expect(reason?.message).toMatch(/expected step "a", actual step "b"$/);
    expect(blockedBy({ waits: waitsOf({ ...mismatch, seq: undefined }) })?.refs).not.toHaveProperty('seq');
    expect(blockedBy({})).toMatchObject({ code: 'NON_DETERMINISTIC', refs: {} });
  });

  it('a foreign promise says after which command', () => {
    const waits = waitsOf({ ...mismatch, code: 'FOREIGN_AWAIT', actual: 'a foreign promise after step "a"' });
    expect(blockedBy({ waits })).toMatchObject({
      code: 'NON_DETERMINISTIC',
      refs: { cause: 'FOREIGN_AWAIT', actual: 'a foreign promise after step "a"' },
    });
  });

  it('quarantined, with the engines that died of it', () => {
    const death = (engine: string, at: number, declared = false) => ({ engine, at: T0 + at, declared });
    const quarantined = { status: 'blocked', blockCode: 'QUARANTINED', deaths: 2 } as const;
    const two = [death('engine-1', 2_000), death('engine-2', 3_000, true)];
    expect(reasonsOf(quarantined, { deaths: two })).toMatchObject([
      {
        message: expect.stringMatching(
          /suspect: engine-1 dead at 2026-01-01T00:00:02.000Z, engine-2 declared dead at 2026-01-01T00:00:03.000Z$/,
        ),
        since: '2026-01-01T00:00:03.000Z',
        refs: { deaths: 2, engineId: 'engine-2' },
      },
    ]);
    const many = [0, 1, 2, 3, 4, 5, 6].map((at) => death(`e${at}`, at));
    expect(reasonsOf(quarantined, { deaths: many })[0]?.message).toMatch(/suspect: 2 earlier, e2 dead at/);
    expect(reasonsOf(quarantined, { deaths: [] })[0]?.message).toMatch(/suspect$/);
  });

  it('quarantined after deaths in a row', () => {
    expect(blockedBy({ blockCode: 'QUARANTINED', deaths: 4 })).toMatchObject({
      code: 'QUARANTINED',
      refs: { deaths: 4 },
    });
  });

  it('by what cannot be read: which key is missing, and what to do', () => {
    const message = 'the history of run r is sealed with key "k1", which is not here';
    const waits = waitsOf({ code: 'PAYLOAD_UNREADABLE', message, expected: '', actual: '', keyId: 'k1' });
    expect(blockedBy({ blockCode: 'PAYLOAD_UNREADABLE', waits })).toMatchObject({
      code: 'PAYLOAD_UNREADABLE',
      message: `what it needs cannot be read: ${message}`,
      refs: { keyId: 'k1' },
      remedy: { command: `millrace retry ${RUN}` },
    });
    expect(blockedBy({ blockCode: 'PAYLOAD_UNREADABLE' })).toMatchObject({
      message: 'what it needs cannot be read',
      refs: {},
    });
  });

  it('refused by the store, with its words', () => {
    const refused = { ...mismatch, code: 'COMMIT_REFUSED', message: 'value too long' };
    expect(blockedBy({ blockCode: 'COMMIT_REFUSED', waits: waitsOf(refused) })?.message).toBe(
      'the store refuses what the run decided: value too long',
    );
    expect(blockedBy({ blockCode: 'COMMIT_REFUSED' })?.message).toBe(
      'the store refuses what the run decided',
    );
  });
});
