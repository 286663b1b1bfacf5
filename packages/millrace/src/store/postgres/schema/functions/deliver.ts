import { PLANNING } from './answer.ts';

/*
 * Messages into inboxes (I6, I7): targets are locked in the order of their ids, then everything is decided on
 * what the locks hold still. A message is fresh if its inbox does not have it and no earlier one of the call
 * is the same. part 2   a message: code 0 delivered (seq; other = the owner), 1 duplicate, 2 run-closed
 * (status; other = the successor), 3 not-found, 4 delivered (other = the engine that the run is assigned to).
 * With the columns of a run: the adopter has it now. p_take: which messages count (NULL: all). A waiting target
 * is decided by its first fresh message: if the engine of that owned it last it adopts it, if it is live and has
 * room (p_room, counted per engine over the call); if another did that is alive, it is assigned to it for the
 * message's window. A suspect is neither (I10).
 */
export const DELIVER = `
CREATE FUNCTION millrace.deliver_v1(
  p_now bigint, p_engines uuid[], p_take boolean[],
  p_run uuid[], p_namespace text[], p_key text[], p_dedup text[], p_body bytea[],
  p_adopter uuid[], p_room integer[], p_window integer[]
) RETURNS SETOF millrace.answer_v1 LANGUAGE plpgsql VOLATILE ${PLANNING} AS $$
#variable_conflict use_column
DECLARE
  v_now bigint := coalesce(p_now, millrace.clock_v1());
  v_live uuid[] := millrace.live_v1(p_engines);
  v_seen uuid[] := millrace.seen_v1();
  v_run uuid[] := p_run;
  v_again uuid[];
  v_open integer;
BEGIN
  LOOP
    IF p_key IS NOT NULL THEN
      v_run := ARRAY(
        SELECT coalesce(m.run_id,
          (SELECT k.run_id FROM millrace.keys k WHERE k.namespace = m.namespace AND k.key = m.key LIMIT 1))
        FROM unnest(p_run, p_namespace, p_key, p_dedup) WITH ORDINALITY AS m(run_id, namespace, key, dedup, n)
        ORDER BY m.n);
    END IF;
    -- A key may pass to another run while the lock was waited for: then once more.
    EXIT WHEN v_again IS NOT DISTINCT FROM v_run;
    v_open := millrace.lock_v1(v_run);
    EXIT WHEN p_key IS NULL;
    v_again := v_run;
  END LOOP;
  -- A target that is closed stays closed until this transaction has ended: whoever opens it again must see that
  -- a child has closed whose end it was not told (I6). One that was opened while the lock was waited for is open.
  WHILE v_open < (SELECT count(DISTINCT u.id) FROM unnest(v_run) AS u(id)) LOOP
    PERFORM 1
    FROM (SELECT DISTINCT u.id FROM unnest(v_run) AS u(id) WHERE u.id IS NOT NULL ORDER BY u.id) u,
    LATERAL (SELECT 1 FROM millrace.runs_closed c WHERE c.run_id = u.id FOR KEY SHARE) l;
    EXIT WHEN v_open = (
      SELECT count(DISTINCT u.id) FROM unnest(v_run) AS u(id)
      WHERE (SELECT true FROM millrace.runs r WHERE r.run_id = u.id LIMIT 1));
    v_open := millrace.lock_v1(v_run);
  END LOOP;

  RETURN QUERY
  WITH found AS (
    SELECT m.n, m.run_id, m.dedup, m.body, m.adopter, m.room, m.window_ms,
      r.run_id IS NOT NULL AS open, r.status, r.owner, r.inbox_seq, r.epoch, r.version, r.events, r.priority,
      r.created_at, r.deadline_at, r.parent_run_id, r.parent_ordinal, r.namespace, r.workflow, r.workflow_version,
      r.queue, r.key, r.tags, r.assigned_to,
      r.status = 2 AND r.suspect_group IS NULL AND m.adopter = ANY(v_live) AND r.last_owner = m.adopter AS adoptable,
      CASE WHEN r.status = 2 AND r.suspect_group IS NULL AND m.window_ms > 0 AND r.last_owner = ANY(v_seen)
        AND r.last_owner IS DISTINCT FROM m.adopter THEN r.last_owner END AS assignee,
      r.run_id IS NOT NULL
        AND row_number() OVER (PARTITION BY m.run_id, m.dedup ORDER BY m.n) = 1
        AND (SELECT true FROM millrace.inbox i WHERE i.run_id = m.run_id AND i.dedup = m.dedup LIMIT 1) IS NULL
        AS fresh
    FROM unnest(v_run, p_dedup, p_body, p_adopter, p_room, p_window, p_take) WITH ORDINALITY
      AS m(run_id, dedup, body, adopter, room, window_ms, take, n)
    LEFT JOIN LATERAL (SELECT r.* FROM millrace.runs r WHERE r.run_id = m.run_id LIMIT 1) r ON true
    WHERE p_take IS NULL OR m.take
  ), numbered AS (
    SELECT f.*, count(*) FILTER (WHERE f.fresh) OVER (PARTITION BY f.run_id ORDER BY f.n) AS place,
      count(*) FILTER (WHERE f.fresh) OVER (PARTITION BY f.run_id) AS total
    FROM found f
  ), offered AS (
    -- The first fresh message of a run decides who gets it.
    SELECT f.*, f.fresh AND f.place = 1 AS first, coalesce(f.fresh AND f.place = 1 AND f.adoptable, false) AS may
    FROM numbered f
  ), taken AS (
    SELECT f.*, CASE WHEN f.may THEN
        CASE WHEN row_number() OVER (PARTITION BY f.adopter, f.may ORDER BY f.n) <= f.room THEN f.adopter END
      END AS taker
    FROM offered f
  ), settled AS MATERIALIZED (
    SELECT f.*, first_value(f.taker) OVER w AS new_owner,
      CASE WHEN f.status = 2 THEN first_value(f.assignee) OVER w ELSE f.assigned_to END AS new_assignee
    FROM taken f WINDOW w AS (PARTITION BY f.run_id ORDER BY NOT f.first, f.n)
  ), written AS (
    INSERT INTO millrace.inbox (run_id, at, seq, dedup, body)
    SELECT f.run_id, v_now, f.inbox_seq + f.place, f.dedup, f.body FROM settled f WHERE f.fresh
  ), totals AS MATERIALIZED (
    SELECT array_agg(f.run_id ORDER BY f.run_id) AS ids, array_agg(f.total::integer ORDER BY f.run_id) AS fresh,
      array_agg(f.taker ORDER BY f.run_id) AS takers, array_agg(f.assignee ORDER BY f.run_id) AS assignees,
      array_agg(f.window_ms ORDER BY f.run_id) AS windows
    FROM settled f WHERE f.first
  ), changed AS (
    UPDATE millrace.runs r SET
      (inbox_seq, status, rank, ready_at, wake_at, waits, owner, epoch, started_at, assigned_to, assigned_until) = (
      SELECT r.inbox_seq + t.fresh[x.n],
        CASE WHEN r.status <> 2 THEN r.status WHEN x.taker IS NULL THEN 0 ELSE 1 END,
        CASE WHEN r.status <> 2 THEN r.rank ELSE millrace.rank_v1(r.priority, v_now) END,
        CASE WHEN r.status <> 2 THEN r.ready_at ELSE v_now END,
        CASE WHEN r.status <> 2 THEN r.wake_at END,
        CASE WHEN r.status <> 2 THEN r.waits END,
        CASE WHEN r.status <> 2 THEN r.owner ELSE x.taker END,
        CASE WHEN x.taker IS NULL THEN r.epoch ELSE r.epoch + 1 END,
        CASE WHEN x.taker IS NULL THEN r.started_at ELSE coalesce(r.started_at, v_now) END,
        CASE WHEN r.status <> 2 THEN r.assigned_to ELSE t.assignees[x.n] END,
        CASE WHEN r.status <> 2 THEN r.assigned_until
          WHEN t.assignees[x.n] IS NOT NULL THEN v_now + t.windows[x.n] END
      FROM totals t, LATERAL (
        SELECT b.n, t.takers[b.n] AS taker FROM (SELECT width_bucket(r.run_id, t.ids) AS n OFFSET 0) b) x)
    WHERE r.run_id = ANY((SELECT t.ids FROM totals t)::uuid[])
  )
  SELECT 2::smallint, f.n::integer,
    CASE WHEN f.fresh AND f.new_assignee IS NOT NULL THEN 4 WHEN f.fresh THEN 0 WHEN f.open THEN 1
      WHEN c.run_id IS NOT NULL THEN 2 ELSE 3 END::smallint,
    c.status, (f.inbox_seq + f.place)::integer,
    CASE WHEN f.taker IS NOT NULL THEN NULL WHEN f.open THEN coalesce(f.new_assignee, f.new_owner, f.owner)
      ELSE c.successor END,
    f.run_id, f.epoch + 1, f.version, f.events, (f.inbox_seq + f.total)::integer,
    -- The columns of the run speak only where it was adopted.
    CASE WHEN f.taker IS NOT NULL THEN f.priority END, false,
    f.created_at, f.deadline_at, f.parent_run_id, f.parent_ordinal,
    f.namespace, f.workflow, f.workflow_version, f.queue, f.key, f.tags, NULL::bytea
  FROM settled f
  LEFT JOIN LATERAL (
    SELECT c.* FROM millrace.runs_closed c WHERE c.run_id = f.run_id AND NOT f.open LIMIT 1) c ON true;
END $$;
`;
