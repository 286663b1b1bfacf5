import { describe, expect, it } from 'vitest';
import {
  checkKey,
  checkName,
  checkQueue,
  checkTags,
  checkWorkflowName,
  executorOf,
  resolvePriority,
  resolveVersion,
} from './names.ts';

const refused = (message: string): unknown =>
  expect.objectContaining({ code: 'INVALID_ARGUMENT', message: expect.stringContaining(message) });

describe('checkName, checkKey and checkQueue', () => {
  const rules = [
    ['signal name', (text: unknown) => checkName('signal', text), 256],
    ['key', (text: unknown) => checkKey(text), 512],
    ['queue name', (text: unknown) => checkQueue(text), 128],
  ] as const;

  it.each(rules)('take any text for a %s up to the limit', (_what, check, max) => {
    for (const text of ['a', 'order/17 #2', '😀', 'x'.repeat(max)]) expect(() => check(text)).not.toThrow();
  });

  it.each(rules)('refuse what cannot be a %s', (what, check, max) => {
    expect(() => check(5)).toThrow(refused(`${what} must be text, got 5. Pass a string.`));
    expect(() => check('')).toThrow(refused(`${what} is empty. Use 1 to ${max} characters.`));
    expect(() => check('x'.repeat(max + 1))).toThrow(
      refused(`(${max + 1} characters) is too long. Use at most ${max}`),
    );
    expect(() => check('a\0b')).toThrow(refused(`${what} "a\\u0000b" contains a NUL character`));
    expect(() => check('a\uD800')).toThrow(refused('contains half of a surrogate pair'));
  });
});

describe('executorOf', () => {
  it('tells the workflow of a task from those of authors, whose names cannot be such', () => {
    expect([executorOf('$task/http.request'), executorOf('task/http')]).toEqual(['http.request', undefined]);
    expect(() => checkWorkflowName('$task/http')).toThrow(refused('is not allowed'));
  });
});

describe('checkWorkflowName', () => {
  it.each(['order', 'Order.v2_x-1', '0', 'x'.repeat(128)])('takes %s', (name) => {
    expect(() => checkWorkflowName(name)).not.toThrow();
  });

  it.each(['', '-order', '.x', 'order 1', 'größe', 'x'.repeat(129), 'order\n', 5])('refuses %j', (name) => {
    expect(() => checkWorkflowName(name)).toThrow(refused('is not allowed. Use 1 to 128 letters'));
  });
});

describe('checkTags', () => {
  it('takes a list of short texts', () => {
    expect(() => checkTags([])).not.toThrow();
    expect(() => checkTags(Array.from({ length: 64 }, (_, i) => `tag ${i}`))).not.toThrow();
  });

  it('refuses another shape, too many, and names the one that is wrong', () => {
    expect(() => checkTags('urgent')).toThrow(refused('tags must be a list, got "urgent"'));
    expect(() => checkTags(Array.from({ length: 65 }, () => 'x'))).toThrow(refused('65 tags are too many'));
    expect(() => checkTags(['a', 'x'.repeat(129)])).toThrow(refused('tags[1] '));
    expect(() => checkTags(['a', 7])).toThrow(refused('tags[1] must be text, got 7'));
  });
});

describe('resolveVersion', () => {
  it.each([
    [1, '1'],
    ['1', '1'],
    ['2026-01-31_a.b', '2026-01-31_a.b'],
  ])('stores %j as %j', (version, stored) => {
    expect(resolveVersion(version, 'workflow "order"')).toBe(stored);
  });

  it.each([0, -1, 1.5, 2 ** 53, Number.NaN, '', 'a b', 'x'.repeat(65), null, undefined])(
    'refuses %j',
    (version) => {
      expect(() => resolveVersion(version, 'workflow "order"')).toThrow(refused('workflow "order": version'));
    },
  );
});

describe('resolvePriority', () => {
  it('takes the four words', () => {
    for (const word of ['low', 'normal', 'high', 'critical'])
      expect(resolvePriority(word, 'start')).toBe(word);
  });

  it('refuses others with the likely spelling', () => {
    expect(() => resolvePriority('hihg', 'start')).toThrow(
      refused('start: unknown priority "hihg". Did you mean "high"?'),
    );
    expect(() => resolvePriority('asap', 'start')).toThrow(
      refused('Use one of low, normal, high, critical.'),
    );
    expect(() => resolvePriority(3, 'start')).toThrow(refused('start: unknown priority 3.'));
  });
});
