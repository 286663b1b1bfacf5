/* Logs of runs (port/runs/lines.ts): of each what it has been given in all and the hour of its last line; and its lines. */
export const LINE_TABLES = `
CREATE TABLE logs (
  run_id TEXT PRIMARY KEY,
  lines INTEGER NOT NULL,
  bytes INTEGER NOT NULL,
  batch INTEGER NOT NULL,
  hour INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX logs_by_time ON logs (hour);
CREATE TABLE log_lines (
  run_id TEXT NOT NULL,
  seq INTEGER NOT NULL,
  at INTEGER NOT NULL,
  body BLOB NOT NULL,
  PRIMARY KEY (run_id, seq)
) STRICT, WITHOUT ROWID;
`;
