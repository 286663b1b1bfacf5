/* Who did what (port/access/audit.ts). The ids are in the order of time, so that what is pruned stands at the beginning. */
export const AUDIT_TABLE = `
CREATE TABLE audit (
  id TEXT PRIMARY KEY,
  namespace TEXT NOT NULL,
  at INTEGER NOT NULL,
  actor TEXT NOT NULL,
  action TEXT NOT NULL,
  target TEXT,
  outcome INTEGER NOT NULL,
  code TEXT,
  remote TEXT,
  reason TEXT,
  request_id TEXT,
  before TEXT,
  after TEXT
) STRICT, WITHOUT ROWID;
CREATE INDEX audit_by_time ON audit (namespace, at, id);
CREATE INDEX audit_by_target ON audit (namespace, target, at, id);
CREATE TRIGGER audit_is_kept BEFORE UPDATE ON audit BEGIN SELECT raise(ABORT, 'the audit log is append-only'); END;
`;
