import { IN_SCOPE, OWNED, PLANNING } from './answer.ts';

/*
 * Waiting runs whose time has come, ready since then, not since somebody looked. Those that another live
 * incarnation owned last are queued and assigned to it; of the others the adopter gets what it may have and has
 * room for, the rest queues for all.
 * part 4   a run that is the adopter's now
 * part 5   one row: ord = how many are queued for all, created_at = when to ask again, deadline_at = the clock
 * part 6   a run that is assigned: other = the engine
 */
export const WAKE = `
CREATE FUNCTION millrace.wake_v1(
  p_now bigint, p_limit integer, p_adopter uuid, p_room integer, p_window integer, p_head_start integer,
  p_namespace text, p_queues text[], p_workflows text[], p_versions text[], p_traits text[]
) RETURNS SETOF millrace.answer_v1 LANGUAGE plpgsql VOLATILE ${PLANNING} AS $$
#variable_conflict use_column
DECLARE
  v_now bigint := coalesce(p_now, millrace.clock_v1());
  v_live boolean := p_adopter IS NOT NULL AND p_adopter = ANY(millrace.live_v1(ARRAY[p_adopter]));
  v_others uuid[] := array_remove(millrace.seen_v1(), p_adopter);
  v_ids uuid[];
  v_adopted uuid[];
  v_kept uuid[];
  v_answer millrace.answer_v1;
BEGIN
  WITH pick AS MATERIALIZED (
    SELECT r.* FROM millrace.runs r WHERE r.status = 2 AND r.wake_at <= v_now
    ORDER BY r.wake_at LIMIT p_limit FOR UPDATE SKIP LOCKED
  ), eligible AS (
    SELECT r.run_id FROM pick r
    WHERE v_live AND r.suspect_group IS NULL AND coalesce(r.last_owner <> ALL(v_others), true) AND ${IN_SCOPE}
    ORDER BY r.wake_at, r.run_id LIMIT greatest(p_room, 0)
  )
  SELECT ARRAY(SELECT run_id FROM pick), ARRAY(SELECT run_id FROM eligible),
    ARRAY(SELECT r.run_id FROM pick r WHERE p_window > 0 AND r.suspect_group IS NULL AND r.last_owner = ANY(v_others))
    INTO v_ids, v_adopted, v_kept;

  RETURN QUERY
  WITH r AS (
    UPDATE millrace.runs r SET
      rank = millrace.rank_v1(r.priority, r.wake_at), ready_at = r.wake_at, wake_at = NULL, waits = NULL,
      status = CASE WHEN r.run_id = ANY(v_adopted) THEN 1 ELSE 0 END,
      owner = CASE WHEN r.run_id = ANY(v_adopted) THEN p_adopter END,
      epoch = CASE WHEN r.run_id = ANY(v_adopted) THEN r.epoch + 1 ELSE r.epoch END,
      started_at = CASE WHEN r.run_id = ANY(v_adopted) THEN coalesce(r.started_at, v_now) ELSE r.started_at END,
      assigned_to = CASE WHEN r.run_id = ANY(v_kept) THEN r.last_owner END,
      assigned_until = CASE WHEN r.run_id = ANY(v_kept) THEN v_now + p_window END
    WHERE r.run_id = ANY(v_ids)
    RETURNING r.*
  )
  SELECT CASE r.status WHEN 1 THEN 4 ELSE 6 END::smallint, 0, 0::smallint, r.status, NULL::integer, r.assigned_to,
    ${OWNED}, NULL::bytea
  FROM r WHERE r.status = 1 OR r.assigned_to IS NOT NULL ORDER BY r.rank, r.run_id;

  v_answer.part := 5;
  v_answer.ord := cardinality(v_ids) - cardinality(v_adopted) - cardinality(v_kept);
  v_answer.deadline_at := v_now;
  -- Of the first hundred: those behind them come no earlier than the last of these.
  SELECT CASE WHEN count(*) = 100 THEN least(min(n.at), max(n.wake_at)) ELSE min(n.at) END
    INTO v_answer.created_at
  FROM (
    SELECT w.wake_at, CASE WHEN w.last_owner = ANY(v_others) THEN w.wake_at + p_head_start ELSE w.wake_at END AS at
    FROM (
      SELECT r.wake_at, r.last_owner FROM millrace.runs r
      WHERE r.status = 2 AND r.wake_at IS NOT NULL ORDER BY r.wake_at LIMIT 100) w) n;
  RETURN NEXT v_answer;
END $$;
`;

/*
 * What there is to do for an engine: a few seeks at the ends of indexes, whatever they hold, because every engine
 * asks with every beat. Suspects are read over: there are few, and not for long.
 */
export const WORK = `
CREATE FUNCTION millrace.work_v1(
  p_now bigint, p_engine uuid, p_namespace text, p_queues text[], p_workflows text[], p_versions text[],
  p_traits text[], OUT claimable boolean, OUT owns boolean, OUT next_wake_at bigint
) LANGUAGE plpgsql VOLATILE ${PLANNING} AS $$
#variable_conflict use_column
DECLARE
  v_now bigint := coalesce(p_now, millrace.clock_v1());
BEGIN
  IF p_workflows IS NULL THEN RETURN; END IF;
  claimable := EXISTS (SELECT 1 FROM millrace.runs r WHERE r.assigned_to = p_engine)
    OR EXISTS (SELECT 1 FROM millrace.runs r WHERE r.assigned_until <= v_now)
    OR EXISTS (
      SELECT 1 FROM millrace.groups_v1(p_namespace, NULL) r WHERE ${IN_SCOPE})
    OR EXISTS (
      SELECT 1 FROM millrace.runs r WHERE r.status = 0 AND r.suspect_group IS NOT NULL
        AND ${IN_SCOPE});
  owns := EXISTS (SELECT 1 FROM millrace.runs r WHERE r.owner = p_engine);
  next_wake_at := least(
    (SELECT r.wake_at FROM millrace.runs r WHERE r.status = 2 AND r.wake_at IS NOT NULL ORDER BY r.wake_at LIMIT 1),
    (SELECT l.expires_at FROM millrace.locks l WHERE l.waited AND l.expires_at IS NOT NULL
      ORDER BY l.expires_at LIMIT 1));
END $$;
`;
