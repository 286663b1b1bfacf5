/*
 * Text compares by bytes (COLLATE "C"): cheaper, and the same order on every server. Status codes and
 * priorities are the numbers of core/status.ts (open: 0 queued, 1 running, 2 waiting, 3 paused, 4 blocked).
 * runs          open runs only. Room is left in each page, and no index contains what a turn changes, so that
 * the update of a turn stays in its page without touching an index (HOT). runs_closed   where the closing
 * plan moves the row. history       one row a plan, never updated. No foreign keys: share locks on `engines`
 * or `runs` would make every commit write there.
 */
export const TABLES = `
CREATE TABLE millrace.engines (
  engine_id uuid PRIMARY KEY,
  beat_seq bigint NOT NULL,
  started_at bigint NOT NULL,
  beat_at bigint NOT NULL,
  retired_at bigint,
  pid integer NOT NULL,
  retired boolean NOT NULL,
  drain boolean NOT NULL,
  session timestamptz,
  name text COLLATE "C" NOT NULL,
  host text COLLATE "C" NOT NULL,
  boot_id text COLLATE "C" NOT NULL,
  profile bytea NOT NULL,
  load bytea NOT NULL
) WITH (fillfactor = 20, autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 200);
CREATE INDEX engines_alive ON millrace.engines (engine_id) WHERE NOT retired;
CREATE INDEX engines_retired ON millrace.engines (retired_at) WHERE retired;

CREATE TABLE millrace.leases (
  name text COLLATE "C" PRIMARY KEY,
  holder uuid NOT NULL,
  term bigint NOT NULL,
  since bigint NOT NULL
);

CREATE TABLE millrace.settings (
  name text COLLATE "C" PRIMARY KEY,
  revision bigint NOT NULL UNIQUE,
  changed_at bigint NOT NULL,
  value bytea
);

CREATE TABLE millrace.failovers (
  event_id uuid PRIMARY KEY,
  takeover_id uuid,
  detected_at bigint NOT NULL,
  finished_at bigint,
  silent_ms bigint,
  runs integer NOT NULL,
  kind text COLLATE "C" NOT NULL,
  engine_name text COLLATE "C" NOT NULL,
  takeover_name text COLLATE "C",
  run_ids uuid[] NOT NULL,
  quarantined uuid[] NOT NULL,
  locks text[] NOT NULL DEFAULT '{}'
);
CREATE INDEX failovers_listing ON millrace.failovers (detected_at, event_id);

CREATE TABLE millrace.locks (
  namespace text COLLATE "C" NOT NULL,
  name text COLLATE "C" NOT NULL,
  token bigint NOT NULL,
  since bigint,
  expires_at bigint,
  holder_kind smallint,
  waited boolean NOT NULL,
  holder uuid,
  request text COLLATE "C",
  owner text COLLATE "C",
  PRIMARY KEY (namespace, name)
);
CREATE INDEX locks_held ON millrace.locks (holder) WHERE holder IS NOT NULL;
CREATE INDEX locks_awaited ON millrace.locks (expires_at) WHERE waited;

CREATE TABLE millrace.lock_waiters (
  seq bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  hold_ms bigint NOT NULL,
  since bigint NOT NULL,
  until bigint,
  window_ms integer NOT NULL,
  holder_kind smallint NOT NULL,
  holder uuid NOT NULL,
  namespace text COLLATE "C" NOT NULL,
  name text COLLATE "C" NOT NULL,
  request text COLLATE "C" NOT NULL,
  owner text COLLATE "C" NOT NULL,
  dedup text COLLATE "C",
  body bytea
);
CREATE INDEX lock_waiters_queue ON millrace.lock_waiters (namespace, name, seq);
CREATE UNIQUE INDEX lock_waiters_claims ON millrace.lock_waiters (namespace, name, holder, request);
CREATE INDEX lock_waiters_holders ON millrace.lock_waiters (holder);

CREATE TABLE millrace.runs (
  run_id uuid PRIMARY KEY,
  rank bigint NOT NULL,
  commit_id bigint NOT NULL,
  created_at bigint NOT NULL,
  ready_at bigint,
  started_at bigint,
  wake_at bigint,
  assigned_until bigint,
  deadline_at bigint,
  suspect_group bigint,
  epoch integer NOT NULL,
  version integer NOT NULL,
  events integer NOT NULL,
  inbox_seq integer NOT NULL,
  parent_ordinal integer,
  deaths integer NOT NULL,
  status smallint NOT NULL,
  priority smallint NOT NULL,
  owner uuid,
  last_owner uuid,
  assigned_to uuid,
  parent_run_id uuid,
  namespace text COLLATE "C" NOT NULL,
  workflow text COLLATE "C" NOT NULL,
  workflow_version text COLLATE "C" NOT NULL,
  queue text COLLATE "C" NOT NULL,
  key text COLLATE "C",
  tags text[] COLLATE "C",
  block_code text COLLATE "C",
  waits bytea
) WITH (
  fillfactor = 60, vacuum_truncate = off,
  autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 5000, autovacuum_vacuum_cost_delay = 0,
  autovacuum_vacuum_insert_scale_factor = 0.2,
  autovacuum_analyze_scale_factor = 0, autovacuum_analyze_threshold = 20000
);
CREATE INDEX runs_queued ON millrace.runs (namespace, queue, workflow, workflow_version, rank, run_id)
  WHERE status = 0 AND suspect_group IS NULL AND assigned_to IS NULL;
CREATE INDEX runs_assigned ON millrace.runs (assigned_to, rank, run_id) WHERE assigned_to IS NOT NULL;
CREATE INDEX runs_windows ON millrace.runs (assigned_until) WHERE assigned_until IS NOT NULL;
CREATE INDEX runs_suspects ON millrace.runs (rank, run_id) WHERE status = 0 AND suspect_group IS NOT NULL;
CREATE INDEX runs_waiting ON millrace.runs (wake_at) WHERE status = 2 AND wake_at IS NOT NULL;
CREATE INDEX runs_blocked ON millrace.runs (block_code) WHERE status = 4;
CREATE INDEX runs_owned ON millrace.runs (owner, run_id) WHERE owner IS NOT NULL;
CREATE INDEX runs_children ON millrace.runs (parent_run_id, run_id) WHERE parent_run_id IS NOT NULL;

CREATE TABLE millrace.runs_closed (
  run_id uuid PRIMARY KEY,
  commit_id bigint NOT NULL,
  created_at bigint NOT NULL,
  started_at bigint,
  closed_at bigint NOT NULL,
  deadline_at bigint,
  epoch integer NOT NULL,
  version integer NOT NULL,
  events integer NOT NULL,
  inbox_seq integer NOT NULL,
  parent_ordinal integer,
  status smallint NOT NULL,
  priority smallint NOT NULL,
  last_owner uuid,
  parent_run_id uuid,
  successor uuid,
  namespace text COLLATE "C" NOT NULL,
  workflow text COLLATE "C" NOT NULL,
  workflow_version text COLLATE "C" NOT NULL,
  queue text COLLATE "C" NOT NULL,
  key text COLLATE "C",
  tags text[] COLLATE "C"
);
CREATE INDEX runs_closed_listing ON millrace.runs_closed (namespace, run_id);
CREATE INDEX runs_closed_children ON millrace.runs_closed (parent_run_id, run_id) WHERE parent_run_id IS NOT NULL;
CREATE INDEX runs_closed_keys ON millrace.runs_closed (namespace, key, run_id) WHERE key IS NOT NULL;

CREATE TABLE millrace.history (
  run_id uuid NOT NULL,
  at bigint NOT NULL,
  seq integer NOT NULL,
  count integer NOT NULL,
  data bytea NOT NULL,
  PRIMARY KEY (run_id, seq)
);

CREATE TABLE millrace.inbox (
  run_id uuid NOT NULL,
  at bigint NOT NULL,
  seq integer NOT NULL,
  dedup text COLLATE "C" NOT NULL,
  body bytea NOT NULL,
  PRIMARY KEY (run_id, seq)
) WITH (
  autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 5000, autovacuum_vacuum_cost_delay = 0,
  vacuum_truncate = off
);
CREATE UNIQUE INDEX inbox_dedup ON millrace.inbox (run_id, dedup);

CREATE TABLE millrace.keys (
  namespace text COLLATE "C" NOT NULL,
  key text COLLATE "C" NOT NULL,
  run_id uuid NOT NULL,
  dedup_ms bigint NOT NULL,
  fingerprint text COLLATE "C",
  PRIMARY KEY (namespace, key)
);

CREATE SEQUENCE millrace.suspect_groups;
`;
