/* API keys (port/access/keys.ts). */
export const KEY_TABLE = `
CREATE TABLE api_keys (
  key_id TEXT PRIMARY KEY,
  namespace TEXT NOT NULL,
  name TEXT NOT NULL,
  role TEXT NOT NULL,
  permissions TEXT,
  hash BLOB NOT NULL,
  created_at INTEGER NOT NULL,
  created_by TEXT,
  expires_at INTEGER,
  revoked_at INTEGER,
  revoked_by TEXT
) STRICT, WITHOUT ROWID;
CREATE INDEX api_keys_listing ON api_keys (namespace, created_at, key_id);
`;
