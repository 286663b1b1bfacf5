import { StoreError } from '../../port/errors.ts';

/** The servers that a URL names, in the order in which they are tried. */
export interface PostgresAddress {
  /** A URL for each. */
  readonly servers: readonly string[];
  /** Whether a server is used only once it has said that it takes writes. */
  readonly checked: boolean;
}

/** `postgres://`, who asks, the servers, the rest. A password may have an `@` in it. */
const PARTS = /^(postgres(?:ql)?:\/\/(?:[^/?#]*@)?)([^/?#]*)([^?#]*)(\?[^#]*)?/;
/** What may be asked of a server: a store is written to, so that the others make no sense. */
const TARGETS: ReadonlySet<string> = new Set(['read-write', 'primary']);

/**
 * Reads `postgres://user@host1:5432,host2:5432/database?target_session_attrs=read-write`. Several servers are one
 * primary and its standbys: `read-write` goes without saying.
 * @throws STORE_URL
 */
export function readAddress(url: string): PostgresAddress {
  const [, before = '', hosts = '', path = '', query = ''] = PARTS.exec(url) ?? [];
  const names = hosts.split(',');
  const parameters = new URLSearchParams(query);
  const target = parameters.get('target_session_attrs');
  if (target !== null && !TARGETS.has(target)) {
    throw wrong(
      `target_session_attrs is ${target}, and a store needs a server that takes writes: read-write`,
    );
  }
  if (parameters.get('host')?.includes(',') === true) {
    throw wrong('several servers stand before the database: postgres://user@host1:5432,host2:5432/database');
  }
  if (names.length === 1 && target === null) return { servers: [url], checked: false };
  if (names.length > 1 && names.includes('')) throw wrong(`one of the servers in "${hosts}" has no name`);
  parameters.delete('target_session_attrs');
  const rest = parameters.size > 0 ? `${path}?${parameters.toString()}` : path;
  return { servers: names.map((name) => `${before}${name}${rest}`), checked: true };
}

function wrong(what: string): StoreError {
  return new StoreError('definite', `the address of PostgreSQL: ${what}`, { code: 'STORE_URL' });
}
