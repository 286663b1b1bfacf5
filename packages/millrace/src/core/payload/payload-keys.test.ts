import { describe, expect, it } from 'vitest';
import { base64Of } from '../json/base64.ts';
import { maskPayloadKeys, payloadKeyProblems, readPayloadKeys } from './payload-keys.ts';

const bytes = (fill: number, length = 32) => new Uint8Array(length).fill(fill);
const text = (fill: number, length?: number) => base64Of(bytes(fill, length));

describe('keys of payloads', () => {
  it('are read in order', () => {
    expect(readPayloadKeys(`2026-b:${text(2)}, a.1_x:${text(1)}`)).toEqual([
      { id: '2026-b', key: bytes(2) },
      { id: 'a.1_x', key: bytes(1) },
    ]);
  });

  it.each([
    ['no id', text(1), 'item 1 is not ID:BASE64'],
    ['more than one colon', `a:${text(1)}:b`, 'item 1 is not ID:BASE64'],
    ['nothing after a comma', `a:${text(1)},`, 'item 2 is not ID:BASE64'],
    ['no base64', 'a:###', 'the key of item 1 is not base64'],
    ['a key that is too short', `a:${text(1, 16)}`, 'key "a" has 16 bytes'],
    ['an id twice', `a:${text(1)},a:${text(2)}`, 'key "a" is there twice'],
    [
      'an id with a blank',
      `a b:${text(1)}`,
      '"a b" is no id of a key: 1 to 32 of letters, digits, dot, hyphen and _',
    ],
    ['an empty id', `:${text(1)}`, '"" is no id of a key'],
    ['an id that is too long', `${'a'.repeat(33)}:${text(1)}`, 'is no id of a key'],
  ])('with %s are refused', (_, given, problem) => {
    expect(() => readPayloadKeys(given)).toThrow(problem);
    expect(() => readPayloadKeys(given)).toThrow(
      'must be keys of 32 bytes as ID:BASE64, separated by commas',
    );
  });

  it('are refused with every problem at once, and no key is shown', () => {
    const secret = text(7, 31);
    let message = '';
    try {
      readPayloadKeys(`x,a:#,b:${secret},b:${text(1)}`);
    } catch (error) {
      ({ message } = error as Error);
    }
    expect(message).toMatch(
      /: item 1 is .*; the key of item 2 .*; key "b" has 31 bytes; key "b" is there twice$/,
    );
    expect(message).not.toContain(secret);
    expect(payloadKeyProblems([{ id: 'a', key: bytes(1) }])).toEqual([]);
  });

  it('are shown by their ids', () => {
    expect(maskPayloadKeys(`k1:${text(1)}, k2:${text(2)}`)).toBe('k1:***,k2:***');
    expect(maskPayloadKeys(text(1))).toBe('***');
  });
});
