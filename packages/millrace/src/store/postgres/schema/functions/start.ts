import { NO_POSITION, NO_RUN, PLANNING } from './answer.ts';

/*
 * Starts. Most are new: those are inserted in bulk. The rest is looked at one by one: an id that is there already (the
 * same request sent again), a key that somebody holds, a queue that is full (p_outside: starts that can be refused).
 * part 1   a start that is not simply "inserted, and owned or assigned if it asked for it": code 0 started (other = the
 *          owner that it has), 1 existing, 2 key-in-use (both with status), 3 started (other = the engine that it is
 *          assigned to), 4 the queue is full (seq = its greatest depth, epoch and version = outlook_v1)
 * part 3   the delivery of its message to the existing run, as part 2 of deliver_v1
 * A run id that is NULL is passed over. `s_predecessor` is the run that the start continues, whose key it takes. Keys are
 * taken in their own order, so that two calls cannot wait for each other.
 */
const STARTS = `unnest(s_run, s_namespace, s_workflow, s_version, s_queue, s_priority, s_tags, s_key, s_fingerprint,
      s_dedup_ms, s_start_at, s_deadline_at, s_parent, s_ordinal, s_commit, s_owner, s_data, s_message, s_body,
      s_reuse, s_predecessor, s_limits, s_assign, s_assign_ms)
      WITH ORDINALITY AS s(run_id, namespace, workflow, workflow_version, queue, priority, tags, key, fingerprint,
      dedup_ms, start_at, deadline_at, parent_run_id, parent_ordinal, commit_id, owner, data, message, body, reuse,
      predecessor, limits, assign_to, assign_ms, n)`;

export const START_PARAMETERS = `p_now bigint, p_engines uuid[], p_unowned boolean, p_outside boolean,
  s_run uuid[], s_namespace text[], s_workflow text[], s_version text[], s_queue text[],
  s_priority integer[], s_tags text[], s_key text[], s_fingerprint text[], s_reuse integer[], s_dedup_ms bigint[],
  s_start_at bigint[], s_deadline_at bigint[], s_parent uuid[], s_ordinal integer[], s_commit bigint[],
  s_owner uuid[], s_data bytea[], s_message text[], s_body bytea[], s_window integer[],
  s_predecessor uuid[], s_limits text[], s_assign uuid[], s_assign_ms integer[]`;

