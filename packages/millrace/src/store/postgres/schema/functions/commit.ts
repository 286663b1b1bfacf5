import { NO_POSITION, NO_RUN, PLANNING } from './answer.ts';

/*
 * Plans (I1–I5, I9). `p_kind` is the status after the plan: 1 continue, 2 suspend, 4 block, from 10 on close, 100 discard.
 * Plans come in the order of their run ids, which is the order in which their rows are locked. The guard
 * stands in the WHERE of the change itself; only when fewer rows were changed than there are plans does a
 * second look say why. Answers name only what is not plainly ok.
 * part 0   a plan: code 1 already, 2 conflict, 3 unread (seq = the inbox's)
 * part 8   a run that closed gave its grant back
 * others   as in start_v1 and deliver_v1, which write after the plans: two changes of one row in one statement would
 *          lose one
 * Starts and messages (s_, m_) name their plan by place; those of a plan that failed are taken out.
 */
const GUARD = `(
        SELECT p_run[p.n] = r.run_id AND r.status = 1 AND r.owner = p_engine[p.n] AND r.owner = ANY(v_live)
          AND r.epoch = p_epoch[p.n] AND r.version = p_version[p.n]
          AND (p_count[p.n] = 0 OR r.events = p_seq[p.n])
          AND (p_kind[p.n] < 10) = __OPEN__ AND (p_kind[p.n] IN (1, 4) OR r.inbox_seq = p_seen[p.n])
        FROM (SELECT width_bucket(r.run_id, p_run) AS n OFFSET 0) p)`;

/** In the place of a status: nothing of the run is kept. */
export const DISCARD = 100;

