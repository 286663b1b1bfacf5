import type { AccessStore, HashedKey, KeyFilter, KeyRequest, KeysRead } from '../../port/access/keys.ts';
import type { RevokeRequest, StoredKey } from '../../port/access/keys.ts';
import { checkKeyFilter, checkKeyRequest } from '../../port/access/check.ts';
import { checkText } from '../../port/text.ts';
import type { Connection } from '../database/connection.ts';

/** The table `api_keys`. All functions run inside a transaction of the caller. */
export interface Keys {
  create(request: KeyRequest): KeysRead<StoredKey> | undefined;
  read(keyId: string): KeysRead<HashedKey> | undefined;
  list(filter: KeyFilter): KeysRead<StoredKey[]>;
  revoke(request: RevokeRequest): KeysRead<StoredKey> | undefined;
}

interface Row {
  key_id: string;
  namespace: string;
  name: string;
  role: string;
  permissions: string | null;
  hash: Uint8Array;
  created_at: number;
  created_by: string | null;
  expires_at: number | null;
  revoked_at: number | null;
  revoked_by: string | null;
}

export function prepareKeys(connection: Connection): Keys {
  const { insert, selectOne, selectPage, update } = prepareStatements(connection);
  const now = (): number => connection.timers.now();
  return {
    create: (request) => {
      const { keyId, namespace, name, role, permissions, hash, createdBy, lifeMs } = request;
      const at = now();
      const what = [keyId, namespace, name, role, permissions?.join(',') ?? null, hash] as const;
      insert.run(...what, at, createdBy ?? null, lifeMs === undefined ? null : at + lifeMs);
      const row = selectOne.get(keyId);
      if (row === undefined || Buffer.compare(row.hash, hash) !== 0) return undefined;
      return { found: decode(row), storeTime: at };
    },
    read: (keyId) => {
      const row = selectOne.get(keyId);
      return row && { found: { ...decode(row), hash: row.hash }, storeTime: now() };
    },
    list: ({ namespace, limit, before }) => {
      const last = before === undefined ? undefined : selectOne.get(before);
      const rows =
        before !== undefined && last === undefined
          ? []
          : selectPage.all(namespace, last?.created_at ?? Number.MAX_SAFE_INTEGER, last?.key_id ?? '', limit);
      return { found: rows.map(decode), storeTime: now() };
    },
    revoke: ({ namespace, keyId, by }) => {
      const at = now();
      update.run(at, by ?? null, keyId, namespace);
      const row = selectOne.get(keyId);
      return row?.namespace === namespace ? { found: decode(row), storeTime: at } : undefined;
    },
  };
}

/** @param acts - prepared when a call needs them first. */
export function accessCalls(
  { read, write }: Pick<Connection, 'read' | 'write'>,
  acts: () => { keys: Keys },
): AccessStore {
  return {
    createKey: async (request) => {
      checkKeyRequest(request);
      return write(() => acts().keys.create(request));
    },
    readKey: async (keyId) => {
      checkText(keyId, 'key id');
      return read(() => acts().keys.read(keyId));
    },
    listKeys: async (filter) => {
      checkKeyFilter(filter);
      return read(() => acts().keys.list(filter));
    },
    revokeKey: async (request) => {
      checkKeyFilter({ namespace: request.namespace, before: request.keyId });
      checkText(request.by, 'who revokes');
      return write(() => acts().keys.revoke(request));
    },
  };
}

function decode(row: Row): StoredKey {
  return {
    keyId: row.key_id,
    namespace: row.namespace,
    name: row.name,
    role: row.role,
    permissions: row.permissions === null ? undefined : row.permissions.split(',').filter(Boolean),
    createdAt: row.created_at,
    createdBy: row.created_by ?? undefined,
    expiresAt: row.expires_at ?? undefined,
    revokedAt: row.revoked_at ?? undefined,
    revokedBy: row.revoked_by ?? undefined,
  };
}

function prepareStatements(connection: Connection) {
  const columns = `key_id, namespace, name, role, permissions, hash, created_at, created_by, expires_at, revoked_at,
    revoked_by`;
  return {
    insert: connection.prepare(`
      INSERT INTO api_keys (${columns}) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, NULL, NULL)
      ON CONFLICT (key_id) DO NOTHING`),
    selectOne: connection.prepare<Row>(`SELECT ${columns} FROM api_keys WHERE key_id = ?`),
    selectPage: connection.prepare<Row>(`
      SELECT ${columns} FROM api_keys WHERE namespace = ? AND (created_at, key_id) < (?, ?)
      ORDER BY created_at DESC, key_id DESC LIMIT ?`),
    update: connection.prepare(`
      UPDATE api_keys SET revoked_at = ?, revoked_by = ?
      WHERE key_id = ? AND namespace = ? AND revoked_at IS NULL`),
  };
}
