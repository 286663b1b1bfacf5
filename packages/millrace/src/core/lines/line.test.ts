import { describe, expect, it } from 'vitest';
import { unreadable } from '../payload/unreadable.ts';
import {
  encodeLine,
  isAtLeast,
  LOG_LEVELS,
  MAX_FIELDS_CHARS,
  MAX_MESSAGE_CHARS,
  readLine,
  soundLine,
  type Line,
} from './line.ts';

const AT = Date.UTC(2030, 0, 2, 3, 4, 5, 6);

function kept(line: Partial<Line>) {
  const body = encodeLine({ level: 'info', message: 'm', engine: 'e', ...line });
  return { bytes: body.byteLength, line: readLine({ seq: 7, at: AT, body }) };
}

/** An object that throws when it is looked at. */
function sore(thrown: unknown): Record<string, unknown> {
  return Object.defineProperty({}, 'a', {
    enumerable: true,
    get() {
      throw thrown;
    },
  });
}

describe('a line', () => {
  it('is read as it was said', () => {
    const said = { level: 'warn', message: 'a "b"\n\0\ud800 😀', step: 'pay', attempt: 2 } as const;
    expect(kept({ ...said, fields: { amount: 12, to: { name: 'ä' } } }).line).toEqual({
      ...{ seq: 7, at: '2030-01-02T03:04:05.006Z', engineId: 'e' },
      ...{ ...said, fields: { amount: 12, to: { name: 'ä' } } },
    });
    expect(kept({}).line).toEqual({
      ...{ seq: 7, at: '2030-01-02T03:04:05.006Z', level: 'info', message: 'm', engineId: 'e' },
    });
  });

  it('has fields that JSON does not have as text', () => {
    const fields = {
      big: 12n,
      when: new Date(0),
      why: new Error('late'),
      set: new Set([1]),
      none: undefined,
    };
    expect(kept({ fields }).line.fields).toEqual({
      ...{ big: '12', when: '1970-01-01T00:00:00.000Z', set: [1], none: null },
      why: { name: 'Error', message: 'late' },
    });
  });

  it('takes whatever is said without types', () => {
    const said = (message: unknown, fields?: unknown) => soundLine({ message, fields });
    expect(said({ toString: () => 'object' })).toEqual({ message: 'object' });
    expect(said(undefined, null)).toEqual({ message: 'undefined' });
    expect(said(Object.create(null))).toEqual({ message: 'a message that is no text' });
    expect(said('a', 7)).toEqual({ message: 'a', fields: { fields: 7 } });
    expect(said('a', [7])).toEqual({ message: 'a', fields: { fields: [7] } });
    expect(said('a', { b: 7 })).toEqual({ message: 'a', fields: { b: 7 } });
    const error = new Error('late');
    expect(said('a', error)).toEqual({ message: 'a', fields: { fields: error } });
    const omitted = 'the fields: a message that is no text';
    expect(said('a', sore(Object.create(null)))).toEqual({ message: 'a', fields: { omitted } });
  });

  it('is of bounded size', () => {
    const long = kept({ message: 'x'.repeat(MAX_MESSAGE_CHARS + 5) });
    expect(long.line.message).toBe(`${'x'.repeat(MAX_MESSAGE_CHARS)}… (5 characters more)`);
    const edge = 'x'.repeat(MAX_MESSAGE_CHARS);
    expect(kept({ message: edge }).line.message).toBe(edge);
    const wide = kept({ fields: { blob: 'x'.repeat(MAX_FIELDS_CHARS) } });
    expect(wide.line.fields).toEqual({ omitted: `the fields, ${MAX_FIELDS_CHARS + 11} characters of JSON` });
    // The worst that can be said: every character is written as six.
    const worst = { message: '\0'.repeat(100_000), fields: { a: '\0'.repeat(1_300) } };
    expect(kept({ ...worst, step: '\0'.repeat(256) }).bytes).toBeLessThan(60_000);
  });

  it('leaves out fields that cannot be told', () => {
    const round: Record<string, unknown> = {};
    round['self'] = round;
    expect(kept({ fields: round }).line.fields).toEqual({ omitted: expect.stringContaining('the fields: ') });
    const omitted = 'the fields: do not look';
    expect(kept({ fields: sore(new Error('do not look')) }).line.fields).toEqual({ omitted });
    expect(kept({ fields: sore('do not look') }).line.fields).toEqual({ omitted });
  });

  it('that cannot be opened says so in its place', () => {
    const body = unreadable({ reason: 'no-key', keyId: 'k1', what: 'a line of the log of run r' });
    expect(readLine({ seq: 3, at: AT, body })).toEqual({
      ...{ seq: 3, at: '2030-01-02T03:04:05.006Z', level: 'warn' },
      message: expect.stringContaining(
        'a line of the log of run r is sealed with key "k1", which is not here',
      ),
    });
  });
});

it('levels are in order', () => {
  const least = (level: (typeof LOG_LEVELS)[number]) => LOG_LEVELS.filter((other) => isAtLeast(other, level));
  expect(least('debug')).toEqual(LOG_LEVELS);
  expect(least('warn')).toEqual(['warn', 'error']);
});
