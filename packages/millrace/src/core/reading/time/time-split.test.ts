import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { aRun, historyOf, STARTED, T0, waitsOf } from '../../../../testbed/samples/history.ts';
import type { RunEvent } from '../../run/event.ts';
import type { ReadableRun } from '../readable-run.ts';
import type { Wait } from '../../run/command.ts';
import type { StepTime } from './step-times.ts';
import { splitTime, type TimeSplit } from './time-split.ts';

function split(own: Partial<ReadableRun>, nowMs: number, ...events: [number, RunEvent][]) {
  return splitTime(aRun(own), historyOf([0, STARTED], ...events), T0 + nowMs).time;
}
const NONE = { queuedMs: 0, blockedMs: 0, runningMs: 0, backoffMs: 0, waitingMs: 0 };
const done = (ordinal: number): RunEvent => ({ type: 'step-completed', ordinal, name: 'x', attempt: 1 });
const retrying = (ordinal: number, retryAtMs: number): RunEvent => {
  return { type: 'step-retrying', ordinal, name: 'x', attempt: 1, retryAt: T0 + retryAtMs };
};
const signal: RunEvent = { type: 'signal-received', id: 's', name: 'paid' };
const blocked: RunEvent = { type: 'blocked', code: 'NON_DETERMINISTIC' };

