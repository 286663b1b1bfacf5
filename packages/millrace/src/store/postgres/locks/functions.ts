import { PLANNING } from '../schema/functions/answer.ts';

/*
 * Named locks (L1–L5). Whatever changes who holds or awaits a lock holds the lock's row, and ends with
 * `settle_lock_v1`, which gives it to the first who waits if it is free by then.
 * Order of locks, so that no two calls wait for each other in a circle: incarnations (live_v1), then rows of `locks` by
 * name, then rows of `runs` by id. A call that also changes runs (a plan, a retirement, a wake-up) begins with
 * `hold_locks_v1`, which takes all of them.
 * part 7   a grant: code = kind of the holder (1 run, 2 engine, 3 client), run_id = the holder, created_at = token,
 *          deadline_at = expiry, workflow = the lock, workflow_version = the request; of a run also key = dedup,
 *          history = the message, seq = its window. ord = the plan.
 * part 8   how the message of the grant before was delivered, as in deliver_v1
 * part 9   what the call itself says: code, created_at, deadline_at, ord
 * part 10  a lock that was held by who left: workflow = its name
 */
export const LOCKS = `
-- Takes every row that a change of these locks can touch, and tells the time after that. p_leavers: holders that leave
-- everything. p_runs: runs that the call changes besides those that may be granted a lock.
CREATE FUNCTION millrace.hold_locks_v1(
  p_now bigint, p_engines uuid[], p_namespace text[], p_name text[], p_leavers uuid[], p_runs uuid[]
) RETURNS bigint LANGUAGE plpgsql VOLATILE ${PLANNING} AS $$
#variable_conflict use_column
DECLARE
  v_namespaces text[] := p_namespace;
  v_names text[] := p_name;
  v_namespace text[];
  v_name text[];
  v_times integer[];
  v_runs uuid[];
BEGIN
  PERFORM millrace.live_v1(p_engines);
  IF p_leavers IS NOT NULL THEN
    SELECT p_namespace || array_agg(f.namespace), p_name || array_agg(f.name) INTO v_namespaces, v_names
    FROM (
      SELECT l.namespace, l.name FROM millrace.locks l WHERE l.holder = ANY(p_leavers)
      UNION ALL SELECT w.namespace, w.name FROM millrace.lock_waiters w WHERE w.holder = ANY(p_leavers)) f;
  END IF;
  SELECT array_agg(n.namespace), array_agg(n.name), array_agg(n.times) INTO v_namespace, v_name, v_times
  FROM (
    SELECT u.namespace, u.name, count(*)::integer AS times FROM unnest(v_namespaces, v_names) AS u(namespace, name)
    WHERE u.namespace IS NOT NULL AND u.name IS NOT NULL GROUP BY u.namespace, u.name ORDER BY u.namespace, u.name) n;
  INSERT INTO millrace.locks (namespace, name, token, waited)
  SELECT u.namespace, u.name, 0, false FROM unnest(v_namespace, v_name) AS u(namespace, name)
  ON CONFLICT (namespace, name) DO NOTHING;
  PERFORM 1
  FROM (SELECT u.namespace, u.name FROM unnest(v_namespace, v_name) WITH ORDINALITY AS u(namespace, name, n)
    ORDER BY u.n) u,
  LATERAL (SELECT 1 FROM millrace.locks l WHERE l.namespace = u.namespace AND l.name = u.name FOR UPDATE) l;
  -- A lock can pass on as often as the call names it, and once more because its holder's time is over.
  v_runs := ARRAY(
    SELECT w.holder FROM unnest(v_namespace, v_name, v_times) AS u(namespace, name, times),
    LATERAL (
      SELECT w.holder FROM millrace.lock_waiters w
      WHERE w.namespace = u.namespace AND w.name = u.name AND w.holder_kind = 1 ORDER BY w.seq LIMIT u.times + 1) w);
  IF p_runs IS NOT NULL OR cardinality(v_runs) > 0 THEN PERFORM millrace.lock_v1(p_runs || v_runs); END IF;
  RETURN coalesce(p_now, millrace.clock_v1());
END $$;

-- The caller holds the lock's row.
CREATE FUNCTION millrace.settle_lock_v1(p_now bigint, p_ord integer, p_namespace text, p_name text)
RETURNS SETOF millrace.answer_v1 LANGUAGE plpgsql VOLATILE ${PLANNING} AS $$
#variable_conflict use_column
DECLARE
  l record;
  w record;
  v_told millrace.answer_v1;
  v_answer millrace.answer_v1;
BEGIN
  SELECT x.* INTO l FROM millrace.locks x WHERE x.namespace = p_namespace AND x.name = p_name;
  IF NOT FOUND THEN RETURN; END IF;
  IF l.holder IS NULL OR l.expires_at <= p_now THEN
    LOOP
      DELETE FROM millrace.lock_waiters x WHERE x.seq = (
        SELECT y.seq FROM millrace.lock_waiters y WHERE y.namespace = p_namespace AND y.name = p_name
        ORDER BY y.seq LIMIT 1)
      RETURNING x.* INTO w;
      EXIT WHEN w.seq IS NULL;
      CONTINUE WHEN w.until <= p_now;
      v_answer := NULL;
      v_answer.part := 7;
      v_answer.ord := p_ord;
      v_answer.code := w.holder_kind;
      v_answer.run_id := w.holder;
      v_answer.created_at := l.token + 1;
      v_answer.deadline_at := p_now + w.hold_ms;
      v_answer.namespace := p_namespace;
      v_answer.workflow := p_name;
      v_answer.workflow_version := w.request;
      IF w.holder_kind = 1 THEN
        v_answer.key := w.dedup;
        v_answer.seq := w.window_ms;
        v_answer.history := w.body || convert_to(
          format(E'\\n{"token":%s,"expiresAt":%s}', v_answer.created_at, v_answer.deadline_at), 'UTF8');
        SELECT * INTO v_told FROM millrace.deliver_v1(p_now, NULL, NULL, ARRAY[w.holder], NULL, NULL, ARRAY[w.dedup],
          ARRAY[v_answer.history], NULL, NULL, ARRAY[w.window_ms]);
        -- Its run ends in the same call.
        CONTINUE WHEN v_told.code NOT IN (0, 4);
        v_told.part := 8;
        v_told.ord := p_ord;
      END IF;
      UPDATE millrace.locks x SET token = l.token + 1, holder_kind = w.holder_kind, holder = w.holder,
        request = w.request, owner = w.owner, since = p_now, expires_at = v_answer.deadline_at
      WHERE x.namespace = p_namespace AND x.name = p_name;
      RETURN NEXT v_answer;
      IF w.holder_kind = 1 THEN RETURN NEXT v_told; END IF;
      EXIT;
    END LOOP;
  END IF;
  UPDATE millrace.locks x SET waited = NOT x.waited
  WHERE x.namespace = p_namespace AND x.name = p_name AND x.waited <> EXISTS (
    SELECT 1 FROM millrace.lock_waiters y WHERE y.namespace = p_namespace AND y.name = p_name);
END $$;

-- Ends one hold or wait; whether it was held. The caller holds the lock's row.
CREATE FUNCTION millrace.end_lock_v1(p_now bigint, p_namespace text, p_name text, p_holder uuid, p_request text)
RETURNS boolean LANGUAGE plpgsql VOLATILE ${PLANNING} AS $$
#variable_conflict use_column
DECLARE
  v_held boolean;
BEGIN
  SELECT l.expires_at > p_now INTO v_held FROM millrace.locks l
  WHERE l.namespace = p_namespace AND l.name = p_name AND l.holder = p_holder AND l.request = p_request;
  IF FOUND THEN PERFORM millrace.free_lock_v1(p_namespace, p_name); END IF;
  DELETE FROM millrace.lock_waiters w
  WHERE w.namespace = p_namespace AND w.name = p_name AND w.holder = p_holder AND w.request = p_request;
  RETURN coalesce(v_held, false);
END $$;

CREATE FUNCTION millrace.free_lock_v1(p_namespace text, p_name text) RETURNS void LANGUAGE sql VOLATILE AS $$
  UPDATE millrace.locks SET holder_kind = NULL, holder = NULL, request = NULL, owner = NULL, since = NULL,
    expires_at = NULL
  WHERE namespace = p_namespace AND name = p_name
$$;

-- p_wait: how long it is there without being asked for; NULL: a run, until it ends, or for this one look.
CREATE FUNCTION millrace.await_lock_v1(
  p_now bigint, p_namespace text, p_name text, p_kind integer, p_holder uuid, p_request text, p_owner text,
  p_hold bigint, p_wait bigint, p_dedup text, p_body bytea, p_window integer
) RETURNS void LANGUAGE sql VOLATILE AS $$
  INSERT INTO millrace.lock_waiters (namespace, name, holder_kind, holder, request, owner, hold_ms, since, until, dedup,
    body, window_ms)
  VALUES (p_namespace, p_name, p_kind, p_holder, p_request, p_owner, p_hold, p_now, p_now + p_wait, p_dedup, p_body,
    p_window)
  ON CONFLICT (namespace, name, holder, request) DO UPDATE SET until = excluded.until
$$;

-- Ends everything that a holder holds or awaits. The caller holds the rows.
CREATE FUNCTION millrace.leave_locks_v1(p_now bigint, p_ord integer, p_holder uuid)
RETURNS SETOF millrace.answer_v1 LANGUAGE plpgsql VOLATILE ${PLANNING} AS $$
#variable_conflict use_column
DECLARE
  n record;
  v_answer millrace.answer_v1;
BEGIN
  FOR n IN
    SELECT l.namespace, l.name, true AS held FROM millrace.locks l WHERE l.holder = p_holder
    UNION ALL
    SELECT DISTINCT w.namespace, w.name, false FROM millrace.lock_waiters w WHERE w.holder = p_holder
    ORDER BY 1, 2
  LOOP
    IF n.held THEN
      PERFORM millrace.free_lock_v1(n.namespace, n.name);
      v_answer.part := 10;
      v_answer.namespace := n.namespace;
      v_answer.workflow := n.name;
      RETURN NEXT v_answer;
    END IF;
    DELETE FROM millrace.lock_waiters w
    WHERE w.namespace = n.namespace AND w.name = n.name AND w.holder = p_holder;
    RETURN QUERY SELECT * FROM millrace.settle_lock_v1(p_now, p_ord, n.namespace, n.name);
  END LOOP;
END $$;

-- Before the plans of a call: the rows that their acts on locks touch. k_name NULL: the run leaves.
CREATE FUNCTION millrace.hold_plan_locks_v1(
  p_now bigint, p_engines uuid[], p_runs uuid[], k_run uuid[], k_name text[]
) RETURNS bigint LANGUAGE sql VOLATILE AS $$
  SELECT millrace.hold_locks_v1(p_now, p_engines,
    ARRAY(SELECT r.namespace FROM unnest(k_run, k_name) WITH ORDINALITY AS k(run_id, name, n)
      LEFT JOIN millrace.runs r ON r.run_id = k.run_id AND k.name IS NOT NULL ORDER BY k.n),
    k_name,
    ARRAY(SELECT k.run_id FROM unnest(k_run, k_name) AS k(run_id, name) WHERE k.name IS NULL),
    p_runs)
$$;

-- After the plans of a call: what those that were applied do to locks. p_failed: plans that were not.
CREATE FUNCTION millrace.act_locks_v1(
  p_now bigint, p_failed integer[], k_plan integer[], k_run uuid[], k_kind integer[], k_name text[], k_request text[],
  k_hold bigint[], k_dedup text[], k_body bytea[], k_window integer[]
) RETURNS SETOF millrace.answer_v1 LANGUAGE plpgsql VOLATILE ${PLANNING} AS $$
#variable_conflict use_column
DECLARE
  k record;
BEGIN
  FOR k IN
    SELECT u.*, r.namespace, r.workflow
    FROM unnest(k_plan, k_run, k_kind, k_name, k_request, k_hold, k_dedup, k_body, k_window) WITH ORDINALITY
      AS u(plan, run_id, kind, name, request, hold_ms, dedup, body, window_ms, n),
    LATERAL (
      SELECT o.namespace, o.workflow FROM millrace.runs o WHERE o.run_id = u.run_id
      UNION ALL SELECT c.namespace, c.workflow FROM millrace.runs_closed c WHERE c.run_id = u.run_id
      -- A run that was discarded can only leave.
      UNION ALL SELECT NULL, NULL LIMIT 1) r
    WHERE NOT u.plan = ANY(p_failed) ORDER BY u.n
  LOOP
    IF k.kind = 2 THEN
      RETURN QUERY SELECT * FROM millrace.leave_locks_v1(p_now, k.plan, k.run_id);
    ELSIF k.namespace IS NULL THEN CONTINUE;
    ELSIF k.kind = 1 THEN
      PERFORM millrace.end_lock_v1(p_now, k.namespace, k.name, k.run_id, k.request);
      RETURN QUERY SELECT * FROM millrace.settle_lock_v1(p_now, k.plan, k.namespace, k.name);
    ELSIF NOT EXISTS (
      SELECT 1 FROM millrace.locks l
      WHERE l.namespace = k.namespace AND l.name = k.name AND l.holder = k.run_id AND l.request = k.request)
    THEN
      PERFORM millrace.await_lock_v1(p_now, k.namespace, k.name, 1, k.run_id, k.request, k.workflow, k.hold_ms, NULL,
        k.dedup, k.body, k.window_ms);
      RETURN QUERY SELECT * FROM millrace.settle_lock_v1(p_now, k.plan, k.namespace, k.name);
    END IF;
  END LOOP;
END $$;

-- part 9: code 0 granted (created_at = token, deadline_at = expiry), 1 waiting (ord = how many before it), 2 busy,
-- 3 retired.
CREATE FUNCTION millrace.acquire_lock_v1(
  p_now bigint, p_namespace text, p_name text, p_kind integer, p_holder uuid, p_request text, p_owner text,
  p_hold bigint, p_wait bigint
) RETURNS SETOF millrace.answer_v1 LANGUAGE plpgsql VOLATILE ${PLANNING} AS $$
#variable_conflict use_column
DECLARE
  v_now bigint;
  l record;
  v_answer millrace.answer_v1;
BEGIN
  v_answer.part := 9;
  IF p_kind = 2 AND cardinality(millrace.live_v1(ARRAY[p_holder])) = 0 THEN
    v_answer.code := 3;
    RETURN NEXT v_answer;
    RETURN;
  END IF;
  v_now := millrace.hold_locks_v1(p_now, NULL, ARRAY[p_namespace], ARRAY[p_name], NULL, NULL);
  SELECT x.* INTO l FROM millrace.locks x WHERE x.namespace = p_namespace AND x.name = p_name;
  IF l.holder = p_holder AND l.request = p_request AND l.expires_at <= v_now THEN
    PERFORM millrace.free_lock_v1(p_namespace, p_name);
    l.holder := NULL;
  END IF;
  IF l.holder IS DISTINCT FROM p_holder OR l.request IS DISTINCT FROM p_request THEN
    PERFORM millrace.await_lock_v1(v_now, p_namespace, p_name, p_kind, p_holder, p_request, p_owner, p_hold,
      nullif(p_wait, 0), NULL, NULL, 0);
    RETURN QUERY SELECT * FROM millrace.settle_lock_v1(v_now, 0, p_namespace, p_name);
    SELECT x.* INTO l FROM millrace.locks x WHERE x.namespace = p_namespace AND x.name = p_name;
  END IF;
  v_answer.deadline_at := l.expires_at;
  IF l.holder = p_holder AND l.request = p_request THEN
    v_answer.code := 0;
    v_answer.created_at := l.token;
  ELSIF p_wait = 0 THEN
    v_answer.code := 2;
    PERFORM millrace.end_lock_v1(v_now, p_namespace, p_name, p_holder, p_request);
    RETURN QUERY SELECT * FROM millrace.settle_lock_v1(v_now, 0, p_namespace, p_name);
  ELSE
    v_answer.code := 1;
    v_answer.ord := (
      SELECT count(*) FROM millrace.lock_waiters w WHERE w.namespace = p_namespace AND w.name = p_name AND w.seq < (
        SELECT y.seq FROM millrace.lock_waiters y
        WHERE y.namespace = p_namespace AND y.name = p_name AND y.holder = p_holder AND y.request = p_request));
  END IF;
  RETURN NEXT v_answer;
END $$;

-- part 9: code 1 it was held. p_holder NULL: whoever holds it.
CREATE FUNCTION millrace.release_lock_v1(
  p_now bigint, p_namespace text, p_name text, p_holder uuid, p_request text
) RETURNS SETOF millrace.answer_v1 LANGUAGE plpgsql VOLATILE ${PLANNING} AS $$
#variable_conflict use_column
DECLARE
  v_now bigint;
  v_answer millrace.answer_v1;
BEGIN
  v_answer.part := 9;
  v_answer.code := 0;
  IF EXISTS (SELECT 1 FROM millrace.locks l WHERE l.namespace = p_namespace AND l.name = p_name) THEN
    v_now := millrace.hold_locks_v1(p_now, NULL, ARRAY[p_namespace], ARRAY[p_name], NULL, NULL);
    IF p_holder IS NOT NULL THEN
      v_answer.code := millrace.end_lock_v1(v_now, p_namespace, p_name, p_holder, p_request)::integer;
    ELSIF EXISTS (
      SELECT 1 FROM millrace.locks l WHERE l.namespace = p_namespace AND l.name = p_name AND l.holder IS NOT NULL)
    THEN
      v_answer.code := 1;
      PERFORM millrace.free_lock_v1(p_namespace, p_name);
    END IF;
    RETURN QUERY SELECT * FROM millrace.settle_lock_v1(v_now, 0, p_namespace, p_name);
  END IF;
  RETURN NEXT v_answer;
END $$;

-- part 9: deadline_at = the time, created_at = when the next holder's time is over for whom somebody waits.
CREATE FUNCTION millrace.expire_locks_v1(p_now bigint, p_engines uuid[], p_limit integer)
RETURNS SETOF millrace.answer_v1 LANGUAGE plpgsql VOLATILE ${PLANNING} AS $$
#variable_conflict use_column
DECLARE
  v_now bigint := coalesce(p_now, millrace.clock_v1());
  v_namespace text[];
  v_name text[];
  v_answer millrace.answer_v1;
BEGIN
  IF EXISTS (SELECT 1 FROM millrace.locks l WHERE l.waited AND l.expires_at <= v_now) THEN
    PERFORM millrace.live_v1(p_engines);
    -- Whoever holds one of them settles it himself.
    SELECT array_agg(l.namespace), array_agg(l.name) INTO v_namespace, v_name
    FROM (SELECT l.namespace, l.name FROM millrace.locks l WHERE l.waited AND l.expires_at <= v_now
      ORDER BY l.expires_at LIMIT p_limit FOR UPDATE SKIP LOCKED) l;
    IF v_name IS NOT NULL THEN
      v_now := millrace.hold_locks_v1(p_now, NULL, v_namespace, v_name, NULL, NULL);
      RETURN QUERY
      SELECT s.* FROM unnest(v_namespace, v_name) AS u(namespace, name),
      LATERAL millrace.settle_lock_v1(v_now, 0, u.namespace, u.name) s;
    END IF;
  END IF;
  v_answer.part := 9;
  v_answer.deadline_at := v_now;
  v_answer.created_at := (
    SELECT l.expires_at FROM millrace.locks l WHERE l.waited AND l.expires_at IS NOT NULL
    ORDER BY l.expires_at LIMIT 1);
  RETURN NEXT v_answer;
END $$;

-- Before an incarnation is retired: the rows that its locks touch, with those of its runs, in their order.
CREATE FUNCTION millrace.hold_retired_v1(p_now bigint, p_engine uuid) RETURNS bigint
LANGUAGE plpgsql VOLATILE ${PLANNING} AS $$
#variable_conflict use_column
BEGIN
  PERFORM pg_advisory_xact_lock(77012, hashtext(p_engine::text));
  IF NOT EXISTS (SELECT 1 FROM millrace.locks l WHERE l.holder = p_engine)
    AND NOT EXISTS (SELECT 1 FROM millrace.lock_waiters w WHERE w.holder = p_engine)
  THEN RETURN coalesce(p_now, millrace.clock_v1()); END IF;
  RETURN millrace.hold_locks_v1(p_now, NULL, NULL, NULL, ARRAY[p_engine],
    ARRAY(SELECT r.run_id FROM millrace.runs r WHERE r.owner = p_engine));
END $$;

CREATE FUNCTION millrace.leave_retired_v1(p_now bigint, p_engine uuid, p_retired boolean)
RETURNS SETOF millrace.answer_v1 LANGUAGE plpgsql VOLATILE ${PLANNING} AS $$
#variable_conflict use_column
BEGIN
  IF NOT p_retired THEN RETURN; END IF;
  UPDATE millrace.failovers f SET locks = ARRAY(
    SELECT l.namespace || '/' || l.name FROM millrace.locks l WHERE l.holder = p_engine ORDER BY l.namespace, l.name)
  WHERE f.event_id = p_engine;
  RETURN QUERY SELECT * FROM millrace.leave_locks_v1(p_now, 0, p_engine);
END $$;
`;
