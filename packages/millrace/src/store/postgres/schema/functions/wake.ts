import { OWNED, PLANNING } from './answer.ts';

/*
 * Waiting runs whose time has come. Those that the adopter may have and has room for become its own, the
 * others queue: ready since their time came, not since somebody looked. part 4   a run that is the adopter's
 * now part 5   one row: ord = how many were queued, created_at = the earliest time still waited for,
 * deadline_at = the clock
 */
export const WAKE = `
CREATE FUNCTION millrace.wake_v1(
  p_now bigint, p_limit integer, p_adopter uuid, p_room integer, p_sticky boolean, p_workflows text[],
  p_versions text[]
) RETURNS SETOF millrace.answer_v1 LANGUAGE plpgsql VOLATILE ${PLANNING} AS $$
#variable_conflict use_column
DECLARE
  v_now bigint := coalesce(p_now, millrace.clock_v1());
  v_live boolean := p_adopter IS NOT NULL AND p_adopter = ANY(millrace.live_v1(ARRAY[p_adopter]));
  v_ids uuid[];
  v_adopted uuid[];
  v_answer millrace.answer_v1;
BEGIN
  WITH pick AS MATERIALIZED (
    SELECT r.* FROM millrace.runs r WHERE r.status = 2 AND r.wake_at <= v_now
    ORDER BY r.wake_at LIMIT p_limit FOR UPDATE SKIP LOCKED
  ), eligible AS (
    SELECT p.run_id FROM pick p
    WHERE v_live AND p.suspect_group IS NULL AND (NOT p_sticky OR p.last_owner IS NOT DISTINCT FROM p_adopter)
      AND (p.workflow, p.workflow_version) IN (SELECT w, v FROM unnest(p_workflows, p_versions) AS o(w, v))
    ORDER BY p.wake_at, p.run_id LIMIT greatest(p_room, 0)
  )
  SELECT ARRAY(SELECT run_id FROM pick), ARRAY(SELECT run_id FROM eligible) INTO v_ids, v_adopted;

  RETURN QUERY
  WITH r AS (
    UPDATE millrace.runs r SET
      rank = millrace.rank_v1(r.priority, r.wake_at), ready_at = r.wake_at, wake_at = NULL, waits = NULL,
      status = CASE WHEN r.run_id = ANY(v_adopted) THEN 1 ELSE 0 END,
      owner = CASE WHEN r.run_id = ANY(v_adopted) THEN p_adopter END,
      epoch = CASE WHEN r.run_id = ANY(v_adopted) THEN r.epoch + 1 ELSE r.epoch END,
      started_at = CASE WHEN r.run_id = ANY(v_adopted) THEN coalesce(r.started_at, v_now) ELSE r.started_at END
    WHERE r.run_id = ANY(v_ids)
    RETURNING r.*
  )
  SELECT 4::smallint, 0, 0::smallint, 1::smallint, NULL::integer, NULL::uuid, ${OWNED}, NULL::bytea
  FROM r WHERE r.status = 1 ORDER BY r.rank, r.run_id;

  v_answer.part := 5;
  v_answer.ord := cardinality(v_ids) - cardinality(v_adopted);
  v_answer.deadline_at := v_now;
  SELECT r.wake_at INTO v_answer.created_at FROM millrace.runs r
  WHERE r.status = 2 AND r.wake_at IS NOT NULL ORDER BY r.wake_at LIMIT 1;
  RETURN NEXT v_answer;
END $$;
`;
