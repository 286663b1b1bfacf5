import { MillraceError } from '../core/errors.ts';
import type { Millrace } from '../millrace.ts';

/** The namespaces that this process serves, each with its own `Millrace`. The list does not change while it lives. */
export interface Tenants {
  readonly names: readonly string[];
  /** @throws NAMESPACE_NOT_SERVED. */
  of(namespace: string): Millrace;
  [Symbol.iterator](): Iterator<Millrace>;
}

export function createTenants(byName: ReadonlyMap<string, Millrace>): Tenants {
  return {
    names: [...byName.keys()],
    of(namespace) {
      const millrace = byName.get(namespace);
      if (millrace === undefined)
        throw new MillraceError(
          'NAMESPACE_NOT_SERVED',
          `this server does not serve namespace "${namespace}"`,
        );
      return millrace;
    },
    [Symbol.iterator]: () => byName.values(),
  };
}
