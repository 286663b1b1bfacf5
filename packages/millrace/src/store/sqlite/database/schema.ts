import { KEY_TABLE } from '../access/tables.ts';
import { AUDIT_TABLE } from '../audit/tables.ts';
import { LINE_TABLES } from '../lines/tables.ts';

/** One forward step of the schema. A released one never changes: its checksum is kept in the database. */
export interface Migration {
  id: number;
  name: string;
  sql: string;
}

/**
 * For whoever follows what becomes of runs (port/changes.ts). The index by time is appended to: measured with the rest of a
 * run, see the benchmark W1; the other has entries of runs that stand still alone.
 */
const CHANGES = `
CREATE INDEX runs_closed_times ON runs_closed (closed_at);
CREATE INDEX runs_held ON runs (namespace, run_id) WHERE status IN (3, 4);
CREATE TABLE reopened (
  run_id TEXT PRIMARY KEY,
  namespace TEXT NOT NULL,
  at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX reopened_times ON reopened (at);
`;

/* Of a paused run: what it was, since when, who and why, and the engine that still executes attempts of it. */
const PAUSES = `
ALTER TABLE runs ADD COLUMN paused_from INTEGER;
ALTER TABLE runs ADD COLUMN paused_at INTEGER;
ALTER TABLE runs ADD COLUMN paused_by TEXT;
ALTER TABLE runs ADD COLUMN pause_reason TEXT;
ALTER TABLE runs ADD COLUMN paused_in TEXT;
`;

/*
 * Tables are clustered by their key (WITHOUT ROWID): one b-tree a row instead of two. Status codes and
 * priorities are the numbers of core/status.ts (open: 0 queued, 1 running, 2 waiting, 3 paused, 4 blocked).
 * Listings go by namespace and run id. In the default namespace, mostly the only one, that is the order of the table: an
 * index would cost each run three changes. `runs_closed_counts` is the one that serves people alone: measured (start and
 * close, batches of 500), 1.3 µs of the 25 of a run; without it, counting since an instant would read all closed runs.
 */
