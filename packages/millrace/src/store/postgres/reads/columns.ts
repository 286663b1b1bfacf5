/* Run rows for people and clients. Both tables give the same columns in the same order. */

const SHARED = `r.run_id, r.namespace, r.workflow, r.workflow_version, r.queue, r.priority, r.key, r.tags,
  r.parent_run_id, r.parent_ordinal, r.created_at, r.deadline_at, r.epoch, r.version, r.events, r.inbox_seq,
  r.status, r.started_at`;

/** `source`: a table, or some of its rows in brackets: the engines are looked up for these alone. */
export function openOf(source: string): string {
  return `SELECT ${SHARED}, r.owner, e.name, r.wake_at, r.waits, r.block_code, r.ready_at, NULL::bigint AS closed_at,
  r.suspect_group, r.deaths, NULL::uuid AS successor, r.assigned_to, r.assigned_until, r.paused_at, r.paused_by,
  r.pause_reason, r.paused_in
FROM ${source} r LEFT JOIN millrace.engines e ON e.engine_id = coalesce(r.owner, r.last_owner)`;
}

export function closedOf(source: string): string {
  return `SELECT ${SHARED}, NULL::uuid, e.name, NULL::bigint, NULL::bytea, NULL::text, NULL::bigint, r.closed_at,
  NULL::bigint, 0, r.successor, NULL::uuid, NULL::bigint, NULL::bigint, NULL::text, NULL::text, NULL::uuid
FROM ${source} r LEFT JOIN millrace.engines e ON e.engine_id = r.last_owner`;
}

/** Of both. */
export const COLUMN_TYPES = `run_id uuid, namespace text, workflow text, workflow_version text, queue text,
  priority smallint, key text, tags text[], parent_run_id uuid, parent_ordinal integer, created_at bigint,
  deadline_at bigint, epoch integer, version integer, events integer, inbox_seq integer, status smallint,
  started_at bigint, owner uuid, engine_name text, wake_at bigint, waits bytea, block_code text, ready_at bigint,
  closed_at bigint, suspect_group bigint, deaths integer, successor uuid, assigned_to uuid, assigned_until bigint,
  paused_at bigint, paused_by text, pause_reason text, paused_in uuid`;
