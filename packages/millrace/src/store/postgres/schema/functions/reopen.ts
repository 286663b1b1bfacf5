import { IN_SCOPE, PLANNING } from './answer.ts';

/*
 * Acts from outside on runs that nobody owns, and giving runs back.
 * Reopening a closed run holds the row of its key, so that a start that is about to take the key over sees
 * either.
 */
export const REOPEN = `
CREATE FUNCTION millrace.reopen_v1(
  p_now bigint, p_run uuid, p_version integer, p_from integer, p_seq integer, p_count integer, p_data bytea,
  p_commit bigint
) RETURNS text LANGUAGE plpgsql VOLATILE ${PLANNING} AS $$
#variable_conflict use_column
DECLARE
  v_now bigint := coalesce(p_now, millrace.clock_v1());
  v_key record;
  r record;
BEGIN
  SELECT status, version, commit_id, events, NULL::uuid AS successor INTO r
  FROM millrace.runs WHERE run_id = p_run FOR NO KEY UPDATE;
  IF NOT FOUND THEN
    SELECT status, version, commit_id, events, successor, namespace, key INTO r
    FROM millrace.runs_closed WHERE run_id = p_run FOR NO KEY UPDATE;
    IF NOT FOUND THEN
      -- Between the two looks it may have been reopened.
      RETURN CASE WHEN EXISTS (SELECT 1 FROM millrace.runs WHERE run_id = p_run) THEN 'conflict' ELSE 'not-found' END;
    END IF;
  END IF;
  IF r.version = p_version + 1 AND r.commit_id = p_commit THEN RETURN 'ok'; END IF;
  IF r.status <> p_from OR r.version <> p_version OR (p_from <> 4 AND p_from < 10)
    OR (p_count > 0 AND r.events <> p_seq)
  THEN
    RETURN 'conflict';
  END IF;
  IF p_from = 4 THEN
    UPDATE millrace.runs r SET status = 0, rank = millrace.rank_v1(r.priority, v_now), ready_at = v_now,
      block_code = NULL, waits = NULL, suspect_group = NULL, deaths = 0,
      version = r.version + 1, commit_id = p_commit, events = r.events + p_count
    WHERE r.run_id = p_run;
  ELSE
    IF r.successor IS NOT NULL THEN RETURN 'conflict'; END IF;
    IF r.key IS NOT NULL THEN
      PERFORM 1 FROM millrace.keys k
      WHERE k.namespace = r.namespace AND k.key = r.key AND k.run_id = p_run FOR NO KEY UPDATE;
      IF NOT FOUND THEN RETURN 'conflict'; END IF;
    END IF;
    -- Nobody has had it since: a limit that is made now does not count it (L2).
    WITH gone AS (DELETE FROM millrace.runs_closed c WHERE c.run_id = p_run RETURNING c.*)
    INSERT INTO millrace.runs (run_id, rank, commit_id, created_at, ready_at, started_at, deadline_at, epoch, version,
      events, inbox_seq, parent_ordinal, deaths, status, priority, parent_run_id, namespace, workflow,
      workflow_version, queue, key, tags, limits)
    SELECT run_id, millrace.rank_v1(priority, v_now), p_commit, created_at, v_now, started_at, deadline_at, epoch,
      version + 1, events + p_count, inbox_seq, parent_ordinal, 0, 0, priority, parent_run_id, namespace,
      workflow, workflow_version, queue, key, tags, limits
    FROM gone;
    PERFORM millrace.keep_keys_v1(v_now, ARRAY[p_run]);
  END IF;
  IF p_count > 0 THEN
    INSERT INTO millrace.history (run_id, at, seq, count, data) VALUES (p_run, v_now, p_seq, p_count, p_data);
  END IF;
  RETURN 'ok';
END $$;

CREATE FUNCTION millrace.unblock_v1(
  p_now bigint, p_code text, p_namespace text, p_queues text[], p_workflows text[], p_versions text[],
  p_traits text[]
) RETURNS integer LANGUAGE plpgsql VOLATILE ${PLANNING} AS $$
#variable_conflict use_column
DECLARE
  v_now bigint := coalesce(p_now, millrace.clock_v1());
  v_count integer;
  v_ids uuid[];
BEGIN
  v_ids := ARRAY(
    SELECT r.run_id FROM millrace.runs r
    WHERE r.status = 4 AND r.block_code = p_code
      AND ${IN_SCOPE}
    ORDER BY r.run_id FOR NO KEY UPDATE);
  UPDATE millrace.runs r SET status = 0, rank = millrace.rank_v1(r.priority, v_now), ready_at = v_now,
    block_code = NULL, waits = NULL, suspect_group = NULL, deaths = 0
  WHERE r.run_id = ANY(v_ids);
  GET DIAGNOSTICS v_count = ROW_COUNT;
  RETURN v_count;
END $$;

-- By run id. A run keeps its rank: what was given back has waited already.
CREATE FUNCTION millrace.release_v1(p_now bigint, p_run uuid[], p_epoch integer[], p_version integer[])
RETURNS integer LANGUAGE plpgsql VOLATILE ${PLANNING} AS $$
#variable_conflict use_column
DECLARE
  v_now bigint := coalesce(p_now, millrace.clock_v1());
  v_count integer;
BEGIN
  UPDATE millrace.runs r SET status = 0, owner = NULL, last_owner = r.owner, epoch = r.epoch + 1,
    ready_at = coalesce(r.ready_at, v_now)
  WHERE r.run_id = ANY(p_run) AND r.status + 0 = 1 AND r.epoch = p_epoch[width_bucket(r.run_id, p_run)]
    AND r.version = p_version[width_bucket(r.run_id, p_run)]
    AND (SELECT true FROM millrace.engines e WHERE e.engine_id = r.owner AND NOT e.retired LIMIT 1);
  GET DIAGNOSTICS v_count = ROW_COUNT;
  RETURN v_count;
END $$;
`;
