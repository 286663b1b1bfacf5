import { describe, expect, it } from 'vitest';
import { STARTED } from '../../../testbed/samples/history.ts';
import { closingPayload, decodeChunk, encodeChunk } from './chunk.ts';
import type { RunEvent } from './event.ts';
import { decodeMessage, dedupOf, encodeMessage, type InboxMessage } from './message.ts';
import { encodeFailure } from './outcome.ts';
import { decodeValue } from '../json.ts';

describe('a chunk', () => {
  const events: RunEvent[] = [
    STARTED,
    { type: 'step-completed', ordinal: 0, name: 'ünïcode\n= "x"', attempt: 1, payload: '"= no\\nline"' },
    { type: 'step-completed', ordinal: 1, name: 'elsewhere', attempt: 2, engine: 'engine 2', payload: '1' },
    { type: 'patched', name: 'check' },
    { type: 'completed', payload: 'null' },
  ];

  it('gives back its events with their places, and payloads verbatim', () => {
    const placed = decodeChunk(5, encodeChunk({ at: 17, engine: 'engine "1"\n' }, events));
    expect(placed).toEqual(
      events.map((event, at) => ({ seq: 5 + at, at: 17, engine: 'engine "1"\n', event })),
    );
  });

  it('may be empty', () => {
    expect(decodeChunk(0, encodeChunk({ at: 17, engine: 'e' }, []))).toEqual([]);
  });

  it('that nobody wrote is refused', () => {
    const unreadable = expect.objectContaining({ code: 'PAYLOAD_UNREADABLE' }) as Error;
    expect(() => decodeChunk(0, new TextEncoder().encode('hello'))).toThrow(unreadable);
    expect(() => decodeChunk(0, new Uint8Array())).toThrow(unreadable);
    expect(() => decodeChunk(0, new TextEncoder().encode('{"at":'))).toThrow(SyntaxError);
    expect(() => decodeChunk(0, Uint8Array.of(0x7b, 0xff, 0xfe))).toThrow(TypeError);
    const mark = encodeChunk({ at: 1, engine: '\uFFFD' }, []);
    expect(() => decodeChunk(0, mark), 'a mark that somebody wrote').not.toThrow();
  });

  it('as it is written today can be read for ever', () => {
    const text =
      '{"at":1,"engine":"e"}\n{"type":"signal-received","id":"1","name":"go"}\n= true\n{"type":"completed"}';
    expect(new TextDecoder().decode(encodeChunk({ at: 1, engine: 'e' }, eventsOf(text)))).toBe(text);
  });
});

function eventsOf(text: string): RunEvent[] {
  return decodeChunk(0, new TextEncoder().encode(text)).map(({ event }) => event);
}

describe('what a closed run ended with', () => {
  it('is what its last event carries, or null', () => {
    const data = encodeChunk({ at: 1, engine: 'e' }, [
      { type: 'patched', name: 'x' },
      { type: 'completed', payload: '17' },
    ]);
    expect(closingPayload({ seq: 4, data })).toBe('17');
    const bare = encodeChunk({ at: 1, engine: 'e' }, [{ type: 'completed' }]);
    expect(closingPayload({ seq: 4, data: bare })).toBe('null');
    expect(closingPayload(undefined), 'nothing was read').toBe('null');
  });
});

describe('a message', () => {
  const messages: [InboxMessage, dedup: string][] = [
    [{ kind: 'signal', id: '1', name: 'go', payload: '{"a":1}' }, 'signal:1'],
    [{ kind: 'update', id: '1', name: 'ask', payload: '"line\\nbreak"' }, 'update:1'],
    [{ kind: 'cancel', id: '1' }, 'cancel:1'],
    [{ kind: 'child-closed', ordinal: 1, name: 'c', runId: 'r', status: 'failed' }, 'child:r'],
    [{ kind: 'task-ended', ordinal: 1, runId: 'r', ok: true, engine: 'e', payload: '1' }, 'task:r'],
    [
      {
        kind: 'task-ended',
        ordinal: 1,
        runId: 'r',
        ok: false,
        engine: 'e',
        checkpoint: '"a\\nb"',
        payload: '{}',
      },
      'task:r',
    ],
    [{ kind: 'external', ordinal: 3, name: 'e', ok: true, payload: 'null' }, 'external:3:e'],
  ];

  it.each(messages)('comes back as it went, known by one key: %o', (message, dedup) => {
    expect(decodeMessage(encodeMessage(message))).toEqual(message);
    expect(dedupOf(message)).toBe(dedup);
  });
});

describe('a failure', () => {
  it('is recorded without the details that cannot be, down its causes', () => {
    const cause = { name: 'Inner', message: 'in', details: { call: () => 1 } };
    const text = encodeFailure({ name: 'Outer', message: 'out', details: 17, cause });
    expect(decodeValue(text)).toEqual({
      name: 'Outer',
      message: 'out',
      cause: { name: 'Inner', message: 'in' },
    });
  });

  it('that can be recorded is recorded whole', () => {
    const failure = { name: 'Error', message: 'out', details: { amount: 17n } };
    expect(decodeValue(encodeFailure(failure))).toEqual(failure);
  });
});
