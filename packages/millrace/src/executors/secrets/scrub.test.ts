import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { MillraceError, TerminalError } from '../../core/errors.ts';
import { failureOf } from '../../core/failure.ts';
import { createScrubber, matcherOf, type Scrubber } from './scrub.ts';

const SECRET = 'h/u"n ter&2+ü';
const scrubber = scrubberOf({ TOKEN: SECRET });
const clean = (value: unknown): unknown => scrubber.value(value);

describe('the text of a secret', () => {
  it.each([
    ['as it is', SECRET],
    ['in JSON', JSON.stringify({ a: SECRET })],
    ['in JSON in JSON', JSON.stringify({ a: JSON.stringify(SECRET) })],
    ['in JSON that escapes slashes', JSON.stringify(SECRET).replaceAll('/', '\\/')],
    ['in a URL', `https://a.test/?t=${encodeURIComponent(SECRET)}`],
    [
      'in a URL with small digits',
      encodeURIComponent(SECRET).replace(/%../g, (found) => found.toLowerCase()),
    ],
    ['in a form', new URLSearchParams({ t: SECRET }).toString()],
    ['in HTML', '<b>h/u&quot;n ter&amp;2+ü</b>'],
    ['in HTML by number', '<b>h/u&#34;n ter&#x26;2+&#252;</b>'],
    ['in JSON in a URL', encodeURIComponent(JSON.stringify({ a: SECRET }))],
    ['in a URL in a URL', encodeURIComponent(encodeURIComponent(SECRET))],
    [
      'in JSON that escapes everything',
      SECRET.replace(/[^a-z\d]/g, (c) => `\\u00${c.charCodeAt(0).toString(16)}`),
    ],
    ['in hexadecimal digits', Buffer.from(SECRET).toString('hex')],
    ['in base64', Buffer.from(SECRET).toString('base64')],
    ['in base64 behind one byte', Buffer.from(`a${SECRET}b`).toString('base64')],
    ['in base64 behind two bytes', Buffer.from(`ab${SECRET}`).toString('base64url')],
    ['cut off', `${SECRET.slice(0, 9)}… (100 characters)`],
    ['cut off at the end', `it was ${SECRET.slice(0, 8)}`],
    ['cut off at the beginning', `${SECRET.slice(-9)} it was`],
  ])('is found %s', (_how, text) => {
    const scrubbed = scrubber.text(text);
    expect(scrubbed).toContain('***TOKEN***');
    expect(scrubbed).not.toContain(SECRET.slice(0, 8));
    expect(scrubbed).not.toContain(SECRET.slice(-8));
  });

  it('is found behind anything, whatever it is', () => {
    const text = fc.string({ minLength: 8, maxLength: 40, unit: 'grapheme' });
    fc.assert(
      fc.property(text, fc.string(), fc.string(), (secret, before, after) => {
        const own = scrubberOf({ S: secret });
        for (const kind of ['base64', 'base64url'] as const) {
          const scrubbed = own.text(Buffer.from(before + secret + after).toString(kind));
          expect(Buffer.from(scrubbed, kind).includes(secret)).toBe(false);
        }
        expect(own.text(before + secret + after).replaceAll('***S***', '')).not.toContain(secret);
      }),
      { numRuns: 30 },
    );
  });

  it('is found in time however hostile a text is', () => {
    const begun = performance.now();
    for (const piece of ['\\', '%5C', '%', '%25', 'h', 'h/u', '…', 'h/u"n te'])
      scrubber.text(piece.repeat(50_000));
    expect(performance.now() - begun).toBeLessThan(4_000);
  });

  it('leaves other text alone', () => {
    for (const text of ['', 'hunter', 'TOKEN', 'aGVsbG8=', 'a… b…']) expect(scrubber.text(text)).toBe(text);
  });

  it('is found line by line where it has several', () => {
    const key = scrubberOf({ KEY: 'first line of it\nsecond line of it\n' });
    expect(key.text('stderr: second line of it')).toBe('stderr: ***KEY***');
  });

  it('goes by the name of the longest that is there', () => {
    const two = scrubberOf({ SHORT: 'hunter', LONG: 'hunter and prey', EMPTY: '' });
    expect(two.text('hunter and prey and hunter')).toBe('***LONG*** and ***SHORT***');
    expect(scrubberOf({ EMPTY: '' }).text('abc')).toBe('abc');
  });
});

