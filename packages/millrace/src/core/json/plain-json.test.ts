import { describe, expect, it } from 'vitest';
import { plainJson } from './plain-json.ts';

describe('JSON for people and programs', () => {
  it.each<[string, unknown, string]>([
    ['nothing', undefined, 'null'],
    ['what JSON has', { a: [true, null, 1, 'x'] }, '{"a":[true,null,1,"x"]}'],
    ['an object of nothing', Object.assign(Object.create(null) as object, { a: 1 }), '{"a":1}'],
    ['a date', new Date(0), '"1970-01-01T00:00:00.000Z"'],
    ['a date that is none', new Date(Number.NaN), 'null'],
    ['a big integer', 17n, '"17"'],
    ['a number that JSON has not', [Number.NaN, -Infinity], '["NaN","-Infinity"]'],
    ['bytes', { a: new Uint8Array([1, 2, 3]), b: new Uint8Array([4]).buffer }, '{"a":"AQID","b":"BA=="}'],
    ['a map of names', new Map([['a', new Set([1])]]), '{"a":[1]}'],
    ['a map of anything', new Map([[1, 'x']]), '[[1,"x"]]'],
    ['an address', new URL('https://a.b/c'), '"https://a.b/c"'],
    [
      'an error',
      Object.assign(new Error('boom'), { code: 'X' }),
      '{"name":"Error","message":"boom","code":"X"}',
    ],
    ['holes', [undefined, { a: undefined }], '[null,{"a":null}]'],
  ])('shows %s', (_what, value, json) => {
    expect(plainJson(value)).toBe(json);
  });
});
