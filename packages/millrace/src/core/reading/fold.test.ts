import { describe, expect, it } from 'vitest';
import { historyOf, STARTED, T0 } from '../../../testbed/samples/history.ts';
import type { RunEvent } from '../run/event.ts';
import { fold } from './fold.ts';

const FAILURE = '{"name":"Error","message":"no stock"}';

function retrying(ordinal: number, name: string, attempt: number): RunEvent {
  return { type: 'step-retrying', ordinal, name, attempt, retryAt: T0 + 60_000, payload: FAILURE };
}
function completed(ordinal: number, name: string, attempt: number, payload = '1'): RunEvent {
  return { type: 'step-completed', ordinal, name, attempt, payload };
}
function failed(ordinal: number, name: string, attempt: number): RunEvent {
  return { type: 'step-failed', ordinal, name, attempt, payload: FAILURE };
}
const END: RunEvent = { type: 'failed', payload: FAILURE };

function reasonOf(payload?: string): string | undefined {
  return fold(historyOf(STARTED, { type: 'cancel-requested', id: 'c', payload })).cancelRequest?.reason;
}
function childStarted(ordinal: number): RunEvent {
  const place = { ordinal, name: `invoice#${ordinal}`, runId: `r${ordinal}` };
  return { type: 'child-started', ...place, workflow: 'invoice', detached: false };
}
function childFailed(ordinal: number): RunEvent {
  const place = { ordinal, name: `invoice#${ordinal}`, runId: `r${ordinal}` };
  return { type: 'child-closed', ...place, status: 'failed', payload: FAILURE };
}
function set(ordinal: number, name: string): RunEvent {
  return { type: 'timer-set', ordinal, name, fireAt: T0 + 9000 };
}
function pending(...events: RunEvent[]): string[] {
  return fold(historyOf(STARTED, ...events)).timers.map(({ name }) => name);
}
function publish(ordinal: number, name: string, payload?: string): RunEvent {
  return { type: 'published', ordinal, name, payload };
}

