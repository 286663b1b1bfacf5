import { hash, timingSafeEqual } from 'node:crypto';
import type { ConfiguredKey } from '../../core/configuration/api-keys.ts';
import type { Credential } from './credential.ts';
import type { Principal } from './principal.ts';

/**
 * Finds the key of the environment that a credential is. It is compared with all of them, each by its digest and in constant
 * time: how long that takes says neither whether nor where there is one. One that was right before is known by its digest,
 * which is faster for whoever has the key, and for nobody else.
 * @param namespace - of a key that names none.
 */
export function environmentKeys(
  keys: readonly ConfiguredKey[],
  namespace: string,
): (credential: Credential) => Principal | undefined {
  const known = keys.map((key, at) => ({
    digest: hash('sha256', key.key, 'buffer'),
    principal: {
      ...({ kind: 'key', id: `API_KEYS/${at + 1}`, role: key.role } as const),
      namespace: key.namespace ?? namespace,
    },
  }));
  /** Those that were shown, by what is nobody's secret. */
  const shown = new Map<string, Principal>();
  return ({ digest }) => {
    const before = shown.get(digest);
    if (before !== undefined) return before;
    const given = Buffer.from(digest, 'base64url');
    let found: Principal | undefined;
    for (const each of known) if (timingSafeEqual(each.digest, given)) found = each.principal;
    if (found !== undefined) shown.set(digest, found);
    return found;
  };
}
