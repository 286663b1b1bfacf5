import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { base64Of, bytesOf } from './base64.ts';

describe('base64', () => {
  it('writes what everybody else writes and reads it back', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 100 }), (bytes) => {
        const text = base64Of(bytes);
        expect(text).toBe(Buffer.from(bytes).toString('base64'));
        expect(bytesOf(text)).toEqual(bytes);
      }),
    );
  });

  it('writes only the bytes of a view, not of its buffer', () => {
    expect(base64Of(new Uint8Array([1, 2, 3, 4, 5]).subarray(1, 4))).toBe('AgME');
  });

  it.each(['a', 'abc', 'a===', '====', 'ab=c', 'ab c', 'abc\u00e9', 'abc-'])('does not read %j', (text) => {
    expect(bytesOf(text)).toBeUndefined();
  });
});
