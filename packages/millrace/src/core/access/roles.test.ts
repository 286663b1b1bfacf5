import { describe, expect, it } from 'vitest';
import { beyond, isPermission, isPermitted, isRole, permissionsOf, ROLE_NAMES, ROLES } from './roles.ts';

describe('a role', () => {
  it('is one of four, each of which may what the one before may', () => {
    expect(Object.keys(ROLES)).toEqual(ROLE_NAMES);
    for (const [at, role] of ROLE_NAMES.entries())
      for (const smaller of ROLE_NAMES.slice(0, at)) expect(beyond({ role }, { role: smaller })).toEqual([]);
  });
  it.each([
    ['admin', true],
    ['Admin', false],
    ['toString', false],
    ['', false],
    [undefined, false],
  ])('%j: %j', (text, is) => {
    expect(isRole(text)).toBe(is);
  });
  it('permissions have names of their own', () => {
    expect(['read', 'administer', 'admin', undefined].map(isPermission)).toEqual([true, true, false, false]);
  });
});

describe('a credential that was narrowed', () => {
  it('may only what both its role and its permissions say', () => {
    expect(permissionsOf({ role: 'worker', permissions: ['operate', 'start'] })).toEqual(['start']);
    expect(isPermitted({ role: 'worker', permissions: ['operate'] }, 'operate')).toBe(false);
    expect(isPermitted({ role: 'admin', permissions: ['read'] }, 'read')).toBe(true);
    expect(isPermitted({ role: 'admin', permissions: [] }, 'read')).toBe(false);
  });
  it('cannot give what it does not have', () => {
    const giver = { role: 'admin', permissions: ['administer', 'read'] } as const;
    expect(beyond(giver, { role: 'admin' })).toEqual(['start', 'operate']);
    expect(beyond(giver, { role: 'admin', permissions: ['read'] })).toEqual([]);
    expect(beyond({ role: 'viewer' }, { role: 'worker' })).toEqual(['start']);
  });
});
