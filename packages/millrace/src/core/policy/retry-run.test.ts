import { describe, expect, it } from 'vitest';
import { historyOf, STARTED, T0 } from '../../../testbed/samples/history.ts';
import type { Failure } from '../failure.ts';
import { encodeFailure } from '../run/outcome.ts';
import type { RunEvent } from '../run/event.ts';
import { leftBehind, retriedEvent, retriesIn, undoneIn } from './retry-run.ts';

function failed(failure: Omit<Failure, 'name' | 'message'>): RunEvent {
  return { type: 'failed', payload: encodeFailure({ name: 'Error', message: 'no', ...failure }) };
}

const step = (name: string): RunEvent => ({ type: 'step-failed', ordinal: 0, name, attempt: 1 });
const done = (name: string): RunEvent => ({ type: 'step-completed', ordinal: 1, name, attempt: 1 });
const child = (runId: string): RunEvent => {
  return { type: 'child-closed', ordinal: 2, name: 'c', status: 'failed', runId };
};
const external = (name: string, ok: boolean): RunEvent => {
  return { type: 'external-completed', ordinal: 3, name, ok };
};

describe('what a retry takes back', () => {
  it.each<[string, RunEvent[], number]>([
    [
      'the failed step that the end names',
      [step('a'), step('b'), failed({ code: 'STEP_FAILED', details: { step: 'a' } })],
      1,
    ],
    [
      'the step behind an error that was wrapped',
      [
        step('a'),
        done('b'),
        failed({ cause: { name: 'E', message: '', code: 'STEP_FAILED', details: { step: 'a' } } }),
      ],
      1,
    ],
    [
      'the child that the end names',
      [child('1'), child('2'), failed({ code: 'CHILD_FAILED', details: { runId: '1' } })],
      1,
    ],
    [
      'the answer from outside that was a failure',
      [external('a', false), external('a', true), failed({ code: 'STEP_FAILED', details: { step: 'a' } })],
      1,
    ],
    ['the end, where the program threw by itself', [step('a'), done('b'), failed({ code: 'BOOM' })], 3],
    ['the end, where it names nothing that is there', [step('a'), failed({ code: 'STEP_FAILED' })], 2],
    ['the cancel', [{ type: 'cancel-requested', id: '1' }, done('undo'), { type: 'cancelled' }], 1],
    ['the deadline', [{ type: 'deadline-passed' }, done('undo'), { type: 'timed-out' }], 1],
    ['the end, where no cancel is in history', [done('a'), { type: 'cancelled' }], 2],
  ])('is %s', (_what, events, cut) => {
    expect(retriedEvent(historyOf(STARTED, ...events), T0)).toEqual({ type: 'retried', cut });
  });

  it('is looked for in what earlier retries have left', () => {
    const named = failed({ code: 'STEP_FAILED', details: { step: 'a' } });
    const history = historyOf(STARTED, step('a'), named, { type: 'retried', cut: 1 }, step('a'), named);
    expect(retriedEvent(history, T0).cut).toBe(4);
    expect(retriesIn(history)).toBe(1);
  });
});

describe('what a retry from a step takes back', () => {
  const did = (ordinal: number, name: string): RunEvent => ({
    type: 'step-completed',
    ordinal,
    name,
    attempt: 1,
  });
  const from = (name: string, ...events: RunEvent[]) =>
    retriedEvent(historyOf(STARTED, ...events, { type: 'failed' }), T0, name);
  const started = (ordinal: number, runId: string, detached = false): RunEvent => {
    return { type: 'child-started', ordinal, name: 'c', runId, workflow: 'w', detached };
  };

  it.each<[string, RunEvent[], { cut: number; from: number }]>([
    [
      'is the command and what was given after it',
      [did(0, 'a'), did(1, 'b'), did(2, 'c')],
      { cut: 2, from: 1 },
    ],
    ['begins where the first of it came', [did(2, 'c'), did(0, 'a'), did(1, 'b')], { cut: 1, from: 1 }],
    ['is of a node all items', [did(0, 'a'), did(3, 'b[1]'), did(2, 'b[0]')], { cut: 2, from: 2 }],
    ['is of several of a name the one', [did(0, 'b#2'), did(1, 'b'), did(2, 'bc')], { cut: 2, from: 1 }],
    [
      'is what was given because of a cancel, too',
      [did(0, 'a'), { type: 'cancel-requested', id: '1', given: 2 }, did(2, 'tidy'), did(3, 'b')],
      { cut: 3, from: 2 },
    ],
    [
      'and because of the deadline',
      [did(0, 'a'), { type: 'deadline-passed', given: 1 }, did(1, 'tidy'), did(2, 'b')],
      { cut: 3, from: 1 },
    ],
    [
      'is the command alone where a cancel does not say what had been given',
      [did(0, 'a'), { type: 'cancel-requested', id: '1' }, did(1, 'b')],
      { cut: 3, from: 1 },
    ],
  ])('%s', (_what, events, place) => {
    expect(from('b', ...events)).toEqual({ type: 'retried', ...place });
  });

  it('is refused where nothing is recorded of the step', () => {
    const error = (...events: RunEvent[]): unknown => {
      try {
        return from('x', ...events);
      } catch (thrown) {
        return thrown;
      }
    };
    expect(error(did(0, 'a'), did(1, 'b'))).toMatchObject({
      ...{ code: 'STEP_NOT_FOUND', details: { step: 'x' }, remedy: 'Recorded are a, b.' },
      message: expect.stringContaining('nothing is recorded of a step "x"'),
    });
    expect(error()).toMatchObject({ remedy: 'Retry without a step.' });
    const many = Array.from({ length: 30 }, (_, at) => did(at, `s${at}`));
    expect(error(...many)).toMatchObject({ remedy: expect.stringMatching(/ s19, …\.$/) });
  });

  it('leaves behind the children of it that have not ended', () => {
    const ended: RunEvent = { type: 'child-closed', ordinal: 3, name: 'c', status: 'completed', runId: '3' };
    const events = [
      started(0, '0'),
      did(1, 'b'),
      started(2, '2'),
      started(3, '3'),
      started(4, '4', true),
      ended,
    ];
    expect(leftBehind(historyOf(STARTED, ...events, { type: 'failed' }), 'b')).toEqual(['2']);
  });
});

describe('the deadline of a run that is opened again', () => {
  it.each<[string, object, number]>([
    ['from its start', {}, 1000],
    ['from its delayed start', { startAt: T0 + 400 }, 600],
  ])('is as far away as it was %s', (_what, more, ms) => {
    const history = historyOf({ ...STARTED, deadlineAt: T0 + 1000, ...more } as RunEvent, { type: 'failed' });
    expect(retriedEvent(history, T0 + 5000.5)).toEqual({
      type: 'retried',
      cut: 1,
      deadlineAt: T0 + 5001 + ms,
    });
  });

  it('is none where it had none, and where the beginning is not known', () => {
    expect(retriedEvent(historyOf(STARTED, { type: 'failed' }), T0)).not.toHaveProperty('deadlineAt');
    expect(retriedEvent(historyOf(done('a'), { type: 'failed' }), T0)).not.toHaveProperty('deadlineAt');
  });
});

describe('what has been undone', () => {
  it('is named, if it still counts', () => {
    const undo: RunEvent = { type: 'step-completed', ordinal: 5, name: 'compensate pay', attempt: 1 };
    expect(undoneIn(historyOf(STARTED, done('a'), step('compensate b')))).toBeUndefined();
    expect(undoneIn(historyOf(STARTED, done('a'), undo, { type: 'failed' }))).toBe('pay');
  });
});
