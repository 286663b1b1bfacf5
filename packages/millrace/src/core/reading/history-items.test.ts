import { describe, expect, it } from 'vitest';
import { historyOf, STARTED, T0 } from '../../../testbed/samples/history.ts';
import { encodeChunk } from '../run/chunk.ts';
import type { RunEvent } from '../run/event.ts';
import { historyItem, historyItems } from './history-items.ts';

const FAILURE = '{"name":"Error","message":"boom"}';
const ERROR = { code: 'Error', name: 'Error', message: 'boom' };

function dataOf(event: RunEvent) {
  return historyOf(event).map(historyItem)[0]?.data;
}

describe('history items', () => {
  it('come from chunks, numbered on', () => {
    const first = encodeChunk({ at: T0, engine: 'engine-1' }, [STARTED]);
    const second = encodeChunk({ at: T0 + 5, engine: 'engine-2' }, [
      { type: 'step-completed', ordinal: 0, name: 'charge', attempt: 2, payload: '{"amount":17}' },
      { type: 'deadline-passed' },
    ]);
    expect(
      historyItems([
        { seq: 0, data: first },
        { seq: 1, data: second },
      ]),
    ).toEqual([
      {
        seq: 0,
        type: 'started',
        at: '2026-01-01T00:00:00.000Z',
        engineId: 'engine-1',
        data: { workflow: 'order', version: '1', priority: 'normal', queue: 'default', input: { id: 17 } },
      },
      {
        seq: 1,
        type: 'step-completed',
        at: '2026-01-01T00:00:00.005Z',
        name: 'charge',
        attempt: 2,
        engineId: 'engine-2',
        data: { ordinal: 0, output: { amount: 17 } },
      },
      { seq: 2, type: 'deadline-passed', at: '2026-01-01T00:00:00.005Z', engineId: 'engine-2' },
    ]);
  });

  it('show instants as text and carried signals decoded', () => {
    const carried = [{ id: 'a', name: 'packed', payload: '{"boxes":2}' }];
    expect(
      dataOf({ ...STARTED, startAt: T0 + 1000, deadlineAt: undefined, carried } as RunEvent),
    ).toMatchObject({
      startAt: '2026-01-01T00:00:01.000Z',
      carried: [{ id: 'a', name: 'packed', payload: { boxes: 2 } }],
    });
    expect(dataOf({ type: 'timer-set', ordinal: 3, name: 'sleep', fireAt: T0 })).toEqual({
      ordinal: 3,
      fireAt: '2026-01-01T00:00:00.000Z',
    });
  });

  const command = { ordinal: 1, name: 'x' };
  const child = { ...command, runId: 'r', workflow: 'w', detached: false };
  it.each<[string, RunEvent, unknown]>([
    ['input', { type: 'update-received', id: 'u', name: 'x', payload: '1' }, 1],
    ['input', { type: 'continued', runId: 'r', payload: '1' }, 1],
    ['output', { type: 'completed', payload: '1' }, 1],
    ['error', { type: 'step-failed', ...command, attempt: 1, payload: FAILURE }, ERROR],
    ['error', { type: 'step-retrying', ...command, attempt: 1, retryAt: T0, payload: FAILURE }, ERROR],
    ['error', { type: 'failed', payload: FAILURE }, ERROR],
    ['error', { type: 'cancelled' }, { code: 'Error', name: 'Error', message: '' }],
    ['error', { type: 'cancelled', payload: FAILURE }, ERROR],
    ['error', { type: 'timed-out', payload: FAILURE }, ERROR],
    ['output', { type: 'child-closed', ...command, status: 'completed', runId: 'r', payload: '1' }, 1],
    ['error', { type: 'child-closed', ...command, status: 'failed', runId: 'r', payload: FAILURE }, ERROR],
    ['output', { type: 'external-completed', ...command, ok: true, payload: '1' }, 1],
    ['error', { type: 'external-completed', ...command, ok: false, payload: FAILURE }, ERROR],
    ['output', { type: 'update-replied', id: 'u', name: 'x', ok: true, payload: '1' }, 1],
    ['error', { type: 'update-replied', id: 'u', name: 'x', ok: false, payload: FAILURE }, ERROR],
    ['payload', { type: 'signal-received', id: 's', name: 'x', payload: '1' }, 1],
    ['reason', { type: 'cancel-requested', id: 'c', payload: '"why not"' }, 'why not'],
    ['mismatch', { type: 'blocked', code: 'NON_DETERMINISTIC', payload: '{"seq":3}' }, { seq: 3 }],
    ['value', { type: 'step-checkpoint', ...command, attempt: 1, payload: '1' }, 1],
    ['runId', { type: 'step-placed', ...command, attempt: 1, runId: 'r' }, 'r'],
    ['value', { type: 'recorded', ...command, payload: '1' }, 1],
    ['value', { type: 'published', ...command, payload: '1' }, 1],
    ['runId', { type: 'child-started', ...child }, 'r'],
    ['ordinal', { type: 'timer-fired', ...command }, 1],
    ['cut', { type: 'retried', cut: 4 }, 4],
    ['code', { type: 'blocked', code: 'QUARANTINED' }, 'QUARANTINED'],
  ])('show a value under the name %s: %o', (field, event, value) => {
    expect(dataOf(event)).toHaveProperty(field, value);
  });

  it('of events with nothing more to say have no data', () => {
    expect(dataOf({ type: 'patched', name: 'p' })).toBeUndefined();
  });
});
