import { PLANNING } from '../answer.ts';

/*
 * Limits made, changed and removed, and the keys of runs.
 * An advisory lock, 77015, is shared by everybody who may grant (live_v1) and held alone by who makes a limit for runs
 * that are on their way: whoever grants afterwards sees it (L2). 77016 is held by starts that count a queue's depth.
 */
export const SET_LIMIT = `
-- p_set: which of the values are given. Nothing is left of a limit that limits nothing.
CREATE FUNCTION millrace.set_limit_v1(
  p_now bigint, p_namespace text, p_kind integer, p_name text, p_set text[], p_max integer, p_rate double precision,
  p_depth integer, p_paused boolean, p_by text
) RETURNS SETOF millrace.limits LANGUAGE plpgsql VOLATILE ${PLANNING} AS $$
#variable_conflict use_column
DECLARE
  v_now bigint := coalesce(p_now, millrace.clock_v1());
  v_ids uuid[];
  l millrace.limits;
BEGIN
  -- A key is always there while runs have it.
  IF p_kind < 3 AND NOT EXISTS (
    SELECT 1 FROM millrace.limits l WHERE l.namespace = p_namespace AND l.kind = p_kind AND l.name = p_name)
  THEN
    PERFORM pg_advisory_xact_lock(77015, 0);
    v_ids := ARRAY(
      SELECT r.run_id FROM millrace.runs r
      WHERE NOT r.granted AND coalesce(r.owner, r.last_owner) IS NOT NULL AND r.limits IS NULL AND r.namespace = p_namespace
        AND CASE p_kind WHEN 0 THEN true WHEN 1 THEN r.queue = p_name ELSE r.workflow = p_name END
      ORDER BY r.run_id FOR NO KEY UPDATE);
    UPDATE millrace.runs r SET granted = true WHERE r.run_id = ANY(v_ids);
  END IF;
  INSERT INTO millrace.limits (namespace, kind, name) VALUES (p_namespace, p_kind, p_name) ON CONFLICT DO NOTHING;
  SELECT * INTO l FROM millrace.limits l
  WHERE l.namespace = p_namespace AND l.kind = p_kind AND l.name = p_name FOR UPDATE;
  IF NOT FOUND THEN
    RAISE EXCEPTION 'a limit was removed while it was being changed' USING ERRCODE = '40001';
  END IF;
  IF 'max' = ANY(p_set) THEN l.max_concurrent := p_max; END IF;
  IF 'depth' = ANY(p_set) THEN l.max_depth := p_depth; END IF;
  IF 'rate' = ANY(p_set) AND p_rate IS DISTINCT FROM l.rate THEN
    -- What had gathered stays, as far as the bucket holds it; one that is new is full.
    l.tokens := coalesce(millrace.tokens_v1(l.rate, l.tokens, l.refilled_at, v_now), greatest(1, p_rate), 0);
    l.refilled_at := v_now;
    l.rate := p_rate;
  END IF;
  IF 'paused' = ANY(p_set) AND p_paused <> l.paused THEN
    l.paused := p_paused;
    l.paused_by := CASE WHEN p_paused THEN p_by END;
    l.paused_at := CASE WHEN p_paused THEN v_now END;
  END IF;
  IF p_kind = 3 THEN l.stir_at := v_now; END IF;
  IF l.max_concurrent IS NULL AND l.rate IS NULL AND l.max_depth IS NULL AND NOT l.paused AND (p_kind < 3 OR NOT EXISTS (
    SELECT 1 FROM millrace.run_keys k WHERE k.namespace = p_namespace AND k.key = p_name))
  THEN
    DELETE FROM millrace.limits l WHERE l.namespace = p_namespace AND l.kind = p_kind AND l.name = p_name;
    RETURN;
  END IF;
  UPDATE millrace.limits x SET max_concurrent = l.max_concurrent, max_depth = l.max_depth, rate = l.rate,
    tokens = l.tokens, refilled_at = l.refilled_at, paused = l.paused, paused_by = l.paused_by, paused_at = l.paused_at,
    stir_at = l.stir_at
  WHERE x.namespace = p_namespace AND x.kind = p_kind AND x.name = p_name;
  RETURN NEXT l;
END $$;

-- Which of the starts find their queue full, by place. What has a key that is still answered for is no new run; a
-- delayed one is not queued yet. p_exact: starts of one queue are counted one call after the other.
CREATE FUNCTION millrace.full_v1(
  p_now bigint, p_exact boolean, p_twins integer[], s_run uuid[], s_namespace text[], s_queue text[], s_key text[],
  s_reuse integer[], s_start_at bigint[]
) RETURNS integer[] LANGUAGE plpgsql VOLATILE AS $$
#variable_conflict use_column
DECLARE
  v_full integer[] := '{}';
  v_left integer;
  q record;
  s record;
BEGIN
  FOR q IN
    SELECT DISTINCT s.namespace, s.queue, l.max_depth FROM unnest(s_namespace, s_queue) AS s(namespace, queue),
    LATERAL (SELECT l.max_depth FROM millrace.limits l WHERE l.max_depth IS NOT NULL AND l.kind = 1
      AND l.namespace = s.namespace AND l.name = s.queue LIMIT 1) l
    ORDER BY 1, 2
  LOOP
    IF p_exact THEN PERFORM pg_advisory_xact_lock(77016, hashtext(q.namespace || ' ' || q.queue)); END IF;
    v_left := q.max_depth - millrace.depth_v1(q.namespace, q.queue, q.max_depth);
    FOR s IN
      SELECT u.n::integer FROM unnest(s_run, s_namespace, s_queue, s_start_at)
        WITH ORDINALITY AS u(run_id, namespace, queue, start_at, n)
      WHERE u.run_id IS NOT NULL AND u.namespace = q.namespace AND u.queue = q.queue AND NOT u.n = ANY(p_twins)
        AND (u.start_at IS NULL OR u.start_at <= p_now)
        AND NOT (s_key[u.n] IS NOT NULL AND millrace.answered_v1(p_now, u.namespace, s_key[u.n], s_reuse[u.n]))
      ORDER BY u.n
    LOOP
      IF v_left <= 0 THEN v_full := v_full || s.n; END IF;
      v_left := v_left - 1;
    END LOOP;
  END LOOP;
  RETURN v_full;
END $$;

-- Queued runs of a queue, suspects left out, counted to about p_most. Windows are short: few runs are assigned.
CREATE FUNCTION millrace.depth_v1(p_namespace text, p_queue text, p_most integer) RETURNS integer
LANGUAGE sql VOLATILE AS $$
  SELECT count(*)::integer FROM (
    (SELECT 1 FROM millrace.runs r
      WHERE r.status = 0 AND r.suspect_group IS NULL AND r.assigned_to IS NULL AND r.parked_on IS NULL
        AND r.namespace = p_namespace AND r.queue = p_queue LIMIT p_most)
    UNION ALL
    (SELECT 1 FROM millrace.runs r
      WHERE r.parked_on IS NOT NULL AND r.namespace = p_namespace AND r.queue = p_queue LIMIT p_most)
    UNION ALL
    (SELECT 1 FROM millrace.runs r
      WHERE r.assigned_until IS NOT NULL AND r.namespace = p_namespace AND r.queue = p_queue LIMIT p_most)) c
$$;

-- Whether a start with this key would be answered by a run that is there.
CREATE FUNCTION millrace.answered_v1(p_now bigint, p_namespace text, p_key text, p_reuse integer) RETURNS boolean
LANGUAGE sql VOLATILE AS $$
  SELECT EXISTS (
    SELECT 1 FROM millrace.keys k
    LEFT JOIN LATERAL (SELECT r.status FROM millrace.runs r WHERE r.run_id = k.run_id LIMIT 1) r ON true
    LEFT JOIN LATERAL (
      SELECT c.status, c.closed_at FROM millrace.runs_closed c WHERE c.run_id = k.run_id LIMIT 1) c ON true
    WHERE k.namespace = p_namespace AND k.key = p_key AND (r.status IS NOT NULL
      OR (p_now < c.closed_at + k.dedup_ms AND (p_reuse IN (0, 3) OR (p_reuse = 2 AND c.status = 10)))))
$$;

-- Notes the keys of open runs that bring limits along. Limits that are there are kept from being removed until this
-- has been committed; they are locked no further, so that a start in a caller's long transaction holds up nobody.
CREATE FUNCTION millrace.keep_keys_v1(p_now bigint, p_runs uuid[]) RETURNS void LANGUAGE plpgsql VOLATILE AS $$
#variable_conflict use_column
DECLARE
  v_namespaces text[];
  v_keys text[];
  v_most integer[];
  v_held integer;
BEGIN
  SELECT array_agg(b.namespace ORDER BY b.namespace, b.key), array_agg(b.key ORDER BY b.namespace, b.key),
    array_agg(b.most ORDER BY b.namespace, b.key) INTO v_namespaces, v_keys, v_most
  FROM (
    SELECT DISTINCT ON (r.namespace, e.value ->> 0) r.run_id, r.namespace, e.value ->> 0 AS key,
      (e.value ->> 1)::integer AS most
    FROM millrace.runs r, LATERAL json_array_elements(r.limits::json) e
    WHERE r.run_id = ANY(p_runs) AND r.limits IS NOT NULL
    ORDER BY r.namespace, e.value ->> 0, r.run_id DESC) b;
  IF v_keys IS NULL THEN RETURN; END IF;
  LOOP
    INSERT INTO millrace.limits (namespace, kind, name, asked_max)
    SELECT u.namespace, 3, u.key, u.most FROM unnest(v_namespaces, v_keys, v_most) AS u(namespace, key, most)
    ON CONFLICT DO NOTHING;
    PERFORM 1 FROM unnest(v_namespaces, v_keys) AS u(namespace, key), LATERAL (
      SELECT 1 FROM millrace.limits l
      WHERE l.namespace = u.namespace AND l.kind = 3 AND l.name = u.key FOR KEY SHARE) l;
    GET DIAGNOSTICS v_held = ROW_COUNT;
    EXIT WHEN v_held = cardinality(v_keys);
  END LOOP;
  -- The latest word counts.
  UPDATE millrace.limits l SET asked_max = u.most, stir_at = p_now
  FROM unnest(v_namespaces, v_keys, v_most) AS u(namespace, key, most)
  WHERE l.namespace = u.namespace AND l.kind = 3 AND l.name = u.key AND l.asked_max IS DISTINCT FROM u.most;
  INSERT INTO millrace.run_keys (run_id, granted, namespace, key)
  SELECT r.run_id, false, r.namespace, e.value ->> 0
  FROM millrace.runs r, LATERAL json_array_elements(r.limits::json) e
  WHERE r.run_id = ANY(p_runs) AND r.limits IS NOT NULL
  ON CONFLICT DO NOTHING;
END $$;

-- Runs have closed: under the locks of their keys, so that a claim that parks another at the same moment is either
-- seen here or sees this (L3).
CREATE FUNCTION millrace.free_keys_v1(p_now bigint, p_runs uuid[]) RETURNS void LANGUAGE plpgsql VOLATILE AS $$
#variable_conflict use_column
DECLARE
  v_namespaces text[];
  v_keys text[];
BEGIN
  SELECT array_agg(k.namespace), array_agg(k.key) INTO v_namespaces, v_keys
  FROM (SELECT DISTINCT k.namespace, k.key FROM millrace.run_keys k WHERE k.run_id = ANY(p_runs)) k;
  PERFORM 1 FROM (SELECT u.n, u.k FROM unnest(v_namespaces, v_keys) AS u(n, k) ORDER BY 1, 2) u, LATERAL (
    SELECT 1 FROM millrace.limits l WHERE l.namespace = u.n AND l.kind = 3 AND l.name = u.k FOR NO KEY UPDATE) l;
  DELETE FROM millrace.run_keys k WHERE k.run_id = ANY(p_runs);
  PERFORM millrace.stir_v1(p_now, v_namespaces, v_keys, false);
END $$;

-- Keys that no open run has and nobody has set.
CREATE FUNCTION millrace.prune_limits_v1(p_limit integer) RETURNS void LANGUAGE plpgsql VOLATILE AS $$
#variable_conflict use_column
DECLARE
  v_namespaces text[];
  v_names text[];
BEGIN
  SELECT array_agg(x.namespace), array_agg(x.name) INTO v_namespaces, v_names FROM (
    SELECT l.namespace, l.name FROM millrace.limits l
    WHERE l.kind = 3 AND l.max_concurrent IS NULL AND l.rate IS NULL AND NOT l.paused
      AND NOT EXISTS (SELECT 1 FROM millrace.run_keys k WHERE k.namespace = l.namespace AND k.key = l.name)
    LIMIT p_limit FOR UPDATE SKIP LOCKED) x;
  -- A start may have taken the key between the look and the lock.
  DELETE FROM millrace.limits l USING unnest(v_namespaces, v_names) AS u(namespace, name)
  WHERE l.namespace = u.namespace AND l.kind = 3 AND l.name = u.name
    AND NOT EXISTS (SELECT 1 FROM millrace.run_keys k WHERE k.namespace = l.namespace AND k.key = l.name);
END $$;
`;