export const MIGRATIONS: readonly Migration[] = [
  {
    id: 1,
    name: 'runs, history, inbox, keys, engines',
    sql: `
CREATE TABLE engines (
  engine_id TEXT PRIMARY KEY,
  name TEXT NOT NULL,
  host TEXT NOT NULL,
  boot_id TEXT NOT NULL,
  pid INTEGER NOT NULL,
  beat_seq INTEGER NOT NULL,
  started_at INTEGER NOT NULL,
  beat_at INTEGER NOT NULL,
  retired INTEGER NOT NULL,
  retired_at INTEGER,
  drain INTEGER NOT NULL,
  profile BLOB NOT NULL,
  load BLOB NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX engines_alive ON engines (engine_id) WHERE retired = 0;
CREATE INDEX engines_retired ON engines (retired_at) WHERE retired = 1;

CREATE TABLE leases (
  name TEXT PRIMARY KEY,
  holder TEXT NOT NULL,
  term INTEGER NOT NULL,
  since INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE settings (
  name TEXT PRIMARY KEY,
  value BLOB,
  revision INTEGER NOT NULL,
  changed_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE UNIQUE INDEX settings_revision ON settings (revision);

CREATE TABLE failovers (
  event_id TEXT PRIMARY KEY,
  kind TEXT NOT NULL,
  engine_name TEXT NOT NULL,
  takeover_id TEXT,
  takeover_name TEXT,
  detected_at INTEGER NOT NULL,
  finished_at INTEGER,
  silent_ms INTEGER,
  runs INTEGER NOT NULL,
  run_ids TEXT NOT NULL,
  quarantined TEXT NOT NULL,
  locks TEXT NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX failovers_listing ON failovers (detected_at, event_id);

CREATE TABLE locks (
  namespace TEXT NOT NULL,
  name TEXT NOT NULL,
  token INTEGER NOT NULL,
  waited INTEGER NOT NULL,
  holder_kind TEXT,
  holder TEXT,
  request TEXT,
  owner TEXT,
  since INTEGER,
  expires_at INTEGER,
  PRIMARY KEY (namespace, name)
) STRICT, WITHOUT ROWID;
CREATE INDEX locks_held ON locks (holder) WHERE holder IS NOT NULL;
CREATE INDEX locks_awaited ON locks (expires_at) WHERE waited = 1;

CREATE TABLE lock_waiters (
  seq INTEGER PRIMARY KEY,
  namespace TEXT NOT NULL,
  name TEXT NOT NULL,
  holder_kind TEXT NOT NULL,
  holder TEXT NOT NULL,
  request TEXT NOT NULL,
  owner TEXT NOT NULL,
  hold_ms INTEGER NOT NULL,
  since INTEGER NOT NULL,
  until INTEGER,
  dedup TEXT,
  body BLOB,
  window_ms INTEGER NOT NULL
) STRICT;
CREATE INDEX lock_waiters_queue ON lock_waiters (namespace, name, seq);
CREATE UNIQUE INDEX lock_waiters_claims ON lock_waiters (namespace, name, holder, request);
CREATE INDEX lock_waiters_holders ON lock_waiters (holder);

CREATE TABLE runs (
  run_id TEXT PRIMARY KEY,
  namespace TEXT NOT NULL,
  workflow TEXT NOT NULL,
  workflow_version TEXT NOT NULL,
  queue TEXT NOT NULL,
  priority INTEGER NOT NULL,
  status INTEGER NOT NULL,
  rank INTEGER NOT NULL,
  owner TEXT,
  last_owner TEXT,
  epoch INTEGER NOT NULL,
  version INTEGER NOT NULL,
  commit_id INTEGER NOT NULL,
  events INTEGER NOT NULL,
  inbox_seq INTEGER NOT NULL,
  wake_at INTEGER,
  ready_at INTEGER,
  assigned_to TEXT,
  assigned_until INTEGER,
  created_at INTEGER NOT NULL,
  started_at INTEGER,
  deadline_at INTEGER,
  key TEXT,
  tags TEXT,
  granted INTEGER NOT NULL DEFAULT 0,
  limits TEXT,
  parked_on TEXT,
  parent_run_id TEXT,
  parent_ordinal INTEGER,
  suspect_group INTEGER,
  deaths INTEGER NOT NULL DEFAULT 0,
  block_code TEXT,
  waits BLOB
) STRICT, WITHOUT ROWID;
CREATE INDEX runs_queued ON runs (namespace, queue, workflow, workflow_version, granted, rank)
  WHERE status = 0 AND suspect_group IS NULL AND assigned_to IS NULL AND parked_on IS NULL;
CREATE INDEX runs_parked ON runs (namespace, parked_on, rank) WHERE parked_on IS NOT NULL;
CREATE INDEX runs_parked_queues ON runs (namespace, queue) WHERE parked_on IS NOT NULL;
CREATE INDEX runs_granted ON runs (namespace, queue) WHERE granted = 1;
CREATE INDEX runs_granted_workflows ON runs (namespace, workflow) WHERE granted = 1;
CREATE INDEX runs_assigned ON runs (assigned_to, rank) WHERE assigned_to IS NOT NULL;
CREATE INDEX runs_windows ON runs (assigned_until) WHERE assigned_until IS NOT NULL;
CREATE INDEX runs_suspects ON runs (rank) WHERE status = 0 AND suspect_group IS NOT NULL;
CREATE INDEX runs_waiting ON runs (wake_at) WHERE status = 2 AND wake_at IS NOT NULL;
CREATE INDEX runs_blocked ON runs (block_code) WHERE status = 4;
CREATE INDEX runs_owned ON runs (owner) WHERE owner IS NOT NULL;
CREATE INDEX runs_listing ON runs (namespace, run_id) WHERE namespace <> 'default';
CREATE INDEX runs_children ON runs (parent_run_id, run_id) WHERE parent_run_id IS NOT NULL;

CREATE TABLE runs_closed (
  run_id TEXT PRIMARY KEY,
  namespace TEXT NOT NULL,
  workflow TEXT NOT NULL,
  workflow_version TEXT NOT NULL,
  queue TEXT NOT NULL,
  priority INTEGER NOT NULL,
  status INTEGER NOT NULL,
  last_owner TEXT,
  epoch INTEGER NOT NULL,
  version INTEGER NOT NULL,
  commit_id INTEGER NOT NULL,
  events INTEGER NOT NULL,
  inbox_seq INTEGER NOT NULL,
  created_at INTEGER NOT NULL,
  started_at INTEGER,
  closed_at INTEGER NOT NULL,
  deadline_at INTEGER,
  key TEXT,
  tags TEXT,
  limits TEXT,
  parent_run_id TEXT,
  parent_ordinal INTEGER,
  successor TEXT
) STRICT, WITHOUT ROWID;
CREATE INDEX runs_closed_listing ON runs_closed (namespace, run_id) WHERE namespace <> 'default';
CREATE INDEX runs_closed_children ON runs_closed (parent_run_id, run_id) WHERE parent_run_id IS NOT NULL;
CREATE INDEX runs_closed_keys ON runs_closed (namespace, key, run_id) WHERE key IS NOT NULL;

CREATE TABLE history (
  run_id TEXT NOT NULL,
  seq INTEGER NOT NULL,
  count INTEGER NOT NULL,
  at INTEGER NOT NULL,
  data BLOB NOT NULL,
  PRIMARY KEY (run_id, seq)
) STRICT, WITHOUT ROWID;

CREATE TABLE inbox (
  run_id TEXT NOT NULL,
  seq INTEGER NOT NULL,
  dedup TEXT NOT NULL,
  body BLOB NOT NULL,
  at INTEGER NOT NULL,
  PRIMARY KEY (run_id, seq)
) STRICT, WITHOUT ROWID;
CREATE UNIQUE INDEX inbox_dedup ON inbox (run_id, dedup);

CREATE TABLE keys (
  namespace TEXT NOT NULL,
  key TEXT NOT NULL,
  run_id TEXT NOT NULL,
  fingerprint TEXT,
  dedup_ms INTEGER NOT NULL,
  PRIMARY KEY (namespace, key)
) STRICT, WITHOUT ROWID;

CREATE TABLE limits (
  namespace TEXT NOT NULL,
  kind INTEGER NOT NULL,
  name TEXT NOT NULL,
  max_concurrent INTEGER,
  asked_max INTEGER,
  rate REAL,
  tokens REAL NOT NULL DEFAULT 0,
  refilled_at INTEGER NOT NULL DEFAULT 0,
  max_depth INTEGER,
  paused INTEGER NOT NULL DEFAULT 0,
  paused_by TEXT,
  paused_at INTEGER,
  stir_at INTEGER,
  PRIMARY KEY (namespace, kind, name)
) STRICT, WITHOUT ROWID;
CREATE INDEX limits_stirred ON limits (stir_at) WHERE stir_at IS NOT NULL;

CREATE TABLE run_keys (
  run_id TEXT NOT NULL,
  namespace TEXT NOT NULL,
  key TEXT NOT NULL,
  granted INTEGER NOT NULL,
  PRIMARY KEY (run_id, key)
) STRICT, WITHOUT ROWID;
CREATE INDEX run_keys_of ON run_keys (namespace, key, granted);

CREATE TABLE counters (
  name TEXT PRIMARY KEY,
  value INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
INSERT INTO counters (name, value) VALUES ('suspect_group', 0);
`,
  },
  {
    id: 2,
    name: 'definitions, routes, counts by version',
    sql: `
CREATE TABLE definitions (
  namespace TEXT NOT NULL,
  name TEXT NOT NULL,
  version TEXT NOT NULL,
  hash TEXT NOT NULL,
  bytes INTEGER NOT NULL,
  draft INTEGER NOT NULL,
  stored_at INTEGER NOT NULL,
  stored_by TEXT,
  body BLOB NOT NULL,
  PRIMARY KEY (namespace, name, version)
) STRICT, WITHOUT ROWID;

CREATE TABLE routes (
  namespace TEXT NOT NULL,
  name TEXT NOT NULL,
  revision INTEGER NOT NULL,
  replaced INTEGER NOT NULL,
  changed_at INTEGER NOT NULL,
  value BLOB NOT NULL,
  PRIMARY KEY (namespace, name)
) STRICT, WITHOUT ROWID;

CREATE INDEX runs_closed_counts ON runs_closed (namespace, workflow, workflow_version, status, started_at, closed_at)
  WHERE workflow NOT GLOB '$task/*';
`,
  },
  { id: 3, name: 'API keys', sql: KEY_TABLE },
  { id: 4, name: 'audit log', sql: AUDIT_TABLE },
  { id: 5, name: 'changes of runs by time', sql: CHANGES },
  { id: 6, name: 'pauses of runs', sql: PAUSES },
  { id: 7, name: 'logs of runs', sql: LINE_TABLES },
];