describe('fold', () => {
  it('of nothing is nothing', () => {
    expect(fold([])).toMatchObject({ started: undefined, steps: [], end: undefined });
  });

  it('keeps start, input and end', () => {
    const state = fold(historyOf(STARTED, { type: 'completed', payload: '"done"' }));
    expect(state).toMatchObject({ startedAt: T0, input: '{"id":17}' });
    expect(state.end).toEqual({ status: 'completed', at: T0 + 1000, payload: '"done"' });
  });

  it('lists steps by command number with attempts, reasons and result', () => {
    const state = fold(
      historyOf(
        STARTED,
        completed(1, 'pack', 1),
        retrying(0, 'charge', 1),
        completed(0, 'charge', 2, '"ok"'),
      ),
    );
    expect(state.steps.map(({ name, status, attempts }) => [name, status, attempts])).toEqual([
      ['charge', 'completed', 2],
      ['pack', 'completed', 1],
    ]);
    const charge = state.steps[0];
    expect(charge).toMatchObject({
      output: '"ok"',
      error: undefined,
      endedAt: T0 + 3000,
      engine: 'engine-1',
    });
    expect(charge?.tries).toMatchObject([
      { attempt: 1, outcome: 'retrying', payload: FAILURE, retryAt: T0 + 60_000, superseded: false },
      { attempt: 2, outcome: 'completed', retryAt: undefined, superseded: false },
    ]);
  });

  it('shows a step that pauses for its next attempt, and one that failed', () => {
    const { steps } = fold(historyOf(STARTED, retrying(0, 'charge', 1), failed(1, 'pack', 1)));
    expect(steps[0]).toMatchObject({ status: 'retrying', endedAt: undefined, error: FAILURE });
    expect(steps[1]).toMatchObject({ status: 'failed', endedAt: T0 + 2000, error: FAILURE });
  });

  it('knows an executing step by its checkpoint, and its start by its total timeout', () => {
    const { steps, timers } = fold(
      historyOf(
        STARTED,
        { type: 'timer-set', ordinal: 0, name: 'copy', fireAt: T0 + 9000 },
        { type: 'step-checkpoint', ordinal: 0, name: 'copy', attempt: 1, payload: '50' },
      ),
    );
    expect(steps[0]).toMatchObject({
      status: 'running',
      checkpoint: '50',
      startedAt: T0 + 1000,
      attempts: 0,
    });
    expect(timers).toEqual([{ ordinal: 0, name: 'copy', setAt: T0 + 1000, fireAt: T0 + 9000 }]);
  });

  it('shows a step whose total time passed as timed out', () => {
    const { steps, timers } = fold(
      historyOf(
        STARTED,
        { type: 'timer-set', ordinal: 0, name: 'copy', fireAt: T0 + 3000 },
        retrying(0, 'copy', 1),
        { type: 'timer-fired', ordinal: 0, name: 'copy' },
      ),
    );
    expect(steps[0]).toMatchObject({ status: 'timed-out', endedAt: T0 + 3000 });
    expect(timers).toEqual([]);
  });

  it('takes no timer for that of a step that a retry has taken back', () => {
    const anew: RunEvent[] = [STARTED, completed(1, 'charge', 1), { type: 'failed' }];
    const before = [...anew, { type: 'retried', cut: 1, from: 1 } as const];
    const slept = fold(historyOf(...before, set(1, 'nap'), { type: 'timer-fired', ordinal: 1, name: 'nap' }));
    expect(slept.steps[0]).toMatchObject({ name: 'charge', status: 'superseded' });
    const told: RunEvent = { type: 'signal-received', id: '1', name: 'go' };
    expect(fold(historyOf(...before, set(1, 'go'), told)).timers).toEqual([]);
  });

  it('shows which run makes an attempt elsewhere, since when, and then the engine that made it', () => {
    const placed = (attempt: number): RunEvent => ({
      ...{ type: 'step-placed', ordinal: 0, name: 'charge', attempt, runId: `task-${attempt}` },
    });
    const first = fold(historyOf(STARTED, placed(1))).steps[0];
    expect(first).toMatchObject({
      status: 'running',
      taskRunId: 'task-1',
      startedAt: T0 + 1000,
      attempts: 0,
    });
    const again = [STARTED, placed(1), retrying(0, 'charge', 1), placed(2)] as const;
    const second = fold(historyOf(...again)).steps[0];
    expect(second).toMatchObject({
      status: 'running',
      taskRunId: 'task-2',
      startedAt: T0 + 1000,
      attempts: 1,
    });
    const ended: RunEvent = {
      ...{ type: 'step-completed', ordinal: 0, name: 'charge', attempt: 2, engine: 'engine-2' },
    };
    const done = fold(historyOf(...again, ended)).steps[0];
    expect(done).toMatchObject({ status: 'completed', taskRunId: undefined, engine: 'engine-2' });
    expect(done?.tries.map(({ engine }) => engine)).toEqual(['engine-1', 'engine-2']);
    const cut = fold(historyOf(STARTED, placed(1), { type: 'cancelled' })).steps[0];
    expect(cut).toMatchObject({ status: 'cancelled', taskRunId: undefined });
    const late = [set(0, 'charge'), placed(1), { type: 'timer-fired', ordinal: 0, name: 'charge' }] as const;
    expect(fold(historyOf([5, STARTED], ...late)).steps[0]).toMatchObject({
      ...{ status: 'timed-out', taskRunId: undefined, startedAt: T0 + 1005 },
    });
  });

  it('shows steps that the end of the run overtook as cancelled', () => {
    const checkpoint: RunEvent = { type: 'step-checkpoint', ordinal: 1, name: 'copy', attempt: 1 };
    const { steps } = fold(
      historyOf(STARTED, retrying(0, 'charge', 1), checkpoint, completed(2, 'pack', 1), {
        type: 'cancelled',
      }),
    );
    expect(steps.map(({ status }) => status)).toEqual(['cancelled', 'cancelled', 'completed']);
  });
});

describe('what a retry of the run took back', () => {
  it('counts no more and stays visible as superseded', () => {
    const history = historyOf(STARTED, completed(0, 'reserve', 1), failed(1, 'charge', 1), END);
    expect(fold(history).end).toMatchObject({ status: 'failed' });
    history.push(...historyOf(STARTED, STARTED, STARTED, STARTED, { type: 'retried', cut: 2 }).slice(4));
    const retried = fold(history);
    expect(retried.end).toBeUndefined();
    expect(retried.retriedAt).toEqual([T0 + 4000]);
    expect(retried.steps.map(({ name, status, attempts }) => [name, status, attempts])).toEqual([
      ['reserve', 'completed', 1],
      ['charge', 'superseded', 0],
    ]);
    expect(retried.steps[1]?.tries).toMatchObject([{ attempt: 1, outcome: 'failed', superseded: true }]);
  });

  it('is followed by attempts that count', () => {
    const { steps } = fold(
      historyOf(
        STARTED,
        retrying(0, 'charge', 1),
        failed(0, 'charge', 2),
        END,
        { type: 'retried', cut: 2 },
        completed(0, 'charge', 2),
      ),
    );
    expect(steps[0]).toMatchObject({ status: 'completed', attempts: 2, error: undefined });
    expect(steps[0]?.tries.map(({ outcome, superseded }) => [outcome, superseded])).toEqual([
      ['retrying', false],
      ['failed', true],
      ['completed', false],
    ]);
  });

  it('leaves its number to whatever command comes next', () => {
    const { steps } = fold(
      historyOf(
        STARTED,
        failed(0, 'charge', 1),
        completed(1, 'compensate reserve', 1),
        END,
        { type: 'retried', cut: 1 },
        completed(0, 'charge', 1),
        completed(1, 'pack', 1),
      ),
    );
    expect(steps.map(({ name, status }) => [name, status])).toEqual([
      ['charge', 'completed'],
      ['pack', 'completed'],
    ]);
  });
});

