import { isPermitted, type Grant, type Permission } from '../../core/access/roles.ts';
import type { HeaderReader } from '../wire/exchange.ts';

export type { Permission, Role } from '../../core/access/roles.ts';

/** Who calls, and for which namespace. */
export interface Principal extends Grant {
  /** `local`: nobody was asked, on loopback only. */
  readonly kind: 'local' | 'key' | 'token';
  /** For the audit log: the id of the key, or the subject of the token. */
  readonly id: string;
  readonly namespace: string;
}

/** Whether the principal may do it. */
export function may(principal: Principal, permission: Permission): boolean {
  return isPermitted(principal, permission);
}

/** Finds out who calls. */
export interface Doorkeeper {
  /**
   * @param headers - of the request.
   * @param remote - address of the peer, for limits on guesses.
   * @returns undefined where the request says nothing of who calls, or something that is not true.
   * @throws TOO_MANY_REQUESTS where this address has guessed too often.
   */
  identify(headers: HeaderReader, remote: string): Principal | undefined | Promise<Principal | undefined>;
  /**
   * Whose credential it is that was not accepted, where that is known: of a key that has expired or was revoked. For the
   * audit log only.
   */
  recognise?(headers: HeaderReader): Promise<Known | undefined>;
}

/** Somebody who is known, whatever he may do. */
export type Known = Pick<Principal, 'kind' | 'id' | 'namespace'>;
