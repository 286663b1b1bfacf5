/** What somebody may do; each route needs one of these. */
export type Permission = 'read' | 'start' | 'operate' | 'administer';

/** The roles, and what each may do. A worker is a program: it starts runs, signals them and reads what became of them. */
export const ROLES = {
  viewer: ['read'],
  worker: ['read', 'start'],
  operator: ['read', 'start', 'operate'],
  admin: ['read', 'start', 'operate', 'administer'],
} as const satisfies Readonly<Record<string, readonly Permission[]>>;

export type Role = keyof typeof ROLES;

/** Who calls, and for which namespace. */
export interface Principal {
  /** `local`: nobody was asked, on loopback only. */
  readonly kind: 'local' | 'key' | 'token';
  /** For the audit log: the id of the key, or the subject of the token. */
  readonly id: string;
  readonly namespace: string;
  readonly role: Role;
}

/** Whether the principal may do it. */
export function may({ role }: Principal, permission: Permission): boolean {
  return (ROLES[role] as readonly Permission[]).includes(permission);
}

/** Finds out who calls. */
export interface Doorkeeper {
  /**
   * @param headers - of the request.
   * @param remote - address of the peer, for limits on guesses.
   * @returns undefined where the request says nothing of who calls, or something that is not true.
   * @throws TOO_MANY_REQUESTS where this address has guessed too often.
   */
  identify(headers: Headers, remote: string): Promise<Principal | undefined>;
  /**
   * Whose credential it is that was not accepted, where that is known: of a key that has expired or was revoked. For the
   * audit log only.
   */
  recognise?(headers: Headers): Promise<Known | undefined>;
}

/** Somebody who is known, whatever he may do. */
export type Known = Pick<Principal, 'kind' | 'id' | 'namespace'>;
