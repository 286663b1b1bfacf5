import { runInNewContext } from 'node:vm';
import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { decodeValue, encodeValue } from './json.ts';

const roundTrip = (value: unknown): unknown => decodeValue(encodeValue(value, 'step "charge"'));

describe('plain JSON', () => {
  it('is written as JSON.stringify writes it, and read back', () => {
    fc.assert(
      fc.property(fc.jsonValue({ maxDepth: 5 }), (value) => {
        fc.pre(!needsTag(value));
        const text = encodeValue(value, 'x');
        expect(text).toBe(JSON.stringify(value));
        expect(decodeValue(text)).toEqual(JSON.parse(text));
      }),
    );
  });

  it('drops properties that are undefined, as JSON does', () => {
    expect(encodeValue({ a: undefined, b: 1 }, 'x')).toBe('{"b":1}');
    expect(encodeValue({ a: undefined, b: 1n }, 'x')).toBe('{"b":{"$millrace":"bigint","value":"1"}}');
  });

  it('keeps NUL and lone surrogates', () => {
    const text = 'a\0b\uD800c😀';
    expect(roundTrip(text)).toBe(text);
    expect(encodeValue(text, 'x').isWellFormed()).toBe(true);
  });

  it('takes objects without prototype', () => {
    expect(encodeValue(Object.assign(Object.create(null) as object, { a: 1 }), 'x')).toBe('{"a":1}');
  });
});

describe('the stored format', () => {
  it.each<[unknown, string]>([
    [undefined, '{"$millrace":"undefined"}'],
    [[undefined, 1], '[{"$millrace":"undefined"},1]'],
    [Number.NaN, '{"$millrace":"number","value":"NaN"}'],
    [Number.POSITIVE_INFINITY, '{"$millrace":"number","value":"Infinity"}'],
    [Number.NEGATIVE_INFINITY, '{"$millrace":"number","value":"-Infinity"}'],
    [-0, '{"$millrace":"number","value":"-0"}'],
    [123n, '{"$millrace":"bigint","value":"123"}'],
    [new Date(0), '{"$millrace":"date","value":"1970-01-01T00:00:00.000Z"}'],
    [new Date(Number.NaN), '{"$millrace":"date","value":null}'],
    [new Map([['a', new Set([1])]]), '{"$millrace":"map","value":[["a",{"$millrace":"set","value":[1]}]]}'],
    [new Uint8Array([1, 2, 3]), '{"$millrace":"bytes","value":"AQID"}'],
    [new Uint8Array([1, 2, 3]).buffer, '{"$millrace":"buffer","value":"AQID"}'],
    [new URL('https://a.example/b?c'), '{"$millrace":"url","value":"https://a.example/b?c"}'],
    [{ $millrace: 'date', value: 1 }, '{"$millrace":"object","value":{"$millrace":"date","value":1}}'],
    [
      { $millrace: 1, a: 1n },
      '{"$millrace":"object","value":{"$millrace":1,"a":{"$millrace":"bigint","value":"1"}}}',
    ],
  ])('writes %o as %s for ever', (value, text) => {
    expect(encodeValue(value, 'x')).toBe(text);
    expect(decodeValue(text)).toStrictEqual(value);
  });

  it('writes an error as its failure', () => {
    const error = new TypeError('x', { cause: new Error('y') });
    const text = encodeValue({ error }, 'x');
    expect(JSON.parse(text)).toMatchObject({
      error: { $millrace: 'error', value: { name: 'TypeError', message: 'x', cause: { message: 'y' } } },
    });
    const { error: read } = decodeValue(text) as { error: Error };
    expect(read).toMatchObject({
      name: 'TypeError',
      message: 'x',
      stack: error.stack,
      cause: { message: 'y' },
    });
    expect(read).toBeInstanceOf(Error);
  });
});

describe('every value', () => {
  const key = fc.oneof(
    fc.string(),
    fc.constantFrom('$millrace', 'value', '__proto__', 'toString', 'constructor'),
  );
  const { value: anything } = fc.letrec<{ value: unknown }>((tie) => ({
    value: fc.oneof(
      { maxDepth: 4 },
      fc.oneof(
        fc.string({ unit: 'binary' }),
        fc.double(),
        fc.bigInt(),
        fc.boolean(),
        fc.date({ noInvalidDate: false }),
        fc.uint8Array(),
        fc.webUrl().map((url) => new URL(url)),
        fc.constantFrom(null, undefined, -0, '$millrace'),
      ),
      fc.array(tie('value')),
      fc.array(fc.tuple(key, tie('value'))).map((entries) => Object.fromEntries(entries)),
      fc.array(fc.tuple(tie('value'), tie('value'))).map((entries) => new Map(entries)),
      fc.array(tie('value')).map((items) => new Set(items)),
    ),
  }));

  it('comes back as it was', () => {
    fc.assert(
      fc.property(anything, (value) => {
        expect(roundTrip(value)).toEqual(value);
        expect(roundTrip(roundTrip(value))).toEqual(value);
      }),
      { numRuns: 300 },
    );
  });

  it('may contain the same object twice', () => {
    const shared = { n: 1n };
    expect(roundTrip([shared, { a: shared }])).toEqual([{ n: 1n }, { a: { n: 1n } }]);
  });

  it('never changes a prototype', () => {
    const value = JSON.parse('{"__proto__":{"admin":true},"a":{"__proto__":1}}') as object;
    for (const read of [roundTrip(value), roundTrip([value, 1n])]) {
      const copy = (Array.isArray(read) ? read[0] : read) as { admin?: unknown; a: object };
      expect(Object.getPrototypeOf(copy)).toBe(Object.prototype);
      expect(copy.admin).toBeUndefined();
      expect(Object.keys(copy)).toEqual(['__proto__', 'a']);
      expect(Object.getPrototypeOf(copy.a)).toBe(Object.prototype);
    }
  });
});

