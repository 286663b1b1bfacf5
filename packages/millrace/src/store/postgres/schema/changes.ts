/*
 * For whoever follows what becomes of runs (port/changes.ts). Two steps, each of which locks one table that commits write:
 * so they and it cannot wait in a circle.
 */

/** Has entries of runs that stand still alone; `reopened` gets a row when somebody retries. */
export const HELD_RUNS = `
CREATE INDEX runs_held ON millrace.runs (namespace, run_id) WHERE status IN (3, 4);
CREATE TABLE millrace.reopened (
  run_id uuid PRIMARY KEY,
  at bigint NOT NULL
);
CREATE INDEX reopened_times ON millrace.reopened (at);
`;

/**
 * By time exactly: the summary of pages that stood here knows nothing of what was appended lately, until it is made anew.
 * Entries of one instant share their place, and are appended.
 */
export const CLOSED_ORDER = `
DROP INDEX millrace.runs_closed_times;
CREATE INDEX runs_closed_times ON millrace.runs_closed (closed_at);
`;
