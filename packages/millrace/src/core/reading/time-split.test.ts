import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { aRun, historyOf, STARTED, T0, waitsOf } from '../../../testbed/samples/history.ts';
import type { RunEvent } from '../run/event.ts';
import type { ReadableRun } from './readable-run.ts';
import { splitTime } from './time-split.ts';

function split(own: Partial<ReadableRun>, nowMs: number, ...events: [number, RunEvent][]) {
  const { queuedMs, blockedMs, runningMs, backoffMs, waitingMs } = splitTime(
    aRun(own),
    historyOf([0, STARTED], ...events),
    T0 + nowMs,
  );
  return { queuedMs, blockedMs, runningMs, backoffMs, waitingMs };
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
    expect(splitTime(aRun({ status: 'queued', version: 0 }), history, T0 + 70)).toEqual({
      ...NONE,
      queuedMs: 70,
    });
  });

  it('before a delayed start is waiting', () => {
    const started = { ...STARTED, startAt: T0 + 40 } as RunEvent;
    const queued = aRun({ status: 'queued', version: 0 });
    expect(splitTime(queued, historyOf(started), T0 + 100)).toEqual({ ...NONE, waitingMs: 40, queuedMs: 60 });
    const waiting = aRun({ status: 'waiting', version: 0 });
    expect(splitTime(waiting, historyOf(started), T0 + 30)).toEqual({ ...NONE, waitingMs: 30 });
    const early = aRun({ status: 'cancelled' });
    const cancel: RunEvent = { type: 'cancel-requested', id: 'c' };
    expect(splitTime(early, historyOf([0, started], [10, cancel]), T0)).toEqual({ ...NONE, waitingMs: 10 });
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
    expect(splitTime(aRun({ status: 'queued', readyAt: T0 + 60 }), [], T0 + 100)).toMatchObject({
      waitingMs: 60,
    });
  });

  it('adds up to the age of a run that was never closed', () => {
    const event = fc.oneof(
      fc.constant(signal),
      fc.constant(blocked),
      fc.integer({ min: 0, max: 3 }).map(done),
      fc
        .tuple(fc.integer({ min: 0, max: 3 }), fc.integer({ min: 0, max: 9000 }))
        .map(([o, at]) => retrying(o, at)),
    );
    const history = fc.array(fc.tuple(fc.integer({ min: 0, max: 900 }), event), { maxLength: 12 });
    const status = fc.constantFrom('queued', 'running', 'waiting', 'blocked', 'paused');
    fc.assert(
      fc.property(history, status, fc.option(fc.nat(20_000), { nil: undefined }), (gaps, state, readyMs) => {
        let at = 0;
        const events = gaps.map(([gap, placed]): [number, RunEvent] => [(at += gap), placed]);
        const readyAt = readyMs === undefined ? undefined : T0 + readyMs;
        const parts = split({ status: state, readyAt, startedAt: T0 }, at + 1000, ...events);
        expect(Object.values(parts).reduce((sum, part) => sum + part)).toBe(at + 1000);
      }),
    );
  });
});
