import { expect, test } from 'vitest';
import { boolArray, byteaArray, int4Array, int8Array, textArray, uuidArray } from './binary-array.ts';

/** Reads the format back, as the server does. */
function decode(buffer: Buffer): { type: number; hasNull: boolean; values: (string | null)[] } {
  const dimensions = buffer.readInt32BE(0);
  const header = { type: buffer.readInt32BE(8), hasNull: buffer.readInt32BE(4) === 1 };
  if (dimensions === 0) return { ...header, values: [] };
  const values: (string | null)[] = [];
  let at = 20;
  for (let left = buffer.readInt32BE(12); left > 0; left--) {
    const length = buffer.readInt32BE(at);
    at += 4;
    values.push(length < 0 ? null : buffer.toString('hex', at, at + length));
    at += Math.max(length, 0);
  }
  expect(at).toBe(buffer.length);
  return { ...header, values };
}

test('an empty array has no dimension', () => {
  expect(decode(int4Array([]))).toEqual({ type: 23, hasNull: false, values: [] });
  expect(decode(textArray([])).values).toEqual([]);
});

test('integers keep their sign and size', () => {
  expect(decode(int4Array([1, -1, 2 ** 31 - 1]))).toEqual({
    type: 23,
    hasNull: false,
    values: ['00000001', 'ffffffff', '7fffffff'],
  });
  expect(decode(int8Array([0, -1, 2 ** 53 - 1, -(2 ** 40)])).values).toEqual([
    '0000000000000000',
    'ffffffffffffffff',
    '001fffffffffffff',
    'ffffff0000000000',
  ]);
});

test('NULL and undefined are both NULL', () => {
  expect(decode(int8Array([undefined, 7, null]))).toMatchObject({
    hasNull: true,
    values: [null, '0000000000000007', null],
  });
  expect(decode(textArray(['', undefined]))).toMatchObject({ hasNull: true, values: ['', null] });
  expect(decode(byteaArray([undefined, new Uint8Array()]))).toMatchObject({
    hasNull: true,
    values: [null, ''],
  });
});

test('text is UTF-8', () => {
  expect(decode(textArray(['a', 'ü€😀']))).toEqual({
    type: 25,
    hasNull: false,
    values: ['61', 'c3bce282acf09f9880'],
  });
});

test('bytes pass untouched, also those of a view', () => {
  const view = new Uint8Array([9, 0, 255, 9]).subarray(1, 3);
  expect(decode(byteaArray([view]))).toEqual({ type: 17, hasNull: false, values: ['00ff'] });
});

test('truth values take a byte', () => {
  expect(decode(boolArray([true, false]))).toEqual({ type: 16, hasNull: false, values: ['01', '00'] });
});

test('a UUID is its sixteen bytes', () => {
  expect(decode(uuidArray(['01900000-00Ab-7000-8fff-0000000000ff'])).values).toEqual([
    '0190000000ab70008fff0000000000ff',
  ]);
});

test.each([
  '',
  'x',
  '01900000-0000-7000-8000-00000000000g',
  '0190000000007000800000000000000000000',
  '01900000-0000-7000-8000-0000000000000',
])('what is no UUID is refused: %j', (text) => {
  expect(() => uuidArray([text])).toThrow('not a UUID');
});
