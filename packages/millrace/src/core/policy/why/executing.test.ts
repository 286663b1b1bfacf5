import { describe, expect, it } from 'vitest';
import { engineView } from '../../../../testbed/placement/engine-views.ts';
import { aRun, historyOf, STARTED, T0 } from '../../../../testbed/samples/history.ts';
import type { ReadableRun } from '../../reading/readable-run.ts';
import type { RunEvent } from '../../run/event.ts';
import { waitsOf, why, type WhyFacts } from '../why.ts';
import type { EngineFacts } from './facts.ts';

const RUN = { status: 'running', ownerId: 'e1', engineName: 'engine-1', startedAt: T0 } as const;
const NOW = T0 + 60_000;

function reasonsOf(facts: Partial<WhyFacts>, own: Partial<ReadableRun>, ...events: RunEvent[]) {
  return why(aRun({ ...RUN, ...own }), { now: NOW, ...facts }, historyOf(STARTED, ...events)).reasons;
}
function told(...events: RunEvent[]) {
  return reasonsOf({}, {}, ...events);
}
function seen(name: string, beatAt = NOW): EngineFacts {
  return { ...engineView(name), beatAt };
}
const retrying = (ordinal: number, retryAt: number): RunEvent => {
  return { type: 'step-retrying', ordinal, name: `s${ordinal}`, attempt: 1, retryAt };
};

