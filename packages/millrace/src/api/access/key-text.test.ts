import { expect, it } from 'vitest';
import { hashOf, keyIdOf, newKey } from './key-text.ts';

it('a key says its id, and by its form that it is one', () => {
  const { keyId, text } = newKey();
  expect(text).toMatch(/^mr_[0-9a-f]{16}_[\w-]{49}$/);
  expect(keyIdOf(text)).toBe(keyId);
  expect(hashOf(text)).toHaveLength(32);
});

it('no key is made twice', () => {
  const made = Array.from({ length: 1_000 }, newKey);
  expect(new Set(made.map(({ text }) => text)).size).toBe(1_000);
  expect(new Set(made.map(({ keyId }) => keyId)).size).toBe(1_000);
});

it('a typing error anywhere is noticed without asking anybody', () => {
  const { text } = newKey();
  for (let at = 0; at < text.length; at++) {
    const other = text[at] === 'a' ? 'b' : 'a';
    expect(keyIdOf(text.slice(0, at) + other + text.slice(at + 1)), String(at)).toBeUndefined();
  }
  for (const wrong of ['', text.slice(1), `${text}x`, ` ${text}`, `${text}\n`, text.toUpperCase()])
    expect(keyIdOf(wrong)).toBeUndefined();
});