export const COMMIT = `
CREATE FUNCTION millrace.commit_v1(
  p_now bigint, p_engines uuid[], p_lock boolean, p_open integer,
  p_run uuid[], p_engine uuid[], p_epoch integer[], p_version integer[], p_commit bigint[], p_seq integer[],
  p_count integer[], p_data bytea[], p_kind integer[], p_seen integer[], p_wake bigint[], p_waits bytea[],
  p_code text[], p_successor uuid[],
  c_plan integer[], c_seq integer[],
  s_plan integer[], s_run uuid[], s_namespace text[], s_workflow text[], s_version text[], s_queue text[],
  s_priority integer[], s_tags text[], s_key text[], s_fingerprint text[], s_reuse integer[], s_dedup_ms bigint[],
  s_start_at bigint[], s_deadline_at bigint[], s_parent uuid[], s_ordinal integer[], s_commit bigint[],
  s_owner uuid[], s_data bytea[], s_message text[], s_body bytea[], s_window integer[],
  s_predecessor uuid[], s_limits text[], s_assign uuid[], s_assign_ms integer[],
  m_plan integer[], m_run uuid[], m_namespace text[], m_key text[], m_dedup text[], m_body bytea[],
  m_adopter uuid[], m_room integer[], m_window integer[]
) RETURNS SETOF millrace.answer_v1 LANGUAGE plpgsql VOLATILE ${PLANNING} AS $$
#variable_conflict use_column
DECLARE
  v_now bigint := coalesce(p_now, millrace.clock_v1());
  v_live uuid[] := millrace.live_v1(p_engines);
  v_total integer := cardinality(p_run);
  v_ok integer[];
  v_closed integer[];
  v_keyed uuid[];
  v_freed boolean;
  v_gone uuid[];
  v_all boolean;
BEGIN
  IF p_lock THEN
    PERFORM millrace.lock_v1(p_run || m_run || ARRAY(
      SELECT (SELECT k.run_id FROM millrace.keys k WHERE k.namespace = m.namespace AND k.key = m.key)
      FROM unnest(m_namespace, m_key) m(namespace, key)));
  END IF;

  IF p_open > 0 THEN
    WITH changed AS (
      UPDATE millrace.runs r SET (version, commit_id, events, suspect_group, deaths, status, owner, last_owner,
        ready_at, wake_at, waits, block_code) = (
        SELECT r.version + 1, p_commit[p.n], r.events + p_count[p.n],
          CASE WHEN p_count[p.n] = 0 THEN r.suspect_group END, CASE WHEN p_count[p.n] > 0 THEN 0 ELSE r.deaths END,
          p_kind[p.n], CASE WHEN p_kind[p.n] = 1 THEN r.owner END,
          CASE WHEN p_kind[p.n] = 1 THEN r.last_owner ELSE r.owner END,
          CASE WHEN p_kind[p.n] = 1 THEN r.ready_at END, p_wake[p.n], p_waits[p.n], p_code[p.n]
        FROM (SELECT width_bucket(r.run_id, p_run) AS n OFFSET 0) p)
      WHERE r.run_id = ANY(p_run) AND ${GUARD.replace('__OPEN__', 'true')}
      RETURNING width_bucket(r.run_id, p_run) AS n
    ) SELECT array_agg(n) INTO v_ok FROM changed;
  END IF;

  IF p_open < v_total THEN
    WITH gone AS (
      DELETE FROM millrace.runs r
      WHERE r.run_id = ANY(p_run) AND ${GUARD.replace('__OPEN__', 'false')}
      RETURNING width_bucket(r.run_id, p_run) AS n, r.*
    ), kept AS (
      INSERT INTO millrace.runs_closed (run_id, commit_id, created_at, started_at, closed_at, deadline_at, epoch,
        version, events, inbox_seq, parent_ordinal, status, priority, last_owner, parent_run_id, successor, namespace,
        workflow, workflow_version, queue, key, tags, limits)
      SELECT run_id, p_commit[n], created_at, started_at, v_now, deadline_at, epoch,
        version + 1, events + p_count[n], inbox_seq, parent_ordinal, p_kind[n], priority, owner, parent_run_id,
        p_successor[n], namespace, workflow, workflow_version, queue, key, tags, limits
      FROM gone WHERE p_kind[n] < ${DISCARD}
    ) SELECT array_agg(n), array_agg(run_id) FILTER (WHERE limits IS NOT NULL), bool_or(granted)
      INTO v_closed, v_keyed, v_freed FROM gone;
    v_ok := v_ok || v_closed;
    IF ${DISCARD} = ANY(p_kind) THEN
      v_gone := ARRAY(SELECT p_run[g.n] FROM unnest(v_closed) AS g(n) WHERE p_kind[g.n] = ${DISCARD});
      DELETE FROM millrace.history h WHERE h.run_id = ANY(v_gone);
      DELETE FROM millrace.inbox i WHERE i.run_id = ANY(v_gone);
    END IF;
  END IF;
  v_all := coalesce(cardinality(v_ok), 0) = v_total;

  IF v_all THEN
    INSERT INTO millrace.history (run_id, at, seq, count, data)
    SELECT p.run_id, v_now, p.seq, p.count, p.data
    FROM unnest(p_run, p_seq, p_count, p_data, p_kind) AS p(run_id, seq, count, data, kind)
    WHERE p.count > 0 AND p.kind < ${DISCARD};
  ELSE
    INSERT INTO millrace.history (run_id, at, seq, count, data)
    SELECT p.run_id, v_now, p.seq, p.count, p.data
    FROM unnest(p_run, p_seq, p_count, p_data, p_kind) WITH ORDINALITY AS p(run_id, seq, count, data, kind, n)
    WHERE p.count > 0 AND p.kind < ${DISCARD} AND p.n = ANY(v_ok);
    RETURN QUERY SELECT * FROM millrace.explain_v1(v_live, coalesce(v_ok, '{}'), p_run, p_engine, p_epoch, p_version,
      p_commit, p_seq, p_count, p_kind, p_seen);
  END IF;

  IF c_plan IS NOT NULL THEN
    -- Messages are deleted under their run's lock only, and never change: their place is certain.
    DELETE FROM millrace.inbox i WHERE i.ctid = ANY(ARRAY(
      SELECT (SELECT m.ctid FROM millrace.inbox m WHERE m.run_id = p_run[c.plan] AND m.seq = c.seq LIMIT 1)
      FROM unnest(c_plan, c_seq) AS c(plan, seq) WHERE v_all OR c.plan = ANY(v_ok)));
  END IF;
  IF s_plan IS NOT NULL THEN
    RETURN QUERY SELECT * FROM millrace.start_v1(v_now, p_engines, false, false,
      CASE WHEN v_all THEN s_run ELSE ARRAY(SELECT CASE WHEN s.plan = ANY(v_ok) THEN s.run_id END
        FROM unnest(s_plan, s_run) WITH ORDINALITY AS s(plan, run_id, n) ORDER BY s.n) END,
      s_namespace, s_workflow, s_version, s_queue, s_priority, s_tags, s_key, s_fingerprint, s_reuse, s_dedup_ms,
      s_start_at, s_deadline_at, s_parent, s_ordinal, s_commit, s_owner, s_data, s_message, s_body, s_window,
      s_predecessor, s_limits, s_assign, s_assign_ms);
  END IF;
  IF m_plan IS NOT NULL THEN
    RETURN QUERY SELECT * FROM millrace.deliver_v1(v_now, p_engines,
      ARRAY(SELECT v_all OR m.plan = ANY(v_ok) FROM unnest(m_plan) WITH ORDINALITY AS m(plan, n) ORDER BY m.n),
      m_run, m_namespace, m_key, m_dedup, m_body, m_adopter, m_room, m_window);
  END IF;
  -- Last, because whoever holds the locks of limits waits for no run.
  IF v_keyed IS NOT NULL THEN PERFORM millrace.free_keys_v1(v_now, v_keyed); END IF;
  IF v_freed THEN
    RETURN QUERY SELECT 8::smallint, 0, 0::smallint, NULL::smallint, NULL::integer, NULL::uuid, NULL::uuid,
      ${NO_POSITION}, ${NO_RUN};
  END IF;
END $$;

-- Why plans were not applied.
CREATE FUNCTION millrace.explain_v1(
  p_live uuid[], p_ok integer[], p_run uuid[], p_engine uuid[], p_epoch integer[], p_version integer[],
  p_commit bigint[], p_seq integer[], p_count integer[], p_kind integer[], p_seen integer[]
) RETURNS SETOF millrace.answer_v1 LANGUAGE plpgsql VOLATILE AS $$
#variable_conflict use_column
DECLARE
  p record;
  r record;
  v_answer millrace.answer_v1;
BEGIN
  FOR p IN
    SELECT * FROM unnest(p_run, p_engine, p_epoch, p_version, p_commit, p_seq, p_count, p_kind, p_seen)
      WITH ORDINALITY AS p(run_id, engine, epoch, version, commit_id, seq, count, kind, seen, n)
    WHERE NOT p.n = ANY(p_ok)
  LOOP
    SELECT status, owner, epoch, version, commit_id, events, inbox_seq INTO r
      FROM millrace.runs WHERE run_id = p.run_id
    UNION ALL
    SELECT status, NULL, epoch, version, commit_id, events, inbox_seq
      FROM millrace.runs_closed WHERE run_id = p.run_id;
    v_answer.part := 0;
    v_answer.ord := p.n;
    v_answer.seq := NULL;
    IF NOT FOUND THEN
      v_answer.code := 2;
    ELSIF r.version = p.version + 1 AND r.commit_id = p.commit_id THEN
      v_answer.code := 1;
    ELSIF r.status = 1 AND r.owner = p.engine AND r.owner = ANY(p_live) AND r.epoch = p.epoch
      AND r.version = p.version AND (p.count = 0 OR r.events = p.seq)
      AND (p.kind = 2 OR p.kind >= 10) AND r.inbox_seq <> p.seen
    THEN
      v_answer.code := 3;
      v_answer.seq := r.inbox_seq;
    ELSE
      v_answer.code := 2;
    END IF;
    RETURN NEXT v_answer;
  END LOOP;
END $$;

-- Whether a plan whose COMMIT was not answered was applied: its transaction held the row, so that whoever gets the
-- row's lock knows that it is over. NULL: others have gone on since, it cannot be told any more.
CREATE FUNCTION millrace.settle_v1(p_run uuid, p_version integer, p_commit bigint) RETURNS boolean
LANGUAGE plpgsql VOLATILE ${PLANNING} AS $$
#variable_conflict use_column
DECLARE
  r record;
BEGIN
  PERFORM 1 FROM millrace.runs WHERE run_id = p_run FOR UPDATE;
  SELECT version, commit_id INTO r FROM millrace.runs WHERE run_id = p_run
  UNION ALL SELECT version, commit_id FROM millrace.runs_closed WHERE run_id = p_run;
  IF r.version = p_version + 1 AND r.commit_id = p_commit THEN RETURN true; END IF;
  RETURN CASE WHEN r.version = p_version THEN false END;
END $$;
`;
