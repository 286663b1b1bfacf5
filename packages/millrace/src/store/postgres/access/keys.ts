import type { AccessStore, KeysRead, StoredKey } from '../../port/access/keys.ts';
import { checkKeyFilter, checkKeyRequest } from '../../port/access/check.ts';
import { checkText } from '../../port/text.ts';
import type { Connections } from '../database/connect.ts';

const COLUMNS = `k.key_id, k.namespace, k.name, k.role, k.permissions, k.created_at, k.created_by, k.expires_at,
  k.revoked_at, k.revoked_by`;
const NOW = 'coalesce($1::bigint, millrace.clock_v1())';

// Either it is new, or it was there before: the second half sees nothing of the first.
const CREATE = `
WITH t AS (SELECT ${NOW} AS now), made AS (
  INSERT INTO millrace.api_keys (key_id, namespace, name, role, permissions, hash, created_by, created_at, expires_at)
  SELECT $2, $3, $4, $5, $6, $7::bytea, $8, t.now, t.now + $9::bigint FROM t
  ON CONFLICT (key_id) DO NOTHING RETURNING *
)
SELECT t.now, ${COLUMNS} FROM made k, t
UNION ALL SELECT t.now, ${COLUMNS} FROM millrace.api_keys k, t WHERE k.key_id = $2 AND k.hash = $7::bytea`;

const READ = `SELECT ${NOW}, ${COLUMNS}, k.hash FROM millrace.api_keys k WHERE k.key_id = $2`;

// The first row always comes, for the time.
const LIST = `
SELECT t.now, k.* FROM (SELECT ${NOW} AS now) t
LEFT JOIN LATERAL (
  SELECT ${COLUMNS} FROM millrace.api_keys k
  WHERE k.namespace = $2 AND ($4::text IS NULL
    OR (k.created_at, k.key_id) < (SELECT b.created_at, b.key_id FROM millrace.api_keys b WHERE b.key_id = $4))
  ORDER BY k.created_at DESC, k.key_id DESC LIMIT $3
) k ON true
ORDER BY k.created_at DESC, k.key_id DESC`;

const REVOKE = `
UPDATE millrace.api_keys k SET
  revoked_by = CASE WHEN k.revoked_at IS NULL THEN $4 ELSE k.revoked_by END,
  revoked_at = coalesce(k.revoked_at, ${NOW})
WHERE k.key_id = $2 AND k.namespace = $3
RETURNING ${NOW}, ${COLUMNS}`;

type Row = [
  now: number,
  keyId: string,
  namespace: string,
  name: string,
  role: string,
  permissions: string | null,
  createdAt: number,
  createdBy: string | null,
  expiresAt: number | null,
  revokedAt: number | null,
  revokedBy: string | null,
];
type Empty = [now: number, ...nothing: null[]];

/** The table `api_keys`. `now`: undefined for the database's clock. */
export function accessCalls({ read, write }: Connections, now: () => number | undefined): AccessStore {
  return {
    createKey: async (request) => {
      checkKeyRequest(request);
      const { keyId, namespace, name, role, permissions, hash, createdBy, lifeMs } = request;
      const what = [keyId, namespace, name, role, permissions?.join(','), Buffer.from(hash)];
      const [row] = await write<Row>({ text: CREATE, values: [now(), ...what, createdBy, lifeMs] });
      return row && one(row);
    },
    readKey: async (keyId) => {
      checkText(keyId, 'key id');
      const [row] = await read<[...row: Row, hash: Uint8Array]>({ text: READ, values: [now(), keyId] });
      if (row === undefined) return undefined;
      const hash = row[11];
      const { found, storeTime } = one(row);
      return { found: { ...found, hash }, storeTime };
    },
    listKeys: async (filter) => {
      checkKeyFilter(filter);
      const values = [now(), filter.namespace, filter.limit, filter.before];
      const rows = await read<Row | Empty>({ text: LIST, values });
      const found = rows.filter(isKey).map(keyOf);
      return { found, storeTime: rows[0]?.[0] ?? 0 };
    },
    revokeKey: async ({ keyId, namespace, by }) => {
      checkKeyFilter({ namespace, before: keyId });
      checkText(by, 'who revokes');
      const [row] = await write<Row>({ text: REVOKE, values: [now(), keyId, namespace, by] });
      return row && one(row);
    },
  };
}

function isKey(row: Row | Empty): row is Row {
  return row[1] !== null;
}

function one(row: Row | [...row: Row, hash: Uint8Array]): KeysRead<StoredKey> {
  return { found: keyOf(row), storeTime: row[0] };
}

function keyOf(row: Row | [...row: Row, hash: Uint8Array]): StoredKey {
  const [, keyId, namespace, name, role, permissions, createdAt, createdBy, expiresAt, ...end] = row;
  const [revokedAt, revokedBy] = end;
  return {
    ...{ keyId, namespace, name, role, createdAt },
    permissions: permissions?.split(',').filter(Boolean),
    createdBy: createdBy ?? undefined,
    expiresAt: expiresAt ?? undefined,
    revokedAt: revokedAt ?? undefined,
    revokedBy: revokedBy ?? undefined,
  };
}
