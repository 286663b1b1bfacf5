import { canExecute, IN_SCOPE, OWNED, PLANNING } from './answer.ts';

/*
 * Taking queued runs by ascending rank. Queued runs stand in groups (namespace, queue, workflow, version),
 * each ordered by rank in the index; groups are found by hopping over the index, one seek each, so that runs
 * which nobody here can execute cost nothing. Candidates are read without locks; the first that can be locked
 * are taken. Where others hold all candidates the window grows, so that many engines at one queue do not come
 * back with nothing.
 * Assigned runs stand apart, each engine's in the order of rank, so that nobody reads over those of others (I10).
 * Whose window has passed is put back among the groups, once, by whoever claims next.
 * Suspects (p_suspects): 0 none of them, 1 those of one group, 2 those of the group that the caller has a part of.
 * Where the store has limits, limits/claim-limited.ts does it. Runs that hold a grant stand in groups of their own:
 * a limit that is full does not hold them back.
 * part 4   a run that is the caller's now; history = its first chunk if it never had a turn
 */
const GROUP = 'r.namespace, r.queue, r.workflow, r.workflow_version, r.granted';
export const FREE =
  'r.status = 0 AND r.suspect_group IS NULL AND r.assigned_to IS NULL AND r.parked_on IS NULL';

const TAKE = `UPDATE millrace.runs r SET status = 1, owner = p_engine, epoch = r.epoch + 1,
        started_at = coalesce(r.started_at, v_now), assigned_to = NULL, assigned_until = NULL
      WHERE r.run_id = ANY(v_ids)`;

export const CLAIMED = `4::smallint, 0, 0::smallint, 1::smallint, NULL::integer, NULL::uuid, ${OWNED},
      CASE WHEN r.version = 0 THEN
        (SELECT h.data FROM millrace.history h WHERE h.run_id = r.run_id AND h.seq = 0)
      END`;

