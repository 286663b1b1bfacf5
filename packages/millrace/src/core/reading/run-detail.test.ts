import { expect, it } from 'vitest';
import { aRun, historyOf, STARTED, T0 } from '../../../testbed/samples/history.ts';
import { detailRun } from './run-detail.ts';

const FAILURE = '{"name":"Error","message":"no stock"}';

it('the detail of a run shows steps with retries, signals, children, timers and published values', () => {
  const detail = detailRun(
    aRun(),
    historyOf(
      STARTED,
      {
        type: 'step-retrying',
        ordinal: 0,
        name: 'reserve',
        attempt: 1,
        retryAt: T0 + 9000,
        payload: FAILURE,
      },
      { type: 'step-completed', ordinal: 0, name: 'reserve', attempt: 2, payload: '"r1"' },
      { type: 'step-failed', ordinal: 1, name: 'charge', attempt: 1, payload: FAILURE },
      { type: 'failed', payload: FAILURE },
      { type: 'retried', cut: 3 },
      { type: 'signal-received', id: 's', name: 'paid' },
      { type: 'child-started', ordinal: 2, name: 'invoice', runId: 'c', workflow: 'invoice', detached: true },
      { type: 'timer-set', ordinal: 3, name: 'sleep', fireAt: T0 + 60_000 },
      { type: 'published', ordinal: 4, name: 'progress', payload: '50' },
      { type: 'step-placed', ordinal: 5, name: 'mail', attempt: 1, runId: 't' },
    ),
  );
  expect(detail.input).toEqual({ id: 17 });
  expect(detail.steps).toMatchObject([
    {
      name: 'reserve',
      status: 'completed',
      attempts: 2,
      endedAt: '2026-01-01T00:00:02.000Z',
      engineId: 'engine-1',
      output: 'r1',
      error: null,
      retries: [
        {
          attempt: 1,
          error: { code: 'STEP_FAILED', message: 'no stock' },
          retryAt: '2026-01-01T00:00:09.000Z',
          superseded: false,
        },
      ],
    },
    {
      name: 'charge',
      status: 'superseded',
      output: null,
      engineId: null,
      taskRunId: null,
      retries: [{ superseded: true, retryAt: null }],
    },
    { name: 'mail', status: 'running', taskRunId: 't' },
  ]);
  expect(detail.signals).toEqual([{ id: 's', name: 'paid', at: '2026-01-01T00:00:06.000Z', payload: null }]);
  expect(detail.children).toMatchObject([{ name: 'invoice', runId: 'c', status: 'open', closedAt: null }]);
  expect(detail.timers).toMatchObject([{ name: 'sleep', fireAt: '2026-01-01T00:01:00.000Z' }]);
  expect(detail.published).toEqual({ progress: 50 });
  expect(detail.retriedAt).toEqual(['2026-01-01T00:00:05.000Z']);
});

it('the detail of a failed step shows its error', () => {
  const history = historyOf(STARTED, {
    type: 'step-failed',
    ordinal: 0,
    name: 'charge',
    attempt: 1,
    payload: FAILURE,
  });
  expect(detailRun(aRun(), history).steps[0]?.error).toMatchObject({ message: 'no stock' });
});
