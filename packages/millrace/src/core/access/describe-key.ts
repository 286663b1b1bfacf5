import { instant } from '../reading/instant.ts';
import { isPermission, isRole, permissionsOf, type Permission, type Role } from './roles.ts';

/** An API key as the store has it, its hash left out. */
export interface StoredKey {
  readonly keyId: string;
  readonly namespace: string;
  readonly name: string;
  readonly role: string;
  /** Undefined: all of the role. */
  readonly permissions: readonly string[] | undefined;
  readonly createdAt: number;
  readonly createdBy: string | undefined;
  readonly expiresAt: number | undefined;
  readonly revokedAt: number | undefined;
  readonly revokedBy: string | undefined;
}

/** An API key as every surface shows it. The key itself is told once, by what creates it. */
export interface KeyDescription {
  /** The visible part of the key. */
  readonly keyId: string;
  readonly namespace: string;
  readonly name: string;
  readonly role: Role;
  /** What it may do. */
  readonly permissions: readonly Permission[];
  readonly status: 'active' | 'expired' | 'revoked';
  readonly createdAt: string;
  readonly createdBy: string | null;
  readonly expiresAt: string | null;
  readonly revokedAt: string | null;
  readonly revokedBy: string | null;
}

/**
 * @param now - store time.
 * @returns undefined: it has a role that this version does not know, so that nobody can say what it may do.
 */
export function describeKey(key: StoredKey, now: number): KeyDescription | undefined {
  const { keyId, namespace, name, role, createdBy, expiresAt, revokedAt, revokedBy } = key;
  if (!isRole(role)) return undefined;
  const permissions = key.permissions?.filter(isPermission);
  return {
    ...{ keyId, namespace, name, role },
    permissions: permissionsOf({ role, permissions }),
    status: statusOf(key, now),
    createdAt: instant(key.createdAt),
    createdBy: createdBy ?? null,
    expiresAt: expiresAt === undefined ? null : instant(expiresAt),
    revokedAt: revokedAt === undefined ? null : instant(revokedAt),
    revokedBy: revokedBy ?? null,
  };
}

function statusOf({ expiresAt, revokedAt }: StoredKey, now: number): KeyDescription['status'] {
  if (revokedAt !== undefined) return 'revoked';
  return expiresAt !== undefined && expiresAt <= now ? 'expired' : 'active';
}