describe('signals, updates and requests to end', () => {
  it('are kept in order of arrival, those carried over from the run before first', () => {
    const carried = [{ id: 'a', name: 'packed', payload: '1' }];
    const { signals } = fold(
      historyOf({ ...STARTED, carried } as RunEvent, {
        type: 'signal-received',
        id: 'b',
        name: 'paid',
        payload: '2',
      }),
    );
    expect(signals).toEqual([
      { id: 'a', name: 'packed', payload: '1', at: T0 },
      { id: 'b', name: 'paid', payload: '2', at: T0 + 1000 },
    ]);
  });

  it('show which updates were answered', () => {
    const { updates } = fold(
      historyOf(
        STARTED,
        { type: 'update-received', id: 'u1', name: 'price', payload: '1' },
        { type: 'update-received', id: 'u2', name: 'price', payload: '2' },
        { type: 'update-replied', id: 'u1', name: 'price', ok: true, payload: '3' },
        { type: 'update-replied', id: 'gone', name: 'price', ok: true },
      ),
    );
    expect(updates.map(({ id, reply }) => [id, reply])).toEqual([
      ['u1', { ok: true, at: T0 + 3000, payload: '3' }],
      ['u2', undefined],
    ]);
  });

  it('keep the reason of a cancel where it gave one', () => {
    expect(reasonOf('"changed my mind"')).toBe('changed my mind');
    expect(reasonOf('17')).toBeUndefined();
    expect(reasonOf()).toBeUndefined();
  });

  it('keep when the deadline passed', () => {
    expect(fold(historyOf(STARTED, { type: 'deadline-passed' })).deadlinePassedAt).toBe(T0 + 1000);
  });
});

describe('children', () => {
  it('are open until they are known to have closed', () => {
    const { children } = fold(
      historyOf(STARTED, childStarted(1), childStarted(2), childFailed(2), childFailed(9)),
    );
    expect(
      children.map(({ runId, status, closedAt, payload }) => [runId, status, closedAt, payload]),
    ).toEqual([
      ['r1', 'open', undefined, undefined],
      ['r2', 'failed', T0 + 3000, FAILURE],
    ]);
  });
});

describe('timers', () => {
  it('are pending until they fire', () => {
    expect(
      pending(set(0, 'sleep'), set(1, 'sleep#2'), { type: 'timer-fired', ordinal: 0, name: 'sleep' }),
    ).toEqual(['sleep#2']);
  });
  it('end with the step, signal or completion that they guard', () => {
    expect(pending(set(0, 'copy'), completed(0, 'copy', 1))).toEqual([]);
    expect(pending(set(0, 'copy'), retrying(0, 'copy', 1))).toEqual(['copy']);
    expect(
      pending(set(0, 'card'), { type: 'external-completed', ordinal: 0, name: 'card', ok: true }),
    ).toEqual([]);
    const signal: RunEvent = { type: 'signal-received', id: 's', name: 'paid' };
    expect(pending(set(0, 'sleep'), set(1, 'paid'), set(2, 'paid#2'), signal)).toEqual(['sleep', 'paid#2']);
    expect(pending(set(0, 'paid'), retrying(0, 'paid', 1), signal)).toEqual(['paid']);
  });
  it('end with a cancel, the deadline and the run', () => {
    expect(pending(set(0, 'sleep'), { type: 'cancel-requested', id: 'c' })).toEqual([]);
    expect(pending(set(0, 'sleep'), { type: 'deadline-passed' })).toEqual([]);
    expect(pending(set(0, 'sleep'), { type: 'completed' })).toEqual([]);
  });
});

describe('published values and blocks', () => {
  it('keep the last value of each key', () => {
    const { published } = fold(
      historyOf(STARTED, publish(0, 'progress', '1'), publish(1, 'progress#2', '2'), publish(2, 'stage')),
    );
    expect([...published]).toEqual([
      ['progress', '2'],
      ['stage', 'null'],
    ]);
  });
  it('show a block until something happens after it', () => {
    const blocked: RunEvent = { type: 'blocked', code: 'NON_DETERMINISTIC', payload: '{}' };
    expect(fold(historyOf(STARTED, blocked)).block).toEqual({ at: T0 + 1000, event: blocked });
    const patched: RunEvent = { type: 'patched', name: 'p' };
    const recorded: RunEvent = { type: 'recorded', ordinal: 0, name: 'now', payload: '1' };
    expect(fold(historyOf(STARTED, blocked, patched, recorded)).block).toBeUndefined();
  });
});
