/*
 * What the functions answer with: few rows, one shape. Columns of the run are set where a run comes with the
 * answer (claimed, adopted). `part` says what a row is about, `ord` is the 1-based place of its plan, start
 * or message.
 */
export const ANSWER = `
CREATE TYPE millrace.answer_v1 AS (
  part smallint, ord integer, code smallint, status smallint, seq integer, other uuid, run_id uuid,
  epoch integer, version integer, events integer, inbox_seq integer, priority smallint, suspect boolean,
  created_at bigint, deadline_at bigint, parent_run_id uuid, parent_ordinal integer,
  namespace text, workflow text, workflow_version text, queue text, key text, tags text[], history bytea
);

-- The store's clock, ms. Rounded down: a time that has not come is never taken for one that has.
CREATE FUNCTION millrace.clock_v1() RETURNS bigint LANGUAGE sql VOLATILE AS $$
  SELECT floor(extract(epoch FROM clock_timestamp()) * 1000)::bigint
$$;

-- Ages by rank: see core/status.ts.
CREATE FUNCTION millrace.rank_v1(priority smallint, ready_at bigint) RETURNS bigint LANGUAGE sql IMMUTABLE AS $$
  SELECT ready_at - CASE priority WHEN 1 THEN 0 WHEN 2 THEN 60000 WHEN 3 THEN 120000 ELSE 3600000 END
$$;

-- Locks the rows of runs in the order of their ids, so that two calls cannot wait for each other in a circle.
-- Returns how many there are.
CREATE FUNCTION millrace.lock_v1(p_runs uuid[]) RETURNS integer LANGUAGE plpgsql VOLATILE AS $$
DECLARE
  v_count integer;
BEGIN
  PERFORM 1
  FROM (SELECT DISTINCT u.id FROM unnest(p_runs) AS u(id) WHERE u.id IS NOT NULL ORDER BY u.id) u,
  LATERAL (SELECT 1 FROM millrace.runs r WHERE r.run_id = u.id FOR NO KEY UPDATE) l;
  GET DIAGNOSTICS v_count = ROW_COUNT;
  RETURN v_count;
END $$;

-- Those of the incarnations that are not retired. What the caller does for them is done before any of them can be
-- retired: retire_v1 waits for this lock (I9). In memory only: a row lock here would make each commit write to engines.
-- The other lock: while somebody may be granting, nobody makes a limit (set_limit_v1, L2).
-- In a transaction of several statements (ctx.transaction) only COMMIT is to come. From one whose line was cut just then
-- it never comes: the server ends its session soon, so that its locks do not hold up who takes its work over.
CREATE FUNCTION millrace.live_v1(p_engines uuid[]) RETURNS uuid[] LANGUAGE plpgsql VOLATILE AS $$
DECLARE
  v_engine uuid;
BEGIN
  IF cardinality(p_engines) > 0 THEN
    PERFORM set_config('idle_in_transaction_session_timeout', '1s', true);
    PERFORM pg_advisory_xact_lock_shared(77015, 0);
  END IF;
  FOREACH v_engine IN ARRAY coalesce(p_engines, '{}') LOOP
    PERFORM pg_advisory_xact_lock_shared(77012, hashtext(v_engine::text));
  END LOOP;
  RETURN ARRAY(SELECT e.engine_id FROM millrace.engines e WHERE e.engine_id = ANY(p_engines) AND NOT e.retired);
END $$;

-- All incarnations that are not retired, as far as can be seen without a lock: good enough for a preference (I10).
CREATE FUNCTION millrace.seen_v1() RETURNS uuid[] LANGUAGE sql STABLE AS $$
  SELECT ARRAY(SELECT e.engine_id FROM millrace.engines e WHERE NOT e.retired)
$$;
`;

/*
 * How each function is planned: once a connection (no planning later), by index, and by nothing that
 * statistics say. Tables here are empty at first and then large, or large and then nearly empty: a plan that
 * was right for the one is a catastrophe for the other (measured: 1,000 ms instead of 10 for a flush). So
 * statements on the hot path leave no choice: one table each, found by `run_id = ANY (array)`, or a subquery
 * with LIMIT for each row of an array. What belongs to a row is taken from the plan's arrays by place:
 * `width_bucket(run_id, ids)` is a binary search.
 */
export const PLANNING = `SET enable_seqscan = off SET enable_bitmapscan = off SET enable_hashjoin = off
  SET enable_mergejoin = off SET enable_material = off SET jit = off SET plan_cache_mode = force_generic_plan
  SET lock_timeout = '5s'`;

/**
 * Whether the caller has the workflow of a row of this name, and carries what stands behind the `+` in its version.
 */
export function canExecute(row: string): string {
  const version = `${row}.workflow_version`;
  const offered = '(SELECT w, v FROM unnest(p_workflows, p_versions) AS o(w, v))';
  return `((${row}.workflow, ${version}) IN ${offered}
          OR (strpos(${version}, '+') > 0 AND (${row}.workflow, split_part(${version}, '+', 1)) IN ${offered}
            AND (string_to_array(${version}, '+'))[2:] <@ p_traits))`;
}

/** Whether a row called `r` is what the caller can execute. */
export const IN_SCOPE = `(p_namespace IS NULL OR r.namespace = p_namespace)
        AND (p_queues IS NULL OR r.queue = ANY(p_queues))
        AND ${canExecute('r')}`;

/** The columns of an `answer_v1` that tell of a run, from a row called `r`. */
export const OWNED = `r.run_id, r.epoch, r.version, r.events, r.inbox_seq, r.priority, r.suspect_group IS NOT NULL,
    r.created_at, r.deadline_at, r.parent_run_id, r.parent_ordinal,
    r.namespace, r.workflow, r.workflow_version, r.queue, r.key, r.tags`;

/** The same columns where an answer tells of none: where it stands, and what it is. */
export const NO_POSITION = 'NULL::integer, NULL::integer, NULL::integer, NULL::integer';
export const NO_RUN = `NULL::smallint, NULL::boolean, NULL::bigint, NULL::bigint, NULL::uuid, NULL::integer, NULL::text,
        NULL::text, NULL::text, NULL::text, NULL::text, NULL::text[], NULL::bytea`;
