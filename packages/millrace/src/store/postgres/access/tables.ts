/* API keys (port/access/keys.ts). */
export const KEY_TABLE = `
CREATE TABLE millrace.api_keys (
  key_id text COLLATE "C" PRIMARY KEY,
  namespace text COLLATE "C" NOT NULL,
  name text COLLATE "C" NOT NULL,
  role text COLLATE "C" NOT NULL,
  permissions text COLLATE "C",
  hash bytea NOT NULL,
  created_at bigint NOT NULL,
  created_by text COLLATE "C",
  expires_at bigint,
  revoked_at bigint,
  revoked_by text COLLATE "C"
);
CREATE INDEX api_keys_listing ON millrace.api_keys (namespace, created_at, key_id);
`;
