import { expect, it } from 'vitest';
import { describeKey, type StoredKey } from './describe-key.ts';

const KEY: StoredKey = {
  keyId: 'a1',
  namespace: 'default',
  name: 'ci',
  role: 'worker',
  permissions: undefined,
  createdAt: 0,
  createdBy: undefined,
  expiresAt: undefined,
  revokedAt: undefined,
  revokedBy: undefined,
};

it('a key is shown with what it may do', () => {
  expect(describeKey(KEY, 5)).toEqual({
    keyId: 'a1',
    namespace: 'default',
    name: 'ci',
    role: 'worker',
    permissions: ['read', 'start'],
    status: 'active',
    createdAt: '1970-01-01T00:00:00.000Z',
    createdBy: null,
    expiresAt: null,
    revokedAt: null,
    revokedBy: null,
  });
});

it('a key that was narrowed shows what is left, whatever else is written there', () => {
  const narrowed = { ...KEY, permissions: ['read', 'administer', 'fly'] };
  expect(describeKey(narrowed, 5)?.permissions).toEqual(['read']);
});

it('a key ends with the instant at which it expires, and for ever when it is revoked', () => {
  const expiring = { ...KEY, expiresAt: 10, createdBy: 'kim' };
  expect([9, 10].map((now) => describeKey(expiring, now)?.status)).toEqual(['active', 'expired']);
  const revoked = describeKey({ ...expiring, revokedAt: 3, revokedBy: 'lee' }, 20);
  expect(revoked).toMatchObject({
    status: 'revoked',
    createdBy: 'kim',
    expiresAt: '1970-01-01T00:00:00.010Z',
    revokedAt: '1970-01-01T00:00:00.003Z',
    revokedBy: 'lee',
  });
});

it('of a role that nobody here knows, nothing is said', () => {
  expect(describeKey({ ...KEY, role: 'emperor' }, 5)).toBeUndefined();
});