describe('why a run executes still', () => {
  it('says which engine has it, and what is recorded last', () => {
    expect(told()).toEqual([
      {
        code: 'EXECUTING',
        message: 'engine engine-1 executes it; nothing is recorded yet',
        since: '2026-01-01T00:00:00.000Z',
        refs: { engineId: 'engine-1' },
        remedy: {
          message: expect.stringMatching(
            /It goes on when its step ends. One that hangs ends by its timeout/,
          ) as string,
          command: `millrace history ${aRun().runId}`,
        },
      },
    ]);
    const done: RunEvent = { type: 'step-completed', ordinal: 0, name: 'reserve', attempt: 1 };
    const message = 'engine engine-1 executes it; recorded last: step-completed "reserve"';
    expect(told(done)).toMatchObject([{ message, since: '2026-01-01T00:00:01.000Z' }]);
    expect(told({ type: 'deadline-passed' })).toMatchObject([
      { message: expect.stringMatching(/deadline-passed$/) },
    ]);
    expect(reasonsOf({}, { readyAt: T0 + 5_000 }, done)).toMatchObject([
      { since: '2026-01-01T00:00:05.000Z' },
    ]);
    const early = why(aRun({ status: 'running', ownerId: 'e1' }), { now: NOW }, []).reasons;
    expect(early).toMatchObject([{ refs: { engineId: 'e1' }, since: '2026-01-01T00:00:00.000Z' }]);
  });

  it('names the steps that have left a trace and have no outcome', () => {
    const checkpoint: RunEvent = { type: 'step-checkpoint', ordinal: 0, name: 'copy', attempt: 1 };
    expect(told(checkpoint)).toMatchObject([
      {
        message: 'engine engine-1 executes it; step "copy" (attempt 1) without outcome yet',
        refs: { step: 'copy', attempt: 1 },
      },
    ]);
    const again = [0, 1, 2, 3].map((ordinal) => retrying(ordinal, T0));
    expect(told(...again)[0]).toMatchObject({
      message: expect.stringMatching(
        /step "s0" \(attempt 2\), step "s1" .*, step "s2" \(attempt 2\) and 1 more without/,
      ),
    });
    const failed: RunEvent = { type: 'step-failed', ordinal: 0, name: 'pay', attempt: 1 };
    expect(told(failed, { type: 'failed' }, { type: 'retried', cut: 1 })[0]?.message).toMatch(
      /step "pay" \(attempt 1\)/,
    );
  });

  it('of a task names the step that it makes an attempt of', () => {
    const started: RunEvent = {
      ...STARTED,
      type: 'started',
      ...{ workflow: '$task/mail', version: '1', priority: 'normal', queue: 'default' },
      parent: { runId: 'p1', ordinal: 0, name: 'notify' },
      task: { workflow: 'order', attempt: 2 },
    };
    const run = aRun({ ...RUN, workflow: '$task/mail' });
    expect(why(run, { now: NOW }, historyOf(started)).reasons[0]?.message).toBe(
      'engine engine-1 makes attempt 2 of step "notify" of run p1 by executor "mail"; nothing is recorded yet',
    );
    expect(why(run, { now: NOW }, []).reasons[0]?.message).toMatch(/executes it/);
  });

  it('tells beside it what else has no outcome', () => {
    const child = { type: 'child-started', name: 'c', runId: 'c1', workflow: 'invoice' } as const;
    const events: RunEvent[] = [
      { ...child, ordinal: 4, detached: false },
      { ...child, ordinal: 5, name: 'd', runId: 'd1', detached: true },
      { ...child, ordinal: 6, name: 'e', runId: 'e1', detached: false },
      { type: 'child-closed', ordinal: 6, name: 'e', runId: 'e1', status: 'completed' },
      { type: 'lock-requested', ordinal: 3, name: 'lock shelf', lock: 'shelf', holdMs: 1 },
      { type: 'lock-requested', ordinal: 7, name: 'lock door', lock: 'door', holdMs: 1 },
      { type: 'lock-granted', ordinal: 7, name: 'lock door', token: 1, expiresAt: NOW },
      retrying(2, NOW + 5_000),
      { type: 'step-placed', ordinal: 1, name: 'call', attempt: 3, runId: 't1' },
    ];
    expect(
      told(...events).map(({ code, refs }) => [code, refs['step'] ?? refs['lock'] ?? refs['child']]),
    ).toEqual([
      ['EXECUTING', undefined],
      ['WAITING_TASK', 'call'],
      ['RETRY_BACKOFF', 's2'],
      ['WAITING_LOCK', 'shelf'],
      ['WAITING_CHILD', 'c'],
    ]);
    expect(told(...events)[1]?.message).toMatch(/^attempt 3 of step "call"/);
    expect(reasonsOf({ tasks: [] }, {}, ...events)[1], 'its end is not taken yet').toMatchObject({
      code: 'RETRY_BACKOFF',
    });
    const task = { runId: 't1', status: 'queued', engine: undefined, startedAt: undefined } as const;
    expect(reasonsOf({ tasks: [task] }, {}, ...events)[1]).toMatchObject({ code: 'WAITING_TASK' });
    const history = historyOf(STARTED, ...events);
    expect(waitsOf(aRun(RUN), history, NOW).map(({ kind }) => kind)).toEqual([
      'task',
      'retry',
      'lock',
      'child',
    ]);
    expect(waitsOf(aRun(), history, NOW)).toEqual([]);
  });

  it('leaves out what a cancel or a deadline has refused, and tells what undoes', () => {
    const placed = (ordinal: number, name: string): RunEvent => {
      return { type: 'step-placed', ordinal, name, attempt: 1, runId: `t${ordinal}` };
    };
    const events = [
      placed(0, 'call'),
      placed(1, 'compensate pay'),
      { type: 'step-checkpoint', ordinal: 2, name: 'copy', attempt: 1 } as const,
    ];
    const stepsOf = (...more: RunEvent[]) => told(...events, ...more).map(({ refs }) => refs['step']);
    expect(stepsOf()).toEqual(['copy', 'call', 'compensate pay']);
    const later = placed(3, 'compensate book');
    const undoing = [undefined, 'compensate pay', 'compensate book'];
    expect(stepsOf({ type: 'cancel-requested', id: 'c', given: 3 }, later)).toEqual(undoing);
    expect(stepsOf({ type: 'deadline-passed', given: 3 }, later)).toEqual(undoing);
  });

  it('says that its engine is silent, and for how long', () => {
    const silent = reasonsOf({ engines: [seen('other'), seen('e1', T0)] }, {});
    expect(silent).toMatchObject([
      {
        code: 'NO_ENGINE',
        message: 'engine e1, which was executing it, was heard last at 2026-01-01T00:00:00.000Z',
        since: '2026-01-01T00:00:00.000Z',
        refs: { engineId: 'e1' },
        remedy: { command: 'millrace failover e1' },
      },
    ]);
    expect(reasonsOf({ engines: [seen('e1', NOW - 3_000)] }, {})).toMatchObject([{ code: 'EXECUTING' }]);
  });

  it('says that its engine is gone', () => {
    const departed = [{ ...seen('e1', T0 + 1_000), retiredAt: T0 + 6_000 }];
    const gone = (facts: Partial<WhyFacts>) => reasonsOf({ engines: [seen('other')], ...facts }, {});
    const message = 'engine engine-1, which was executing it, is gone: it is about to be queued again';
    expect(gone({ departed })).toMatchObject([
      { code: 'NO_ENGINE', message, since: '2026-01-01T00:00:06.000Z' },
    ]);
    expect(gone({})).toMatchObject([{ code: 'NO_ENGINE', message, since: '2026-01-01T00:00:00.000Z' }]);
  });
});