describe('where the time of a run went', () => {
  it('starts in the queue', () => {
    expect(split({ status: 'queued', version: 0 }, 70)).toEqual({ ...NONE, queuedMs: 70 });
    expect(split({ startedAt: T0 + 30 }, 100, [100, done(0)])).toEqual({
      ...NONE,
      queuedMs: 30,
      runningMs: 70,
    });
    expect(split({ status: 'running', startedAt: T0 + 30 }, 100)).toEqual({
      ...NONE,
      queuedMs: 30,
      runningMs: 70,
    });
  });

  it('begins with the row, also where the clocks differ by a little', () => {
    const history = historyOf([7, STARTED]);
    expect(splitTime(aRun({ status: 'queued', version: 0 }), history, T0 + 70).time).toEqual({
      ...NONE,
      queuedMs: 70,
    });
  });

  it('before a delayed start is waiting', () => {
    const started = { ...STARTED, startAt: T0 + 40 } as RunEvent;
    const queued = aRun({ status: 'queued', version: 0 });
    expect(splitTime(queued, historyOf(started), T0 + 100).time).toEqual({
      ...NONE,
      waitingMs: 40,
      queuedMs: 60,
    });
    const waiting = aRun({ status: 'waiting', version: 0 });
    expect(splitTime(waiting, historyOf(started), T0 + 30).time).toEqual({ ...NONE, waitingMs: 30 });
    const early = aRun({ status: 'cancelled' });
    const cancel: RunEvent = { type: 'cancel-requested', id: 'c' };
    expect(splitTime(early, historyOf([0, started], [10, cancel]), T0).time).toEqual({
      ...NONE,
      waitingMs: 10,
    });
  });

  it('before an outcome of a step is running, before an arrival waiting', () => {
    const from = { startedAt: T0, status: 'completed' } as const;
    expect(split(from, 999, [10, done(0)], [50, signal], [60, { type: 'completed' }])).toEqual({
      ...NONE,
      runningMs: 20,
      waitingMs: 40,
    });
  });

  it('between attempts is backoff, and no longer than the pause was meant to be', () => {
    const from = { startedAt: T0, status: 'completed' } as const;
    expect(split(from, 999, [10, retrying(0, 50)], [80, done(0)])).toEqual({
      ...NONE,
      runningMs: 40,
      backoffMs: 40,
    });
    expect(split(from, 999, [10, retrying(0, 50)], [30, signal])).toEqual({
      ...NONE,
      runningMs: 10,
      backoffMs: 20,
    });
    expect(split(from, 999, [10, retrying(0, 50)], [30, done(1)])).toEqual({ ...NONE, runningMs: 30 });
  });

  it('while blocked or paused needs a person', () => {
    const from = { startedAt: T0 };
    expect(split({ ...from, status: 'blocked' }, 100, [10, blocked])).toEqual({
      ...NONE,
      runningMs: 10,
      blockedMs: 90,
    });
    expect(split({ ...from, status: 'completed' }, 100, [10, blocked], [60, done(0)])).toEqual({
      ...NONE,
      runningMs: 10,
      blockedMs: 50,
    });
    expect(split({ ...from, status: 'paused' }, 100, [10, done(0)])).toMatchObject({ blockedMs: 90 });
  });

  it('between an end and a retry belongs to nobody', () => {
    const from = { startedAt: T0, status: 'completed' } as const;
    const events: [number, RunEvent][] = [
      [10, { type: 'failed' }],
      [500, { type: 'retried', cut: 1 }],
      [520, done(0)],
    ];
    expect(split(from, 999, ...events)).toEqual({ ...NONE, runningMs: 30 });
  });

  it('of a suspended run goes on until now', () => {
    const from = { startedAt: T0, status: 'waiting' } as const;
    const sleeping = waitsOf([{ kind: 'sleep', name: 'sleep' }]);
    expect(split({ ...from, waits: sleeping }, 100, [10, done(0)])).toEqual({
      ...NONE,
      runningMs: 10,
      waitingMs: 90,
    });
    const pausing = waitsOf([{ kind: 'retry', name: 'x' }]);
    expect(split({ ...from, waits: pausing }, 100, [10, retrying(0, 200)])).toMatchObject({ backoffMs: 90 });
    const elsewhere = waitsOf([
      { kind: 'sleep', name: 'sleep' },
      { kind: 'task', name: 'x' },
    ]);
    expect(split({ ...from, waits: elsewhere }, 100, [10, done(0)])).toMatchObject({ runningMs: 100 });
    expect(split(from, 100, [10, done(0)])).toMatchObject({ waitingMs: 90 });
  });

  it('after a wake is queued, then running', () => {
    const woken = { startedAt: T0, readyAt: T0 + 60 };
    expect(split({ ...woken, status: 'queued' }, 100, [10, done(0)])).toEqual({
      ...NONE,
      runningMs: 10,
      waitingMs: 50,
      queuedMs: 40,
    });
    expect(split({ ...woken, status: 'queued' }, 100, [10, blocked])).toMatchObject({
      blockedMs: 50,
      queuedMs: 40,
    });
    expect(split({ startedAt: T0, status: 'running' }, 100, [10, done(0)])).toEqual({
      ...NONE,
      runningMs: 100,
    });
    expect(splitTime(aRun({ status: 'queued', readyAt: T0 + 60 }), [], T0 + 100).time).toMatchObject({
      waitingMs: 60,
    });
  });

  it('while a lock is waited for is waiting', () => {
    const granted: RunEvent = { type: 'lock-granted', ordinal: 0, name: 'lock x', token: 1, expiresAt: T0 };
    expect(split({ startedAt: T0, status: 'completed' }, 999, [40, granted])).toEqual({
      ...NONE,
      waitingMs: 40,
    });
  });

  it('between an end and a retry is no pause either', () => {
    const events: [number, RunEvent][] = [
      [10, retrying(0, 500)],
      [20, { type: 'failed' }],
      [400, { type: 'retried', cut: 2 }],
      [600, done(0)],
    ];
    const from = { startedAt: T0, status: 'completed' } as const;
    expect(split(from, 999, ...events)).toEqual({ ...NONE, runningMs: 110, backoffMs: 110 });
  });
});

/** A piece of a run's life: what happens, and how much of what it is. */
interface Piece {
  readonly events: readonly [afterMs: number, event: RunEvent][];
  readonly time: Partial<TimeSplit>;
  readonly steps?: Readonly<Record<string, Partial<StepTime>>>;
}

const some = fc.integer({ min: 0, max: 900 });
const names = fc.constantFrom('reserve', 'charge', 'ship');
const step = (type: 'step-completed' | 'step-failed', name: string): RunEvent => ({
  ...{ type, name, attempt: 1, ordinal: name.length },
});

