/* Workflows that are data, and routes (port/definitions.ts). */
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

/**
 * For counts of what has closed since. Closed runs are appended in the order of time, so that a summary of a range of pages
 * serves: measured (start and close, batches of 500), a B-tree by workflow and version adds a tenth to the server's work for
 * a run, this nothing. A step of its own: its transaction locks one table, so that it and commits cannot wait in a circle.
 */
export const CLOSED_TIMES = `
CREATE INDEX runs_closed_times ON millrace.runs_closed USING brin (closed_at) WITH (pages_per_range = 64);
`;
