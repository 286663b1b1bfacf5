import { list, type BodyOf, type CallOptions, type Caller, type QueryOf } from '../call.ts';
import type { Pages } from '../pages.ts';
import type { ApiKey, AuditEntry, CreatedKey } from '../shapes.ts';

/** API keys of the caller's namespace. */
export interface Keys {
  list(options?: CallOptions & { readonly limit?: number | undefined }): Pages<ApiKey>;
  /** The key itself is in the answer, and nowhere else. */
  create(wish: BodyOf<'createKey'>, options?: CallOptions): Promise<CreatedKey>;
  /** From then on nobody can use it. */
  revoke(keyId: string, options?: CallOptions): Promise<ApiKey>;
}

export type AuditFilter = Omit<QueryOf<'listAudit'>, 'cursor'>;

export function keysOf(caller: Caller): Keys {
  return {
    list: ({ limit, signal } = {}) => list(caller, 'listKeys', { query: { limit }, signal }),
    create: (body, options = {}) => caller.call('createKey', { body, ...options }),
    revoke: (keyId, options = {}) => caller.call('revokeKey', { params: { keyId }, ...options }),
  };
}

/** Who changed what, newest first. */
export function auditOf(caller: Caller, query: AuditFilter, { signal }: CallOptions): Pages<AuditEntry> {
  return list(caller, 'listAudit', { query, signal });
}