/** Everything that may happen to a run that does one thing after the other. */
const piece: fc.Arbitrary<Piece> = fc.oneof(
  fc.tuple(names, some, fc.constantFrom('step-completed', 'step-failed')).map(([name, ms, type]): Piece => ({
    events: [[ms, step(type, name)]],
    time: { runningMs: ms },
    steps: { [name]: { runningMs: ms, attempts: 1 } },
  })),
  fc.tuple(names, some, some, some).map(([name, first, pause, second]): Piece => ({
    events: [
      [first, { type: 'step-retrying', name, ordinal: name.length, attempt: 1, retryAt: pause }],
      [pause + second, step('step-completed', name)],
    ],
    time: { runningMs: first + second, backoffMs: pause },
    steps: { [name]: { runningMs: first + second, backoffMs: pause, attempts: 2 } },
  })),
  fc.tuple(names, some, some).map(([name, before, ms]): Piece => ({
    events: [
      [before, { type: 'step-placed', name, ordinal: name.length, attempt: 1, runId: 't' }],
      [ms, step('step-completed', name)],
    ],
    time: { runningMs: before + ms },
    steps: { [name]: { runningMs: before + ms, attempts: 1 } },
  })),
  fc.tuple(some, fc.constantFrom('signal-received', 'update-received')).map(([ms, type]): Piece => ({
    events: [[ms, { type, id: 'i', name: 'n' }]],
    time: { waitingMs: ms },
  })),
  fc.tuple(some, some).map(([ran, ms]): Piece => ({
    events: [
      [ran, blocked],
      [ms, signal],
    ],
    time: { runningMs: ran, blockedMs: ms },
  })),
  fc.tuple(some, some).map(([ran, gap]): Piece => ({
    events: [
      [ran, { type: 'failed' }],
      [gap, { type: 'retried', cut: 99 }],
    ],
    time: { runningMs: ran },
  })),
);

