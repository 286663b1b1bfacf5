/*
 * Workflows that are data, and routes (port/definitions.ts). The indexes are steps of their own, each in a transaction that
 * locks one table: commits of an engine that is running wait for it and cannot wait in a circle. What they say of tasks is
 * said in other words than in listings, which go by run id.
 */
export const DEFINITION_TABLES = `
CREATE TABLE millrace.definitions (
  namespace text COLLATE "C" NOT NULL,
  name text COLLATE "C" NOT NULL,
  version text COLLATE "C" NOT NULL,
  stored_at bigint NOT NULL,
  bytes integer NOT NULL,
  draft boolean NOT NULL,
  hash text COLLATE "C" NOT NULL,
  stored_by text COLLATE "C",
  body bytea NOT NULL,
  PRIMARY KEY (namespace, name, version)
);

CREATE TABLE millrace.routes (
  namespace text COLLATE "C" NOT NULL,
  name text COLLATE "C" NOT NULL,
  revision bigint NOT NULL,
  replaced bigint NOT NULL,
  changed_at bigint NOT NULL,
  value bytea NOT NULL,
  PRIMARY KEY (namespace, name)
);
`;

export const OPEN_VERSIONS = `
CREATE INDEX runs_versions ON millrace.runs (namespace, workflow, split_part(workflow_version, '+', 1), run_id)
  WHERE workflow NOT LIKE '$task/%';
`;

export const CLOSED_VERSIONS = `
CREATE INDEX runs_closed_counts ON millrace.runs_closed (namespace, workflow, workflow_version, status, started_at)
  INCLUDE (closed_at) WHERE workflow NOT LIKE '$task/%';
`;