export const CLAIM = `
CREATE TYPE millrace.head_v1 AS (namespace text, queue text, rank bigint);

-- The groups of queued healthy runs that are not assigned, each with its least rank; of one namespace, one queue,
-- or all.
CREATE FUNCTION millrace.groups_v1(p_namespace text, p_queue text)
RETURNS TABLE (namespace text, queue text, workflow text, workflow_version text, granted boolean, rank bigint)
LANGUAGE plpgsql VOLATILE AS $$
#variable_conflict use_column
BEGIN
  SELECT ${GROUP}, r.rank INTO namespace, queue, workflow, workflow_version, granted, rank
    FROM millrace.runs r
  WHERE ${FREE}
    AND (r.namespace, r.queue) >= (coalesce(p_namespace, ''), coalesce(p_queue, ''))
  ORDER BY ${GROUP}, r.rank LIMIT 1;
  WHILE FOUND LOOP
    EXIT WHEN p_namespace IS NOT NULL AND namespace <> p_namespace;
    EXIT WHEN p_queue IS NOT NULL AND queue <> p_queue;
    RETURN NEXT;
    SELECT ${GROUP}, r.rank INTO namespace, queue, workflow, workflow_version, granted, rank
    FROM millrace.runs r
    WHERE ${FREE}
      AND (${GROUP}) > (groups_v1.namespace, groups_v1.queue, groups_v1.workflow, groups_v1.workflow_version,
        groups_v1.granted)
    ORDER BY ${GROUP}, r.rank LIMIT 1;
  END LOOP;
END $$;

-- Ends assignments whose window has passed, the earliest first. What others hold at this moment they are claiming.
CREATE FUNCTION millrace.unassign_v1(p_now bigint, p_limit integer) RETURNS void LANGUAGE plpgsql VOLATILE ${PLANNING} AS $$
#variable_conflict use_column
DECLARE
  v_ids uuid[] := ARRAY(
    SELECT r.run_id FROM millrace.runs r WHERE r.assigned_until <= p_now
    ORDER BY r.assigned_until LIMIT p_limit FOR UPDATE SKIP LOCKED);
BEGIN
  IF cardinality(v_ids) = 0 THEN RETURN; END IF;
  UPDATE millrace.runs r SET assigned_to = NULL, assigned_until = NULL WHERE r.run_id = ANY(v_ids);
END $$;

CREATE FUNCTION millrace.claim_v1(
  p_now bigint, p_engine uuid, p_namespace text, p_queues text[], p_workflows text[], p_versions text[],
  p_traits text[],
  p_limit integer, p_suspects integer
) RETURNS SETOF millrace.answer_v1 LANGUAGE plpgsql VOLATILE ${PLANNING} AS $$
#variable_conflict use_column
DECLARE
  v_now bigint := coalesce(p_now, millrace.clock_v1());
  v_namespaces text[];
  v_queues text[];
  v_workflows text[];
  v_versions text[];
  v_granted boolean[];
  v_window integer := p_limit;
  v_left integer := p_limit;
  v_seen integer;
  v_ids uuid[];
  v_group bigint;
  v_own boolean;
BEGIN
  IF p_limit <= 0 OR NOT p_engine = ANY(millrace.live_v1(ARRAY[p_engine])) THEN RETURN; END IF;

  IF p_suspects > 0 THEN
    IF p_suspects = 2 THEN
      SELECT r.suspect_group INTO v_group FROM millrace.runs r
      WHERE r.owner = p_engine AND r.suspect_group IS NOT NULL LIMIT 1;
    ELSE
      SELECT r.suspect_group INTO v_group FROM millrace.runs r
      WHERE r.status = 0 AND r.suspect_group IS NOT NULL
          AND ${IN_SCOPE}
      ORDER BY r.rank, r.run_id LIMIT 1;
    END IF;
    IF NOT FOUND THEN RETURN; END IF;
    v_ids := ARRAY(
      SELECT r.run_id FROM millrace.runs r
      WHERE r.status = 0 AND r.suspect_group = v_group
        AND ${IN_SCOPE}
      ORDER BY r.rank, r.run_id LIMIT p_limit FOR UPDATE SKIP LOCKED);
    RETURN QUERY WITH r AS (${TAKE} RETURNING r.*)
    SELECT ${CLAIMED} FROM r ORDER BY r.rank, r.run_id;
    RETURN;
  END IF;

  PERFORM millrace.unassign_v1(v_now, greatest(p_limit, 100));
  IF EXISTS (SELECT 1 FROM millrace.limits) THEN
    RETURN QUERY SELECT * FROM millrace.claim_limited_v1(v_now, p_engine, p_namespace, p_queues, p_workflows, p_versions,
      p_traits, p_limit);
    RETURN;
  END IF;
  v_own := EXISTS (SELECT 1 FROM millrace.runs r WHERE r.assigned_to = p_engine);
  SELECT array_agg(g.namespace), array_agg(g.queue), array_agg(g.workflow), array_agg(g.workflow_version),
    array_agg(g.granted) INTO v_namespaces, v_queues, v_workflows, v_versions, v_granted
  FROM millrace.groups_v1(p_namespace, NULL) g
  WHERE (p_queues IS NULL OR g.queue = ANY(p_queues))
    AND ${canExecute('g')};
  IF v_namespaces IS NULL AND NOT v_own THEN RETURN; END IF;

  LOOP
    v_ids := ARRAY(
      SELECT c.run_id FROM (
        SELECT c.run_id, c.rank
        FROM unnest(v_namespaces, v_queues, v_workflows, v_versions, v_granted) AS
          g(namespace, queue, workflow, version, granted),
        LATERAL (
          SELECT r.run_id, r.rank FROM millrace.runs r
          WHERE ${FREE} AND r.namespace = g.namespace AND r.queue = g.queue
            AND r.workflow = g.workflow AND r.workflow_version = g.version AND r.granted = g.granted
          ORDER BY r.rank, r.run_id LIMIT v_window
        ) c
        UNION ALL
        (SELECT r.run_id, r.rank FROM millrace.runs r WHERE v_own AND r.assigned_to = p_engine
          AND ${IN_SCOPE}
        ORDER BY r.assigned_to, r.rank, r.run_id LIMIT v_window)
      ) c
      ORDER BY c.rank, c.run_id LIMIT v_window);
    v_seen := cardinality(v_ids);
    -- Spelled so that only the primary key fits: the index of queued runs would be read from its beginning. One that
    -- brings limits along was started a moment ago: its keys are limits now.
    v_ids := ARRAY(
      SELECT r.run_id FROM millrace.runs r
      WHERE r.run_id = ANY(v_ids) AND r.status + 0 = 0 AND r.suspect_group IS NULL
        AND (r.assigned_to IS NULL OR r.assigned_to = p_engine) AND r.limits IS NULL
      ORDER BY r.rank, r.run_id LIMIT v_left FOR UPDATE SKIP LOCKED);
    RETURN QUERY WITH r AS (${TAKE} RETURNING r.*)
    SELECT ${CLAIMED} FROM r ORDER BY r.rank, r.run_id;
    v_left := v_left - cardinality(v_ids);
    -- A window that was not full held all there is: what was not taken is in other hands at this moment.
    EXIT WHEN v_left <= 0 OR v_seen < v_window OR v_window >= 100000;
    v_window := v_window * 4;
  END LOOP;
END $$;
`;
