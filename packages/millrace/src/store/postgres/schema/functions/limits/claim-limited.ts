import { canExecute, IN_SCOPE, PLANNING } from '../answer.ts';
import { CLAIMED } from '../claim.ts';

/*
 * The claim of a store that has limits (L1, L3). Same order, same groups; in one pass:
 *   1. Candidates are read without locks: of each group that seems to have room, what is assigned to the claimer, and
 *      what is parked on stirred keys.
 *   2. All limits that apply to them are locked, by name, so that what is in use stands still. Who holds these locks
 *      waits for no run: no circle.
 *   3. By rank each candidate takes its part of its limits, or is parked on the key that has none.
 *   4. The chosen that can be locked are taken; the others are in other hands at this moment.
 * Limits stand in arrays (l_), found by a name of their own; core/limits/admission.ts is the same rule in TypeScript.
 * part 7   when to ask again: deadline_at = after how many ms
 */
export const CLAIM_LIMITED = `
CREATE FUNCTION millrace.limit_name_v1(p_namespace text, p_kind integer, p_name text) RETURNS text
LANGUAGE sql IMMUTABLE AS $$
  SELECT p_kind || ' ' || length(p_namespace) || ' ' || p_namespace || p_name
$$;

-- What is in a bucket now: core/limits/rate.ts.
CREATE FUNCTION millrace.tokens_v1(p_rate double precision, p_tokens double precision, p_at bigint, p_now bigint)
RETURNS double precision LANGUAGE sql IMMUTABLE AS $$
  SELECT CASE WHEN p_rate IS NOT NULL
    THEN least(greatest(1, p_rate), p_tokens + greatest(0, p_now - p_at) * p_rate / 1000) END
$$;

-- The milliseconds until there is a whole token.
CREATE FUNCTION millrace.token_wait_v1(p_rate double precision, p_tokens double precision) RETURNS integer
LANGUAGE sql IMMUTABLE AS $$
  SELECT CASE WHEN p_tokens < 1 THEN least(ceil((1 - p_tokens) * 1000 / p_rate), 86400000)::integer END
$$;

-- How many open runs hold a grant of a limit, counted to p_most.
CREATE FUNCTION millrace.in_use_v1(p_namespace text, p_kind smallint, p_name text, p_most integer) RETURNS integer
LANGUAGE plpgsql VOLATILE AS $$
BEGIN
  RETURN CASE p_kind
    WHEN 0 THEN (SELECT count(*) FROM (
      SELECT 1 FROM millrace.runs r WHERE r.granted AND r.namespace = p_namespace LIMIT p_most) c)
    WHEN 1 THEN (SELECT count(*) FROM (
      SELECT 1 FROM millrace.runs r WHERE r.granted AND r.namespace = p_namespace AND r.queue = p_name LIMIT p_most) c)
    WHEN 2 THEN (SELECT count(*) FROM (
      SELECT 1 FROM millrace.runs r WHERE r.granted AND r.namespace = p_namespace AND r.workflow = p_name LIMIT p_most) c)
    ELSE (SELECT count(*) FROM (
      SELECT 1 FROM millrace.run_keys k WHERE k.granted AND k.namespace = p_namespace AND k.key = p_name LIMIT p_most) c)
  END;
END $$;

-- How much room a limit has (p_most at most), what is in its bucket, and the milliseconds until the next token.
CREATE FUNCTION millrace.room_v1(l millrace.limits, p_now bigint, p_most integer,
  OUT room integer, OUT tokens double precision, OUT wait integer)
LANGUAGE plpgsql VOLATILE AS $$
DECLARE
  v_max integer := coalesce(l.max_concurrent, l.asked_max);
BEGIN
  tokens := millrace.tokens_v1(l.rate, l.tokens, l.refilled_at, p_now);
  wait := millrace.token_wait_v1(l.rate, tokens);
  room := CASE WHEN l.paused THEN 0 WHEN v_max IS NULL THEN p_most
    ELSE least(p_most, v_max - millrace.in_use_v1(l.namespace, l.kind, l.name, v_max)) END;
END $$;

-- How many runs of a group may be granted as far as can be seen without locks, and when to look again.
CREATE FUNCTION millrace.group_room_v1(p_now bigint, p_namespace text, p_queue text, p_workflow text, p_most integer,
  OUT room integer, OUT wait integer)
LANGUAGE plpgsql VOLATILE AS $$
#variable_conflict use_column
DECLARE
  l millrace.limits;
  v record;
BEGIN
  room := p_most;
  FOR l IN
    SELECT x.* FROM unnest(ARRAY[0, 1, 2], ARRAY['', p_queue, p_workflow]) AS u(kind, name),
    LATERAL (SELECT * FROM millrace.limits l
      WHERE l.namespace = p_namespace AND l.kind = u.kind AND l.name = u.name LIMIT 1) x
  LOOP
    v := millrace.room_v1(l, p_now, p_most);
    room := least(room, v.room, floor(v.tokens)::integer);
    IF v.room > 0 THEN wait := greatest(wait, v.wait); END IF;
  END LOOP;
END $$;

CREATE FUNCTION millrace.claim_limited_v1(
  p_now bigint, p_engine uuid, p_namespace text, p_queues text[], p_workflows text[], p_versions text[], p_traits text[],
  p_limit integer
) RETURNS SETOF millrace.answer_v1 LANGUAGE plpgsql VOLATILE ${PLANNING} AS $$
#variable_conflict use_column
DECLARE
  -- Looked at beyond what may be taken: runs whose keys are full may stand in front of others.
  c_more CONSTANT integer := 100;
  c_stirred CONSTANT integer := 100;
  g_namespace text[]; g_queue text[]; g_workflow text[]; g_version text[]; g_granted boolean[]; g_most integer[];
  s_namespace text[]; s_name text[];
  l_id text[] := '{}'; l_namespace text[] := '{}'; l_kind integer[] := '{}'; l_name text[] := '{}';
  l_room integer[] := '{}'; l_tokens double precision[] := '{}'; l_rate double precision[] := '{}';
  k_namespace text[] := '{}'; k_name text[] := '{}';
  v_own boolean := EXISTS (SELECT 1 FROM millrace.runs r WHERE r.assigned_to = p_engine);
  v_ids uuid[];
  v_chosen uuid[] := '{}';
  v_counted uuid[] := '{}';
  v_parked uuid[] := '{}';
  v_parks text[] := '{}';
  v_moved integer;
  v_places integer[];
  v_place integer;
  v_name text;
  v_park text;
  v_held boolean;
  v_wait integer;
  v_answer millrace.answer_v1;
  n record;
  l millrace.limits;
  r record;
  v record;
BEGIN
  FOR n IN
    SELECT g.* FROM millrace.groups_v1(p_namespace, NULL) g
    WHERE (p_queues IS NULL OR g.queue = ANY(p_queues))
      AND ${canExecute('g')}
  LOOP
    v := millrace.group_room_v1(p_now, n.namespace, n.queue, n.workflow, p_limit);
    IF NOT n.granted THEN
      IF v.room <= 0 THEN v_wait := least(v_wait, v.wait); CONTINUE; END IF;
    END IF;
    g_namespace := g_namespace || n.namespace; g_queue := g_queue || n.queue; g_workflow := g_workflow || n.workflow;
    g_version := g_version || n.workflow_version; g_granted := g_granted || n.granted;
    g_most := g_most || CASE WHEN n.granted THEN p_limit ELSE v.room + c_more END;
  END LOOP;
  SELECT array_agg(k.namespace), array_agg(k.name) INTO s_namespace, s_name
  FROM (SELECT l.namespace, l.name FROM millrace.limits l
    WHERE l.stir_at <= p_now AND (p_namespace IS NULL OR l.namespace = p_namespace)
    ORDER BY l.stir_at LIMIT c_stirred) k;

  v_ids := ARRAY(
    SELECT c.run_id FROM unnest(g_namespace, g_queue, g_workflow, g_version, g_granted, g_most)
      AS g(namespace, queue, workflow, version, granted, most),
    LATERAL (
      SELECT r.run_id FROM millrace.runs r
      WHERE r.status = 0 AND r.suspect_group IS NULL AND r.assigned_to IS NULL AND r.parked_on IS NULL
        AND r.namespace = g.namespace AND r.queue = g.queue AND r.workflow = g.workflow
        AND r.workflow_version = g.version AND r.granted = g.granted
      ORDER BY r.rank, r.run_id LIMIT g.most
    ) c
    UNION ALL
    SELECT c.run_id FROM unnest(s_namespace, s_name) AS s(namespace, name),
    LATERAL (
      SELECT r.run_id FROM millrace.runs r
      WHERE r.parked_on IS NOT NULL AND r.namespace = s.namespace AND r.parked_on = s.name AND ${IN_SCOPE}
      ORDER BY r.rank, r.run_id LIMIT p_limit
    ) c
    UNION ALL
    (SELECT r.run_id FROM millrace.runs r WHERE v_own AND r.assigned_to = p_engine AND ${IN_SCOPE}
    ORDER BY r.assigned_to, r.rank, r.run_id LIMIT p_limit));

  -- Locks in the order of names; then a new statement sees what those wrote who held them before.
  PERFORM 1
  FROM (
    SELECT r.namespace, u.kind, u.name FROM millrace.runs r,
    LATERAL unnest(ARRAY[0, 1, 2], ARRAY['', r.queue, r.workflow]) AS u(kind, name)
    WHERE r.run_id = ANY(v_ids) AND NOT r.granted
    UNION SELECT k.namespace, 3, k.key FROM millrace.run_keys k WHERE k.run_id = ANY(v_ids)
    UNION SELECT s.namespace, 3, s.name FROM unnest(s_namespace, s_name) AS s(namespace, name)
    ORDER BY 1, 2, 3
  ) u, LATERAL (SELECT 1 FROM millrace.limits l
    WHERE l.namespace = u.namespace AND l.kind = u.kind AND l.name = u.name FOR NO KEY UPDATE) x;
  FOR l IN
    SELECT x.* FROM (
      SELECT r.namespace, u.kind, u.name FROM millrace.runs r,
      LATERAL unnest(ARRAY[0, 1, 2], ARRAY['', r.queue, r.workflow]) AS u(kind, name)
      WHERE r.run_id = ANY(v_ids) AND NOT r.granted
      UNION SELECT k.namespace, 3, k.key FROM millrace.run_keys k WHERE k.run_id = ANY(v_ids)
      UNION SELECT s.namespace, 3, s.name FROM unnest(s_namespace, s_name) AS s(namespace, name)
    ) u, LATERAL (SELECT * FROM millrace.limits l
      WHERE l.namespace = u.namespace AND l.kind = u.kind AND l.name = u.name LIMIT 1) x
  LOOP
    v := millrace.room_v1(l, p_now, p_limit);
    l_id := l_id || millrace.limit_name_v1(l.namespace, l.kind, l.name);
    l_namespace := l_namespace || l.namespace; l_kind := l_kind || l.kind::integer; l_name := l_name || l.name;
    l_room := l_room || v.room; l_tokens := l_tokens || v.tokens; l_rate := l_rate || l.rate;
    IF l.kind = 3 THEN k_namespace := k_namespace || l.namespace; k_name := k_name || l.name; END IF;
  END LOOP;

  FOR r IN
    SELECT r.run_id, r.namespace, r.queue, r.workflow, r.granted, r.parked_on,
      CASE WHEN r.limits IS NOT NULL THEN
        ARRAY(SELECT k.key FROM millrace.run_keys k WHERE k.run_id = r.run_id ORDER BY k.key) END AS keys
    FROM millrace.runs r
    WHERE r.run_id = ANY(v_ids) AND r.status + 0 = 0 AND r.suspect_group IS NULL
      AND (r.assigned_to IS NULL OR r.assigned_to = p_engine)
    ORDER BY r.rank, r.run_id
  LOOP
    EXIT WHEN cardinality(v_chosen) >= p_limit;
    IF r.granted THEN
      v_chosen := v_chosen || r.run_id;
      CONTINUE;
    END IF;
    v_places := '{}';
    v_held := false;
    v_park := NULL;
    FOREACH v_name IN ARRAY ARRAY[millrace.limit_name_v1(r.namespace, 0, ''),
      millrace.limit_name_v1(r.namespace, 1, r.queue), millrace.limit_name_v1(r.namespace, 2, r.workflow)]
    LOOP
      v_place := array_position(l_id, v_name);
      CONTINUE WHEN v_place IS NULL;
      v_places := v_places || v_place;
      IF l_room[v_place] <= 0 OR l_tokens[v_place] < 1 THEN
        v_held := true;
        IF l_room[v_place] > 0 THEN
          v_wait := least(v_wait, millrace.token_wait_v1(l_rate[v_place], l_tokens[v_place]));
        END IF;
        EXIT;
      END IF;
    END LOOP;
    CONTINUE WHEN v_held;
    FOREACH v_name IN ARRAY coalesce(r.keys, '{}') LOOP
      v_place := array_position(l_id, millrace.limit_name_v1(r.namespace, 3, v_name));
      -- It was reopened a moment ago, and its keys were not locked with the others.
      IF v_place IS NULL THEN v_held := true; EXIT; END IF;
      v_places := v_places || v_place;
      IF l_room[v_place] <= 0 OR l_tokens[v_place] < 1 THEN
        v_park := v_name;
        EXIT;
      END IF;
    END LOOP;
    CONTINUE WHEN v_held;
    IF v_park IS NOT NULL THEN
      IF r.parked_on IS DISTINCT FROM v_park THEN
        v_parked := v_parked || r.run_id;
        v_parks := v_parks || v_park;
      END IF;
      CONTINUE;
    END IF;
    FOREACH v_place IN ARRAY v_places LOOP
      l_room[v_place] := l_room[v_place] - 1;
      l_tokens[v_place] := l_tokens[v_place] - 1;
    END LOOP;
    v_chosen := v_chosen || r.run_id;
    IF cardinality(v_places) > 0 THEN v_counted := v_counted || r.run_id; END IF;
  END LOOP;

  v_ids := ARRAY(
    SELECT r.run_id FROM millrace.runs r
    WHERE r.run_id = ANY(v_chosen) AND r.status + 0 = 0 AND r.suspect_group IS NULL
      AND (r.assigned_to IS NULL OR r.assigned_to = p_engine)
    ORDER BY r.rank, r.run_id FOR UPDATE SKIP LOCKED);
  RETURN QUERY WITH r AS (
    UPDATE millrace.runs r SET status = 1, owner = p_engine, epoch = r.epoch + 1,
      started_at = coalesce(r.started_at, p_now), assigned_to = NULL, assigned_until = NULL, parked_on = NULL,
      granted = r.granted OR r.run_id = ANY(v_counted)
    WHERE r.run_id = ANY(v_ids) RETURNING r.*)
  SELECT ${CLAIMED} FROM r ORDER BY r.rank, r.run_id;
  UPDATE millrace.run_keys k SET granted = true WHERE k.run_id = ANY(v_ids) AND k.run_id = ANY(v_counted);
  UPDATE millrace.limits l SET refilled_at = p_now, tokens = millrace.tokens_v1(l.rate, l.tokens, l.refilled_at, p_now) - (
      SELECT count(*) FROM millrace.runs r
      WHERE r.run_id = ANY(v_ids) AND r.run_id = ANY(v_counted) AND r.namespace = l.namespace AND CASE l.kind
        WHEN 0 THEN true WHEN 1 THEN r.queue = l.name WHEN 2 THEN r.workflow = l.name
        ELSE EXISTS (SELECT 1 FROM millrace.run_keys k WHERE k.run_id = r.run_id AND k.key = l.name) END)
  FROM unnest(l_namespace, l_kind, l_name, l_rate) AS u(namespace, kind, name, rate)
  WHERE cardinality(v_counted) > 0 AND u.rate IS NOT NULL
    AND l.namespace = u.namespace AND l.kind = u.kind AND l.name = u.name;
  v_moved := 0;
  IF cardinality(v_parked) > 0 THEN
    UPDATE millrace.runs r SET parked_on = v_parks[array_position(v_parked, r.run_id)], assigned_to = NULL,
      assigned_until = NULL
    WHERE r.run_id = ANY(ARRAY(
      SELECT r.run_id FROM millrace.runs r WHERE r.run_id = ANY(v_parked) AND r.status + 0 = 0 FOR UPDATE SKIP LOCKED));
    GET DIAGNOSTICS v_moved = ROW_COUNT;
  END IF;
  PERFORM millrace.stir_v1(p_now, k_namespace, k_name, coalesce(cardinality(s_name), 0) >= c_stirred);

  v_wait := least(v_wait, (SELECT min(l.stir_at) - p_now FROM millrace.limits l WHERE l.stir_at > p_now));
  IF cardinality(v_ids) < cardinality(v_chosen) OR (v_moved > 0 AND cardinality(v_ids) < p_limit) THEN v_wait := 0; END IF;
  IF v_wait IS NOT NULL THEN
    v_answer.part := 7;
    v_answer.deadline_at := v_wait;
    RETURN NEXT v_answer;
  END IF;
END $$;

-- What is true of locked keys from now on (L3). p_turn: so many are stirred that each must have its turn.
CREATE FUNCTION millrace.stir_v1(p_now bigint, p_namespaces text[], p_names text[], p_turn boolean) RETURNS void
LANGUAGE plpgsql VOLATILE AS $$
#variable_conflict use_column
DECLARE
  n record;
  l millrace.limits;
  v record;
  v_stir bigint;
BEGIN
  FOR n IN SELECT u.namespace, u.name FROM unnest(p_namespaces, p_names) AS u(namespace, name) LOOP
    SELECT * INTO l FROM millrace.limits l WHERE l.namespace = n.namespace AND l.kind = 3 AND l.name = n.name;
    CONTINUE WHEN NOT FOUND;
    v_stir := NULL;
    IF EXISTS (SELECT 1 FROM millrace.runs r
      WHERE r.parked_on IS NOT NULL AND r.namespace = n.namespace AND r.parked_on = n.name) THEN
      v := millrace.room_v1(l, p_now, 1);
      IF v.room > 0 THEN
        v_stir := CASE WHEN v.wait IS NOT NULL THEN p_now + v.wait WHEN p_turn THEN p_now
          ELSE least(coalesce(l.stir_at, p_now), p_now) END;
      END IF;
    END IF;
    IF v_stir IS DISTINCT FROM l.stir_at THEN
      UPDATE millrace.limits l SET stir_at = v_stir WHERE l.namespace = n.namespace AND l.kind = 3 AND l.name = n.name;
    END IF;
  END LOOP;
END $$;
`;
