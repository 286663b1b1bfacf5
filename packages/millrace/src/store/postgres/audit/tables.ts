/* Who did what (port/access/audit.ts). The ids are in the order of time, so that what is pruned stands at the beginning. */
export const AUDIT_TABLE = `
CREATE TABLE millrace.audit (
  id uuid PRIMARY KEY,
  at bigint NOT NULL,
  outcome smallint NOT NULL,
  namespace text COLLATE "C" NOT NULL,
  actor text COLLATE "C" NOT NULL,
  action text COLLATE "C" NOT NULL,
  target text COLLATE "C",
  code text COLLATE "C",
  remote text COLLATE "C",
  reason text COLLATE "C",
  request_id text COLLATE "C",
  before text COLLATE "C",
  after text COLLATE "C"
);
CREATE INDEX audit_by_time ON millrace.audit (namespace, at, id);
CREATE INDEX audit_by_target ON millrace.audit (namespace, target, at, id);

CREATE FUNCTION millrace.audit_is_kept_v1() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  RAISE EXCEPTION 'the audit log is append-only';
END $$;
CREATE TRIGGER audit_is_kept BEFORE UPDATE ON millrace.audit
FOR EACH STATEMENT EXECUTE FUNCTION millrace.audit_is_kept_v1();
`;
