/** What somebody may do; each route of the API needs one of these. */
export const PERMISSIONS = ['read', 'start', 'operate', 'administer'] as const;
export type Permission = (typeof PERMISSIONS)[number];

/** The roles, and what each may do. A worker is a program: it starts runs, signals them and reads what became of them. */
export const ROLES = {
  viewer: ['read'],
  worker: ['read', 'start'],
  operator: ['read', 'start', 'operate'],
  admin: ['read', 'start', 'operate', 'administer'],
} as const satisfies Readonly<Record<string, readonly Permission[]>>;

export type Role = keyof typeof ROLES;

export const ROLE_NAMES = ['viewer', 'worker', 'operator', 'admin'] as const satisfies readonly Role[];

/** What a credential may do: its role, and what of it is left where it was narrowed. */
export interface Grant {
  readonly role: Role;
  /** Undefined: all that the role may. It takes away, and never adds. */
  readonly permissions?: readonly Permission[] | undefined;
}

export function isRole(text: unknown): text is Role {
  return typeof text === 'string' && Object.hasOwn(ROLES, text);
}

export function isPermission(text: unknown): text is Permission {
  return PERMISSIONS.some((permission) => permission === text);
}

/** What is left, in the order of `PERMISSIONS`. */
export function permissionsOf({ role, permissions }: Grant): readonly Permission[] {
  const all: readonly Permission[] = ROLES[role];
  return permissions === undefined ? all : all.filter((permission) => permissions.includes(permission));
}

export function isPermitted(grant: Grant, permission: Permission): boolean {
  return permissionsOf(grant).includes(permission);
}

/** What `wanted` may and `giver` may not: nobody gives what he does not have. */
export function beyond(giver: Grant, wanted: Grant): readonly Permission[] {
  return permissionsOf(wanted).filter((permission) => !isPermitted(giver, permission));
}