export const START = `
CREATE FUNCTION millrace.start_v1(
  ${START_PARAMETERS}
) RETURNS SETOF millrace.answer_v1 LANGUAGE plpgsql VOLATILE ${PLANNING} AS $$
#variable_conflict use_column
DECLARE
  v_now bigint := coalesce(p_now, millrace.clock_v1());
  v_live uuid[] := CASE WHEN p_unowned OR p_engines IS NULL THEN '{}' ELSE millrace.live_v1(p_engines) END;
  v_seen uuid[] := CASE WHEN s_assign IS NULL THEN '{}' ELSE millrace.seen_v1() END;
  v_twins integer[];
  v_won uuid[];
  v_losers integer[] := '{}';
  v_holders uuid[] := '{}';
  v_refused boolean[] := '{}';
  v_backlog boolean;
  v_heads millrace.head_v1[];
  v_may uuid[] := '{}';
  v_firsts bigint[];
  v_full integer[];
  v_limited boolean := EXISTS (SELECT 1 FROM millrace.limits);
  v_holder record;
  s record;
BEGIN
  v_twins := ARRAY(
    SELECT s.n::integer FROM unnest(s_run) WITH ORDINALITY AS s(run_id, n)
    WHERE (SELECT true FROM millrace.history h WHERE h.run_id = s.run_id AND h.seq = 0));

  IF p_outside AND v_limited THEN
    v_full := millrace.full_v1(v_now, NOT p_unowned, v_twins, s_run, s_namespace, s_queue, s_key, s_reuse, s_start_at);
    IF cardinality(v_full) > 0 THEN
      RETURN QUERY
      WITH filled AS MATERIALIZED (
        SELECT l.namespace, l.name, l.max_depth, o.held_ms, o.step_ms
        FROM (SELECT DISTINCT s_namespace[n] AS namespace, s_queue[n] AS queue FROM unnest(v_full) AS u(n)) q,
        LATERAL (SELECT l.namespace, l.name, l.max_depth FROM millrace.limits l
          WHERE l.namespace = q.namespace AND l.kind = 1 AND l.name = q.queue LIMIT 1) l,
        LATERAL millrace.outlook_v1(v_now, l.namespace, l.name, l.max_depth) o)
      SELECT 1::smallint, u.n, 4::smallint, NULL::smallint, f.max_depth, NULL::uuid, s_run[u.n],
        f.held_ms, f.step_ms, NULL::integer, NULL::integer, ${NO_RUN}
      FROM unnest(v_full) AS u(n) JOIN filled f ON f.namespace = s_namespace[u.n] AND f.name = s_queue[u.n];
      s_run := ARRAY(SELECT CASE WHEN NOT u.n = ANY(v_full) THEN u.id END
        FROM unnest(s_run) WITH ORDINALITY AS u(id, n) ORDER BY u.n);
    END IF;
  END IF;

  IF s_key IS NOT NULL THEN
    WITH won AS (
      INSERT INTO millrace.keys (namespace, key, run_id, dedup_ms, fingerprint)
      SELECT s.namespace, s.key, s.run_id, s.dedup_ms, s.fingerprint FROM ${STARTS}
      WHERE s.key IS NOT NULL AND s.run_id IS NOT NULL AND NOT s.n = ANY(v_twins)
      ORDER BY s.namespace, s.key, s.n
      ON CONFLICT DO NOTHING RETURNING run_id
    ) SELECT array_agg(run_id) INTO v_won FROM won;

    -- Usually all keys were free; otherwise each of the others asks the run that holds it.
    FOR s IN
      SELECT s.* FROM ${STARTS}
      WHERE cardinality(v_twins) + coalesce(cardinality(v_won), 0) < cardinality(s_run)
        AND s.key IS NOT NULL AND s.run_id IS NOT NULL AND NOT s.n = ANY(v_twins)
        AND (v_won IS NULL OR NOT s.run_id = ANY(v_won))
      ORDER BY s.namespace, s.key, s.n
    LOOP
      v_holder := millrace.ask_holder_v1(v_now, s.run_id, s.namespace, s.key, s.fingerprint, s.message, s.dedup_ms, s.reuse,
        s.predecessor, v_won);
      IF v_holder.run_id IS NULL THEN
        v_won := v_won || s.run_id;
      ELSE
        v_losers := v_losers || s.n::integer;
        v_holders := v_holders || v_holder.run_id;
        v_refused := v_refused || v_holder.refused;
      END IF;
    END LOOP;
  END IF;

  v_backlog := EXISTS (
    SELECT 1 FROM millrace.runs r
    WHERE r.status = 0 AND r.suspect_group IS NULL AND r.assigned_to IS NULL AND r.parked_on IS NULL);
  IF s_owner IS NOT NULL THEN
    -- A run whose window has passed is in no group yet: whoever claims next puts it in its place.
    IF NOT EXISTS (SELECT 1 FROM millrace.runs r WHERE r.assigned_until <= v_now) THEN v_may := v_live; END IF;
    v_firsts := ARRAY(
      SELECT (SELECT r.rank FROM millrace.runs r WHERE r.assigned_to = e.id ORDER BY r.assigned_to, r.rank LIMIT 1)
      FROM unnest(v_may) WITH ORDINALITY AS e(id, n) ORDER BY e.n);
  END IF;
  IF v_backlog AND s_owner IS NOT NULL THEN
    v_heads := ARRAY(
      SELECT (h.namespace, h.queue, h.rank)::millrace.head_v1
      FROM (SELECT DISTINCT s.namespace, s.queue FROM unnest(s_namespace, s_queue) AS s(namespace, queue)) q,
      LATERAL (SELECT q.namespace, q.queue, min(g.rank) AS rank
        FROM millrace.groups_v1(q.namespace, q.queue) g) h);
  END IF;

  RETURN QUERY
  WITH fresh AS MATERIALIZED (
    SELECT s.*, v.position, v.limits AS brought, s.start_at > v_now AS delayed,
      CASE WHEN s.owner = ANY(v_may) AND (s.start_at IS NULL OR s.start_at <= v_now)
        AND coalesce(v_firsts[array_position(v_may, s.owner)] > v.position, true)
        AND NOT (v_backlog AND EXISTS (SELECT 1 FROM unnest(v_heads) h
          WHERE h.namespace = s.namespace AND h.queue = s.queue AND h.rank <= v.position))
        AND v.limits IS NULL AND NOT (v_limited AND EXISTS (
          SELECT 1 FROM unnest(ARRAY[0, 1, 2], ARRAY['', s.queue, s.workflow]) AS u(kind, name), LATERAL (
            SELECT 1 FROM millrace.limits l
            WHERE l.namespace = s.namespace AND l.kind = u.kind AND l.name = u.name LIMIT 1) l)) THEN s.owner
      END AS owned_by,
      CASE WHEN s.owner IS NULL AND s.assign_ms > 0 AND s.assign_to = ANY(v_seen)
        AND (s.start_at IS NULL OR s.start_at <= v_now) THEN s.assign_to END AS kept_for
    FROM ${STARTS},
    LATERAL (SELECT millrace.rank_v1(s.priority::smallint, v_now) AS position,
      CASE WHEN s.predecessor IS NULL THEN s.limits
        ELSE (SELECT c.limits FROM millrace.runs_closed c WHERE c.run_id = s.predecessor LIMIT 1) END AS limits) v
    WHERE s.run_id IS NOT NULL AND NOT s.n = ANY(v_twins) AND NOT s.n = ANY(v_losers)
  ), placed AS (
    INSERT INTO millrace.runs (run_id, rank, commit_id, created_at, ready_at, started_at, wake_at, deadline_at, epoch,
      version, events, inbox_seq, parent_ordinal, deaths, status, priority, owner, parent_run_id, namespace, workflow,
      workflow_version, queue, key, tags, limits, assigned_to, assigned_until)
    SELECT f.run_id, f.position, f.commit_id, v_now, CASE WHEN f.delayed THEN NULL ELSE v_now END,
      CASE WHEN f.owned_by IS NOT NULL THEN v_now END, CASE WHEN f.delayed THEN f.start_at END, f.deadline_at, 1,
      0, 1, CASE WHEN f.message IS NULL THEN 0 ELSE 1 END, f.parent_ordinal, 0,
      CASE WHEN f.delayed THEN 2 WHEN f.owned_by IS NULL THEN 0 ELSE 1 END, f.priority, f.owned_by, f.parent_run_id,
      f.namespace, f.workflow, f.workflow_version, f.queue, f.key, f.tags::text[], f.brought,
      f.kept_for, CASE WHEN f.kept_for IS NOT NULL THEN v_now + f.assign_ms END
    FROM fresh f
  ), told AS (
    INSERT INTO millrace.history (run_id, at, seq, count, data) SELECT f.run_id, v_now, 0, 1, f.data FROM fresh f
  ), enclosed AS (
    INSERT INTO millrace.inbox (run_id, at, seq, dedup, body)
    SELECT f.run_id, v_now, 1, f.message, f.body FROM fresh f WHERE f.message IS NOT NULL
  )
  SELECT 1::smallint, f.n::integer, 0::smallint, NULL::smallint, NULL::integer, NULL::uuid, f.run_id, 1, 0, 1,
    CASE WHEN f.message IS NULL THEN 0 ELSE 1 END, ${NO_RUN}
  FROM fresh f
  WHERE (f.owner IS NOT NULL AND f.owned_by IS NULL)
    OR (f.owner IS NULL AND f.assign_to IS NOT NULL AND f.kept_for IS NULL);

  IF s_limits IS NOT NULL OR s_predecessor IS NOT NULL THEN PERFORM millrace.keep_keys_v1(v_now, s_run); END IF;
  IF cardinality(v_twins) > 0 THEN
    RETURN QUERY SELECT * FROM millrace.repeat_v1(v_live, v_twins, s_run, s_namespace, s_workflow, s_key, s_commit,
      s_owner, s_message);
  END IF;
  IF cardinality(v_losers) > 0 THEN
    IF s_message IS NOT NULL THEN
      RETURN QUERY
      SELECT 3::smallint, v_losers[d.ord], d.code, d.status, d.seq, d.other, d.run_id,
        ${NO_POSITION}, ${NO_RUN}
      FROM millrace.deliver_v1(v_now, '{}',
        ARRAY(SELECT NOT r AND s_message[v_losers[i]] IS NOT NULL FROM unnest(v_refused) WITH ORDINALITY AS u(r, i)
          ORDER BY i), v_holders, NULL, NULL,
        ARRAY(SELECT s_message[n] FROM unnest(v_losers) WITH ORDINALITY AS u(n, i) ORDER BY i),
        ARRAY(SELECT s_body[n] FROM unnest(v_losers) WITH ORDINALITY AS u(n, i) ORDER BY i), NULL, NULL,
        ARRAY(SELECT s_window[n] FROM unnest(v_losers) WITH ORDINALITY AS u(n, i) ORDER BY i)) d;
    END IF;
    RETURN QUERY
    SELECT 1::smallint, u.n, CASE WHEN u.refused THEN 2 ELSE 1 END::smallint, coalesce(r.status, c.status),
      NULL::integer, NULL::uuid, u.run_id, ${NO_POSITION}, ${NO_RUN}
    FROM unnest(v_losers, v_holders, v_refused) AS u(n, run_id, refused)
    LEFT JOIN LATERAL (SELECT r.status FROM millrace.runs r WHERE r.run_id = u.run_id LIMIT 1) r ON true
    LEFT JOIN LATERAL (SELECT c.status FROM millrace.runs_closed c WHERE c.run_id = u.run_id LIMIT 1) c ON true;
  END IF;
END $$;

-- The run that a key belongs to, and whether it refuses the start; NULL: the key is the caller's now (I8).
CREATE FUNCTION millrace.ask_holder_v1(
  p_now bigint, p_run uuid, p_namespace text, p_key text, p_fingerprint text, p_message text, p_dedup_ms bigint,
  p_reuse integer, p_predecessor uuid, p_new uuid[], OUT run_id uuid, OUT refused boolean
) LANGUAGE plpgsql VOLATILE AS $$
#variable_conflict use_column
DECLARE
  h record;
  v_free boolean;
BEGIN
  LOOP
    -- One snapshot for the key and its run: a run that continues itself under the key is not seen halfway.
    SELECT k.run_id AS holder, k.fingerprint, k.dedup_ms, coalesce(r.status, c.status) AS status, c.closed_at INTO h
    FROM millrace.keys k
    LEFT JOIN LATERAL (SELECT r.status FROM millrace.runs r WHERE r.run_id = k.run_id LIMIT 1) r ON true
    LEFT JOIN LATERAL (
      SELECT c.status, c.closed_at FROM millrace.runs_closed c WHERE c.run_id = k.run_id LIMIT 1) c ON true
    WHERE k.namespace = p_namespace AND k.key = p_key;
    IF NOT FOUND THEN
      INSERT INTO millrace.keys (namespace, key, run_id, dedup_ms, fingerprint)
      VALUES (p_namespace, p_key, p_run, p_dedup_ms, p_fingerprint) ON CONFLICT DO NOTHING;
      EXIT WHEN FOUND;
      CONTINUE;
    END IF;
    -- A start that brings a message is for whichever run has the key.
    refused := p_message IS NULL AND h.fingerprint IS DISTINCT FROM p_fingerprint;
    v_free := false;
    IF h.holder = p_predecessor THEN
      v_free := true;
    ELSIF h.status IS NULL THEN
      -- Inserted by this very call, a moment later; or removed.
      v_free := NOT coalesce(h.holder = ANY(p_new), false);
    ELSIF h.status >= 10 THEN
      v_free := p_now >= h.closed_at + h.dedup_ms OR p_reuse = 1 OR (p_reuse = 2 AND h.status <> 10);
      refused := refused OR p_reuse = 3;
    END IF;
    IF NOT v_free THEN
      run_id := h.holder;
      RETURN;
    END IF;
    PERFORM 1 FROM millrace.keys k
    WHERE k.namespace = p_namespace AND k.key = p_key AND k.run_id = h.holder FOR NO KEY UPDATE;
    -- Another start took it, or the closed run was reopened (which holds the key's lock): look again.
    CONTINUE WHEN NOT FOUND;
    CONTINUE WHEN EXISTS (SELECT 1 FROM millrace.runs r WHERE r.run_id = h.holder);
    UPDATE millrace.keys k SET run_id = p_run, dedup_ms = p_dedup_ms, fingerprint = p_fingerprint
    WHERE k.namespace = p_namespace AND k.key = p_key;
    EXIT;
  END LOOP;
  refused := false;
END $$;

-- The answer to a start whose run id is there: its own first sending's, if nothing happened to the run since.
CREATE FUNCTION millrace.repeat_v1(
  p_live uuid[], p_twins integer[], s_run uuid[], s_namespace text[], s_workflow text[], s_key text[],
  s_commit bigint[], s_owner uuid[], s_message text[]
) RETURNS SETOF millrace.answer_v1 LANGUAGE plpgsql VOLATILE AS $$
#variable_conflict use_column
DECLARE
  v_n integer;
  r record;
  v_answer millrace.answer_v1;
BEGIN
  FOREACH v_n IN ARRAY p_twins LOOP
    SELECT status, namespace, workflow, key, owner, assigned_to, epoch, version, commit_id, inbox_seq INTO r
      FROM millrace.runs WHERE run_id = s_run[v_n]
    UNION ALL
    SELECT status, namespace, workflow, key, NULL, NULL, epoch, version, commit_id, inbox_seq
      FROM millrace.runs_closed WHERE run_id = s_run[v_n];
    v_answer := NULL;
    v_answer.part := 1;
    v_answer.ord := v_n;
    v_answer.run_id := s_run[v_n];
    v_answer.status := r.status;
    IF NOT FOUND OR r.namespace <> s_namespace[v_n] OR r.workflow <> s_workflow[v_n]
      OR r.key IS DISTINCT FROM s_key[v_n]
    THEN
      v_answer.code := 2;
    ELSIF r.epoch = 1 AND r.version = 0 AND r.commit_id = s_commit[v_n]
      AND (r.owner IS NULL OR r.owner = s_owner[v_n])
    THEN
      v_answer.code := CASE WHEN r.assigned_to IS NULL THEN 0 ELSE 3 END;
      v_answer.other := CASE WHEN r.owner = ANY(p_live) THEN r.owner ELSE r.assigned_to END;
      v_answer.epoch := 1;
      v_answer.version := 0;
      v_answer.inbox_seq := r.inbox_seq;
    ELSE
      v_answer.code := 1;
      IF s_message[v_n] IS NOT NULL THEN
        RETURN NEXT v_answer;
        v_answer.part := 3;
      END IF;
    END IF;
    RETURN NEXT v_answer;
  END LOOP;
END $$;
`;
