import { describe, expect, it } from 'vitest';
import { aRun, historyOf, STARTED, T0 } from '../../../testbed/samples/history.ts';
import { encodeChunk } from '../run/chunk.ts';
import type { RunEvent } from '../run/event.ts';
import { unreadable } from '../payload/unreadable.ts';
import type { RunStatus } from '../status.ts';
import { describeRun, describeStored } from './describe-run.ts';
import { instant } from './instant.ts';

function ended(status: RunStatus, end: RunEvent) {
  return describeRun(aRun({ status, closedAt: T0 + 1000 }), historyOf(STARTED, end));
}

describe('the description of a run of which little can be read', () => {
  const sealed = { seq: 0, data: unreadable({ reason: 'no-key', keyId: 'k1', what: 'the history' }) };

  it('has its row, and says why there is no more', () => {
    expect(describeStored(aRun(), [sealed])).toEqual({
      ...describeRun(aRun(), []),
      unreadable: expect.stringMatching(
        /^the history is sealed with key "k1", which is not here\. Give/,
      ) as string,
    });
  });

  it('is whole where all can be read, and no other failure is hidden', () => {
    const data = encodeChunk({ at: T0, engine: 'engine-1' }, [STARTED]);
    expect(describeStored(aRun(), [{ seq: 0, data }])).toEqual(describeRun(aRun(), historyOf(STARTED)));
    expect(() => describeStored(aRun(), [{ seq: 0, data: data.subarray(0, 9) }])).toThrow(SyntaxError);
  });
});

describe('the description of a run', () => {
  it('has every field of the shape, null where there is nothing', () => {
    expect(describeRun(aRun(), historyOf(STARTED))).toEqual({
      runId: '0199b0a0-0000-7000-8000-000000000001',
      workflow: 'order',
      version: '1',
      requires: [],
      namespace: 'default',
      key: null,
      status: 'waiting',
      priority: 'normal',
      tags: [],
      queue: 'default',
      input: { id: 17 },
      output: null,
      error: null,
      createdAt: '2026-01-01T00:00:00.000Z',
      startedAt: null,
      closedAt: null,
      deadlineAt: null,
      engineId: null,
      parentRunId: null,
      successorRunId: null,
    });
  });

  it('gives what is known of key, times, engine and relatives', () => {
    const run = aRun({
      key: 'order-17',
      startedAt: T0 + 5,
      deadlineAt: T0 + 60_000,
      engineName: 'engine-2',
      parentRunId: 'p',
      successor: 's',
    });
    expect(describeRun(run, [])).toMatchObject({
      key: 'order-17',
      input: null,
      startedAt: '2026-01-01T00:00:00.005Z',
      deadlineAt: '2026-01-01T00:01:00.000Z',
      engineId: 'engine-2',
      parentRunId: 'p',
      successorRunId: 's',
    });
  });

  it('of a paused run says since when, by whom and why', () => {
    const pause = { at: T0, by: 'ada', reason: 'audit', engineId: 'e' };
    const since = '2026-01-01T00:00:00.000Z';
    expect(describeRun(aRun({ status: 'paused', pause }), []).pause).toEqual({
      ...{ since, by: 'ada', reason: 'audit' },
    });
    const bare = { ...pause, by: undefined, reason: undefined };
    expect(describeRun(aRun({ status: 'paused', pause: bare }), []).pause).toEqual({
      ...{ since, by: null, reason: null },
    });
  });

  it('of a completed run has its output', () => {
    expect(ended('completed', { type: 'completed', payload: '{"paid":true}' })).toMatchObject({
      output: { paid: true },
      error: null,
      closedAt: '2026-01-01T00:00:01.000Z',
    });
    expect(ended('completed', { type: 'completed' }).output).toBeNull();
  });

  it('of a run without input has none', () => {
    expect(describeRun(aRun(), historyOf({ ...STARTED, payload: undefined })).input).toBeNull();
  });

  it('of a failed run has its error with all its causes', () => {
    const payload = JSON.stringify({
      name: 'StepError',
      code: 'STEP_FAILED',
      message: 'step "charge" failed',
      details: { step: 'charge' },
      stack: 'StepError: …',
      cause: { name: 'RangeError', message: 'too much' },
    });
    expect(ended('failed', { type: 'failed', payload }).error).toEqual({
      code: 'STEP_FAILED',
      message: 'step "charge" failed',
      name: 'StepError',
      details: { step: 'charge' },
      stack: 'StepError: …',
      cause: { code: 'RangeError', name: 'RangeError', message: 'too much' },
    });
  });

  it('of an end without a code of its own says the class of the end', () => {
    const payload = '{"name":"Error","message":"boom"}';
    expect(ended('failed', { type: 'failed', payload }).error?.code).toBe('RUN_FAILED');
    expect(ended('timed-out', { type: 'timed-out', payload }).error?.code).toBe('RUN_TIMED_OUT');
    expect(ended('cancelled', { type: 'cancelled' }).error).toEqual({
      code: 'CANCELLED',
      message: '',
      name: 'Error',
    });
  });

  it('of a run that continued as another has neither output nor error', () => {
    expect(ended('continued', { type: 'continued', runId: 's', payload: '1' })).toMatchObject({
      output: null,
      error: null,
    });
  });
});

describe('instants', () => {
  it('beyond the calendar are shown as its last one', () => {
    expect(instant(1e300)).toBe('+275760-09-13T00:00:00.000Z');
  });
});