describe('where the time of a run and its steps went', () => {
  const whole = (parts: Partial<TimeSplit>): TimeSplit => ({ ...NONE, ...parts });
  const add = <T extends object>(sum: T, parts: Partial<T>): void => {
    for (const [name, ms] of Object.entries(parts) as [keyof T, number][]) {
      sum[name] = (((sum[name] as number | undefined) ?? 0) + ms) as T[keyof T];
    }
  };

  it('is what it was, whatever a run did one after the other', () => {
    fc.assert(
      fc.property(fc.array(piece, { maxLength: 12 }), some, (pieces, queuedMs) => {
        let at = queuedMs;
        const time = whole({ queuedMs });
        const steps = new Map<string, StepTime>();
        const events: [number, RunEvent][] = [];
        for (const { events: own, time: parts, steps: of = {} } of pieces) {
          add(time, parts);
          for (const [name, part] of Object.entries(of)) {
            const known = steps.get(name) ?? { name, queuedMs: 0, runningMs: 0, backoffMs: 0, attempts: 0 };
            add(known, part);
            steps.set(name, known);
          }
          for (const [ms, event] of own) {
            at += ms;
            events.push([
              at,
              'retryAt' in event ? { ...event, retryAt: T0 + at + Number(event.retryAt) } : event,
            ]);
          }
        }
        const run = aRun({ status: 'completed', startedAt: T0 + queuedMs });
        const told = splitTime(run, historyOf([0, STARTED], ...events), T0 + at);
        expect(told.time).toEqual(events.length === 0 ? NONE : time);
        const byName = (a: StepTime, b: StepTime): number => (a.name < b.name ? -1 : 1);
        expect(told.timeBySteps.toSorted(byName)).toEqual([...steps.values()].toSorted(byName));
        const totals = told.timeBySteps.map((one) => one.queuedMs + one.runningMs + one.backoffMs);
        expect(totals, 'the greatest first').toEqual(totals.toSorted((a, b) => b - a));
      }),
    );
  });

  it('adds up to the age, and its steps to no more, whatever happened at once', () => {
    const event = fc.oneof(
      fc.constantFrom(signal, blocked),
      fc.integer({ min: 0, max: 3 }).map(done),
      fc
        .tuple(fc.integer({ min: 0, max: 3 }), fc.integer({ min: 0, max: 9000 }))
        .map(([o, at]) => retrying(o, at)),
      fc.integer({ min: 0, max: 3 }).map((ordinal): RunEvent => {
        return { type: 'step-placed', ordinal, name: 'x', attempt: 1, runId: `t${ordinal}` };
      }),
    );
    const history = fc.array(fc.tuple(fc.integer({ min: 0, max: 900 }), event), { maxLength: 12 });
    const status = fc.constantFrom('queued', 'running', 'waiting', 'blocked', 'paused');
    const waits = fc.subarray<Wait>([
      { kind: 'retry', name: 'x', until: T0 },
      { kind: 'task', name: 'x', runId: 't1' },
      { kind: 'sleep', name: 'sleep' },
    ]);
    const ready = fc.option(fc.nat(20_000), { nil: undefined });
    fc.assert(
      fc.property(history, status, ready, waits, (gaps, state, readyMs, waiting) => {
        let at = 0;
        const events = gaps.map(([gap, placed]): [number, RunEvent] => [(at += gap), placed]);
        const readyAt = readyMs === undefined ? undefined : T0 + readyMs;
        const run = aRun({ status: state, readyAt, startedAt: T0, waits: waitsOf(waiting) });
        const tasks = new Map([['t1', readyAt]]);
        const { time, timeBySteps } = splitTime(
          run,
          historyOf([0, STARTED], ...events),
          T0 + at + 1000,
          tasks,
        );
        expect(Object.values(time).reduce((sum: number, part: number) => sum + part, 0)).toBe(at + 1000);
        const ofSteps = timeBySteps.map((one) => one.queuedMs + one.runningMs + one.backoffMs);
        expect(ofSteps.reduce((sum, part) => sum + part, 0)).toBeLessThanOrEqual(
          time.runningMs + time.backoffMs,
        );
      }),
    );
  });

  it('of a step that executes elsewhere is queued until an engine takes it', () => {
    const placed: RunEvent = { type: 'step-placed', ordinal: 0, name: 'call', attempt: 1, runId: 't1' };
    const waits = waitsOf([{ kind: 'task', name: 'call', runId: 't1' }]);
    const stepsOf = (tasks: Map<string, number | undefined> | undefined) =>
      splitTime(aRun({ startedAt: T0, waits }), historyOf([0, STARTED], [10, placed]), T0 + 100, tasks)
        .timeBySteps;
    const call = { name: 'call', attempts: 0, backoffMs: 0 };
    expect(stepsOf(new Map([['t1', undefined]]))).toEqual([{ ...call, queuedMs: 90, runningMs: 10 }]);
    expect(stepsOf(new Map([['t1', T0 + 40]]))).toEqual([{ ...call, queuedMs: 30, runningMs: 70 }]);
    expect(stepsOf(undefined), 'not known').toEqual([{ ...call, queuedMs: 0, runningMs: 100 }]);
  });

  it('of steps that wait for their next attempt is that of the first to come', () => {
    const waits = waitsOf([
      { kind: 'retry', name: 'late', until: T0 + 900 },
      { kind: 'retry', name: 'soon', until: T0 + 300 },
    ]);
    const { timeBySteps } = splitTime(
      aRun({ startedAt: T0, waits }),
      historyOf([0, STARTED], [10, done(0)]),
      T0 + 100,
    );
    expect(timeBySteps[0]).toEqual({ name: 'soon', queuedMs: 0, runningMs: 0, backoffMs: 90, attempts: 0 });
  });

  it('of the only step that is known to execute goes on until now', () => {
    const checkpoint = (ordinal: number, name: string): RunEvent => ({
      type: 'step-checkpoint',
      ordinal,
      name,
      attempt: 1,
    });
    const spent = (...events: [number, RunEvent][]) =>
      splitTime(aRun({ status: 'running', startedAt: T0 }), historyOf([0, STARTED], ...events), T0 + 100)
        .timeBySteps;
    expect(spent([10, checkpoint(0, 'copy')])).toMatchObject([{ name: 'copy', runningMs: 100 }]);
    expect(spent([10, checkpoint(0, 'copy')], [20, checkpoint(1, 'move')])).toMatchObject([
      { name: 'copy', runningMs: 10 },
      { name: 'move', runningMs: 10 },
    ]);
  });

  it('shows the twenty steps that took longest', () => {
    const events = Array.from({ length: 30 }, (_, at): [number, RunEvent] => {
      return [at * at, { type: 'step-completed', ordinal: at, name: `s${at}`, attempt: 1 }];
    });
    const run = aRun({ status: 'completed', startedAt: T0 });
    const { timeBySteps } = splitTime(run, historyOf([0, STARTED], ...events), T0 + 999);
    expect(timeBySteps.map(({ name }) => name)).toEqual(Array.from({ length: 20 }, (_, at) => `s${29 - at}`));
  });
});