describe('a value', () => {
  it('is copied where the secret is in it', () => {
    const at = new Date(0);
    const value = {
      list: [SECRET, 1, null],
      [`key ${SECRET}`]: true,
      map: new Map([[SECRET, { deep: SECRET }]]),
      set: new Set([SECRET]),
      bytes: new TextEncoder().encode(`<${SECRET}>`),
      buffer: new TextEncoder().encode(SECRET).buffer,
      url: new URL(`https://a.test/?t=${encodeURIComponent(SECRET)}`),
      at,
    };
    expect(clean(value)).toEqual({
      list: ['***TOKEN***', 1, null],
      'key ***TOKEN***': true,
      map: new Map([['***TOKEN***', { deep: '***TOKEN***' }]]),
      set: new Set(['***TOKEN***']),
      bytes: new TextEncoder().encode('<***TOKEN***>'),
      buffer: new TextEncoder().encode('***TOKEN***'),
      url: 'https://a.test/?t=***TOKEN***',
      at,
    });
  });

  it('is itself where it is not', () => {
    class Order {
      readonly items = ['a', { b: 2n }];
      readonly raw = new Uint8Array([1, 255]);
    }
    for (const value of [new Order(), [1, [2]], 'text', 7, undefined, new URL('https://a.test/')]) {
      expect(clean(value)).toBe(value);
    }
    const loop: unknown[] = [];
    loop.push(loop);
    expect(clean(loop)).toBe(loop);
  });

  it('is no number either', () => {
    const pin = scrubberOf({ PIN: '4711' });
    expect(pin.value({ a: 4711, b: 4711n, c: 4712 })).toEqual({ a: '***PIN***', b: '***PIN***', c: 4712 });
  });
});

describe('an error', () => {
  it('keeps what it is, without the secret', () => {
    const cause = new RangeError(`cause ${SECRET}`);
    const thrown = new TerminalError(`bad ${SECRET}`, {
      code: 'DECLINED',
      details: { sent: [SECRET] },
      cause,
    });
    const failure = failureOf(scrubber.error(thrown));
    expect(failure).toMatchObject({
      ...{ name: 'TerminalError', message: 'bad ***TOKEN***', code: 'DECLINED', terminal: true },
      details: { sent: ['***TOKEN***'] },
      cause: { name: 'RangeError', message: 'cause ***TOKEN***' },
    });
    expect(JSON.stringify(failure)).not.toContain('n ter');
  });

  it('is scrubbed before it is cut', () => {
    const thrown = new Error(`${'x'.repeat(16_380)}${SECRET}`);
    expect(failureOf(scrubber.error(thrown)).message).not.toContain('h/u');
  });

  it('of ours, of many, of another kind and of none is scrubbed', () => {
    const refused = scrubber.error(new MillraceError('INVALID_INPUT', SECRET, { details: { a: SECRET } }));
    expect(failureOf(refused)).toMatchObject({
      name: 'MillraceError',
      code: 'INVALID_INPUT',
      details: { a: '***TOKEN***' },
    });
    const many = scrubber.error(new AggregateError([new Error(SECRET), 'b'], 'all'));
    expect(failureOf(many).details).toEqual({ errors: ['Error: ***TOKEN***', 'b'] });
    expect(failureOf(scrubber.error(SECRET))).toMatchObject({ name: 'NonError', message: '***TOKEN***' });
    expect(failureOf(scrubber.error({ status: SECRET })).message).toBe('{"status":"***TOKEN***"}');
    expect(failureOf(scrubber.error({ name: 'Odd', message: SECRET })).message).toBe('***TOKEN***');
  });

  it('that cannot be read, or causes itself, still is one', () => {
    const hostile = Object.defineProperty(new Error('a'), 'message', {
      get() {
        throw new Error(SECRET);
      },
    });
    expect(scrubber.error(hostile).message).toBe('an error that cannot be shown');
    const loop = new Error('loop');
    loop.cause = loop;
    expect(scrubber.error(loop).message).toBe('loop');
  });

  it('says how long to wait', () => {
    const thrown = Object.assign(new Error('busy'), { retryAfterMs: 7 });
    expect(failureOf(scrubber.error(thrown)).retryAfterMs).toBe(7);
  });
});

function scrubberOf(secrets: Readonly<Record<string, string>>): Scrubber {
  return createScrubber(Object.entries(secrets).map(([name, secret]) => matcherOf(name, secret)));
}
