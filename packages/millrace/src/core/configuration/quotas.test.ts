import { expect, it } from 'vitest';
import { NO_QUOTA, quotaOf, readQuota } from './quotas.ts';

it.each([
  ['100', 100, 100],
  ['acme=50', 50, undefined],
  ['100, acme=50', 50, 100],
  ['acme = 50,100, globex=20', 50, 100],
])('%j is %j of acme and %j of others', (given, acme, other) => {
  const quota = readQuota(given);
  expect([quotaOf(quota, 'acme'), quotaOf(quota, 'other')]).toEqual([acme, other]);
});

it('without a quota everybody has as much as he likes', () => {
  expect(quotaOf(NO_QUOTA, 'acme')).toBeUndefined();
});

it.each(['', '0', '-1', '1.5', 'many', 'acme=', '=5', '1,2', 'acme=1, acme=2', '1,', 'acme=1e3'])(
  '%j is refused',
  (given) => {
    expect(() => readQuota(given)).toThrow('must be a whole number above 0');
  },
);
