/*
 * Logs of runs (port/runs/lines.ts). Of each log what it has been given in all, so that its lines are numbered without a
 * gap and its bounds hold; `hour` is that of the last line, and changes seldom: it is what the index is on.
 */
export const LINE_TABLES = `
CREATE TABLE millrace.logs (
  run_id uuid PRIMARY KEY,
  lines bigint NOT NULL,
  bytes bigint NOT NULL,
  batch bigint NOT NULL,
  hour bigint NOT NULL
) WITH (fillfactor = 70);
CREATE INDEX logs_by_time ON millrace.logs (hour);
CREATE TABLE millrace.log_lines (
  run_id uuid NOT NULL,
  seq integer NOT NULL,
  at bigint NOT NULL,
  body bytea NOT NULL,
  PRIMARY KEY (run_id, seq)
);
`;
