import { expect, it } from 'vitest';
import { configuredKeys, maskKeys } from './api-keys.ts';

it('keys are read with their roles and namespaces, from a line or a file', () => {
  expect(configuredKeys('admin:secret-1, viewer@acme:se:cret@2\nworker:=?+/~!-._')).toEqual([
    { role: 'admin', namespace: undefined, key: 'secret-1' },
    { role: 'viewer', namespace: 'acme', key: 'se:cret@2' },
    { role: 'worker', namespace: undefined, key: '=?+/~!-._' },
  ]);
});

it.each([
  ['secret-1', 'entry 1 must be role:key'],
  ['admin:secret-1, emperor:secret-2', 'entry 2'],
  ['admin:short', '8 to 512'],
  [`admin:${'x'.repeat(513)}`, '8 to 512'],
  ['admin:with blank', 'without blanks'],
  ['admin@:secret-1', 'entry 1'],
  ['admin:secret-1,', 'entry 2'],
  ['admin:secret-1, viewer:secret-1', 'one key twice'],
])('%j is refused, and what is said does not tell the key', (given, words) => {
  const refused = (() => {
    try {
      return configuredKeys(given);
    } catch (error) {
      return (error as Error).message;
    }
  })();
  expect(refused).toContain(words);
  expect(refused).not.toMatch(/secret-|short|blank[^s]/);
});

it.each([
  ['admin:secret-1, viewer@acme:se:cret', 'admin:***, viewer@acme:***'],
  ['secret-1', '***'],
  ['admin:secret-1,secret-2', 'admin:***, ***'],
])('of %j one sees %j', (given, shown) => {
  expect(maskKeys(given)).toBe(shown);
});