describe('instances of classes', () => {
  it('are written by toJSON, called once', () => {
    class Money {
      readonly cents = 5n;
      toJSON(): unknown {
        return { at: new Date(0), cents: this.cents };
      }
    }
    expect(roundTrip(new Money())).toEqual({ at: new Date(0), cents: 5n });
    class Self {
      readonly a = 1;
      toJSON(): this {
        return this;
      }
    }
    expect(roundTrip(new Self())).toEqual({ a: 1 });
    expect(roundTrip({ n: 1n, gone: { toJSON: () => undefined } })).toEqual({ n: 1n });
  });

  it('are otherwise plain objects of their own properties', () => {
    class Point {
      x = 1;
      #secret = 2;
      get sum(): number {
        return this.x + this.#secret;
      }
    }
    expect(roundTrip(new Point())).toEqual({ x: 1 });
    class Tagged {
      readonly [Symbol.toStringTag] = 'Tagged';
      a = 1;
    }
    expect(roundTrip(new Tagged())).toEqual({ a: 1 });
  });

  it('lose the class: Buffer becomes Uint8Array, boxed values plain ones', () => {
    expect(roundTrip(Buffer.from('abc'))).toStrictEqual(new Uint8Array([97, 98, 99]));
    // oxlint-disable-next-line eslint/no-new-wrappers, unicorn/new-for-builtins
    expect(roundTrip([new Number(5), new String('a'), new Boolean(false)])).toEqual([5, 'a', false]);
  });

  it('of another realm are known by what they say they are', () => {
    const foreign: unknown = runInNewContext(
      '({ at: new Date(0), map: new Map([[1, 2]]), error: new Error("x") })',
    );
    expect(roundTrip(foreign)).toMatchObject({
      at: new Date(0),
      map: new Map([[1, 2]]),
      error: { message: 'x' },
    });
  });

  it('turn holes of a list into undefined', () => {
    // oxlint-disable-next-line eslint/no-sparse-arrays
    expect(roundTrip([1, , 3])).toStrictEqual([1, undefined, 3]);
  });
});

describe('depth', () => {
  const wraps: [string, (value: unknown) => unknown][] = [
    ['lists', (value) => [value]],
    ['objects', (value) => ({ a: value })],
    ['maps', (value) => new Map([['a', value]])],
    ['sets', (value) => new Set([value])],
    ['escaped objects', (value) => ({ $millrace: value })],
  ];

  it.each(wraps)('is 1,000 levels of %s', (_what, wrap) => {
    expect(encodeValue(roundTrip(nested(wrap, 1000)), 'x')).toBe(encodeValue(nested(wrap, 1000), 'x'));
    expect(() => encodeValue(nested(wrap, 1001), 'x')).toThrow(/: it is nested deeper than 1000 levels/);
    expect(() => encodeValue(nested(wrap, 100_000), 'x')).toThrow(/: it is nested deeper than 1000 levels/);
  });

  it('is checked for plain values too, and a long path is shortened', () => {
    let value: unknown = 1;
    for (let level = 0; level < 1001; level++) value = { a: value };
    expect(() => encodeValue(value, 'x')).toThrow(
      /cannot store result(\.a){10}…(\.a){10}: it is nested deeper/,
    );
  });

  it('of text from elsewhere cannot overflow the stack', () => {
    const text = `${'['.repeat(100_000)}{"$millrace":"undefined"}${']'.repeat(100_000)}`;
    expect(() => decodeValue(text)).toThrow(/^stored data: cannot read value\[0\].*deeper than 1000 levels/);
    expect(() => decodeValue(`${'['.repeat(100_000)}${']'.repeat(100_000)}`)).not.toThrow();
  });
});

describe('decodeValue', () => {
  it.each([
    ['{"$millrace":"quaternion"}', 'value: its tag "quaternion" is unknown. Read it with the version'],
    ['{"$millrace":{"a":1}}', 'value: its tag {"a":1} is unknown'],
    ['{"a":[{"$millrace":"map","value":5}]}', 'value.a[0]: its tag is damaged: "TypeError'],
    ['{"$millrace":"bigint","value":"1.5"}', 'value: its tag is damaged: "SyntaxError'],
    ['{"$millrace":"url","value":"nowhere"}', 'value: its tag is damaged: "TypeError'],
    ['{"$millrace":"bytes","value":"a"}', 'value: its bytes are not base64'],
    ['{"$millrace":"buffer","value":"?"}', 'value: its bytes are not base64'],
  ])('refuses %s', (text, message) => {
    expect(() => decodeValue(text)).toThrow(
      expect.objectContaining({
        code: 'NOT_SERIALIZABLE',
        message: expect.stringContaining(`stored data: cannot read ${message}`),
      }),
    );
  });

  it('refuses text that is not JSON', () => {
    expect(() => decodeValue('{"a":')).toThrow(/^stored value "\{\\"a\\":" is not JSON\./);
  });

  it('takes the tag word for what it is in texts', () => {
    expect(decodeValue('{"a":"$millrace","b":["$millrace"]}')).toEqual({ a: '$millrace', b: ['$millrace'] });
  });
});

function needsTag(value: unknown): boolean {
  if (typeof value !== 'object' || value === null) return Object.is(value, -0);
  return Object.hasOwn(value, '$millrace') || Object.values(value).some(needsTag);
}

function nested(wrap: (value: unknown) => unknown, levels: number): unknown {
  let value: unknown = 1n;
  for (let level = 0; level < levels; level++) value = wrap(value);
  return value;
}
