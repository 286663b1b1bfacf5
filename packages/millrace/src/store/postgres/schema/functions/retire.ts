import { MAX_FAILOVER_RUNS } from '../../../port/cluster.ts';
import { PLANNING } from './answer.ts';

/*
 * Retiring an incarnation, and finding out which run kills its process.
 * The runs that were executing when a process died are suspects. They run again in groups of their own that
 * halve with each death, so that a run that kills every process is alone after log2(n) of them; only deaths
 * alone count.
 *   I1  Groups are decided in the call that marks the incarnation; later calls only requeue.
 *   I2  Labels come from one sequence and are never used again: fresh suspects join no earlier group.
 *   I3  The exclusive lock waits for every act that found the incarnation alive (see live_v1).
 *   I4  What each call requeues is added to the failover in the same transaction (K3).
 */
export const RETIRE = `
CREATE FUNCTION millrace.retire_v1(
  p_now bigint, p_engine uuid, p_expect bigint, p_limit integer, p_death_limit integer, p_harmless boolean,
  p_by uuid, p_silent bigint,
  OUT retired boolean, OUT requeued integer, OUT quarantined uuid[], OUT remaining boolean
) LANGUAGE plpgsql VOLATILE ${PLANNING} AS $$
#variable_conflict use_column
DECLARE
  v_now bigint := coalesce(p_now, millrace.clock_v1());
  e record;
  v_ids uuid[];
BEGIN
  retired := false;
  requeued := 0;
  quarantined := '{}';
  remaining := false;
  PERFORM pg_advisory_xact_lock(77012, hashtext(p_engine::text));
  SELECT x.retired, x.beat_seq, x.name INTO e FROM millrace.engines x WHERE x.engine_id = p_engine FOR NO KEY UPDATE;
  IF NOT FOUND THEN RETURN; END IF;
  IF NOT e.retired THEN
    IF e.beat_seq <> p_expect THEN RETURN; END IF;
    UPDATE millrace.engines x SET retired = true, retired_at = v_now WHERE x.engine_id = p_engine;
    retired := true;
    IF NOT p_harmless THEN quarantined := millrace.accuse_v1(p_engine, p_death_limit); END IF;
    IF p_by IS DISTINCT FROM p_engine THEN
      INSERT INTO millrace.failovers (event_id, kind, engine_name, takeover_id, takeover_name, detected_at, silent_ms,
        runs, run_ids, quarantined)
      VALUES (p_engine, CASE WHEN p_by IS NULL THEN 'declared' ELSE 'detected' END, e.name, p_by,
        (SELECT x.name FROM millrace.engines x WHERE x.engine_id = p_by), v_now, p_silent, 0, '{}', quarantined);
    END IF;
  END IF;

  v_ids := ARRAY(
    SELECT r.run_id FROM millrace.runs r WHERE r.owner = p_engine ORDER BY r.owner, r.run_id LIMIT p_limit + 1);
  remaining := cardinality(v_ids) > p_limit;
  v_ids := v_ids[1:p_limit];
  PERFORM 1 FROM millrace.runs r WHERE r.run_id = ANY(v_ids) ORDER BY r.run_id FOR NO KEY UPDATE;
  UPDATE millrace.runs r SET status = 0, owner = NULL, last_owner = r.owner, epoch = r.epoch + 1,
    ready_at = coalesce(r.ready_at, v_now)
  WHERE r.run_id = ANY(v_ids) AND r.owner = p_engine;
  GET DIAGNOSTICS requeued = ROW_COUNT;
  UPDATE millrace.failovers f SET runs = f.runs + requeued, run_ids = (f.run_ids || v_ids)[1:${MAX_FAILOVER_RUNS}],
    finished_at = CASE WHEN NOT remaining THEN v_now END
  WHERE f.event_id = p_engine AND f.finished_at IS NULL;

  -- Nobody waits for windows of an assignee that is gone (I10); those that others lock are being taken.
  v_ids := ARRAY(
    SELECT r.run_id FROM millrace.runs r WHERE r.assigned_to = p_engine
    ORDER BY r.assigned_to, r.rank, r.run_id LIMIT p_limit FOR NO KEY UPDATE SKIP LOCKED);
  UPDATE millrace.runs r SET assigned_to = NULL, assigned_until = NULL WHERE r.run_id = ANY(v_ids);
END $$;

-- Labels the runs that an incarnation was executing; returns those that are quarantined.
CREATE FUNCTION millrace.accuse_v1(p_engine uuid, p_death_limit integer) RETURNS uuid[]
LANGUAGE plpgsql VOLATILE AS $$
#variable_conflict use_column
DECLARE
  v_ids uuid[];
  v_labels bigint[];
  v_alone boolean[];
  v_quarantined uuid[];
BEGIN
  PERFORM 1 FROM millrace.runs r WHERE r.owner = p_engine AND r.status = 1 ORDER BY r.run_id FOR NO KEY UPDATE;
  WITH running AS MATERIALIZED (
    SELECT r.run_id, coalesce(r.suspect_group, 0) AS label, count(*) OVER () AS total,
      count(*) OVER (PARTITION BY r.suspect_group) AS members,
      row_number() OVER (PARTITION BY r.suspect_group ORDER BY r.run_id) AS place
    FROM millrace.runs r WHERE r.owner = p_engine AND r.status = 1
  ), halved AS MATERIALIZED (
    SELECT run_id, label, (2 * place > members + members % 2)::integer AS half,
      members = 1 AND (label > 0 OR total = 1) AS alone
    FROM running
  ), labelled AS MATERIALIZED (
    SELECT g.label, g.half, nextval('millrace.suspect_groups') AS next
    FROM (SELECT DISTINCT label, half FROM halved ORDER BY label, half) g
  )
  SELECT array_agg(h.run_id ORDER BY h.run_id), array_agg(l.next ORDER BY h.run_id),
    array_agg(h.alone ORDER BY h.run_id)
    INTO v_ids, v_labels, v_alone
  FROM halved h JOIN labelled l ON l.label = h.label AND l.half = h.half;

  UPDATE millrace.runs r SET suspect_group = v_labels[width_bucket(r.run_id, v_ids)],
    deaths = r.deaths + v_alone[width_bucket(r.run_id, v_ids)]::integer
  WHERE r.run_id = ANY(v_ids);
  WITH blocked AS (
    UPDATE millrace.runs r SET status = 4, block_code = 'QUARANTINED', suspect_group = NULL, ready_at = NULL,
      owner = NULL, last_owner = r.owner, epoch = r.epoch + 1
    WHERE r.run_id = ANY(v_ids) AND v_alone[width_bucket(r.run_id, v_ids)] AND r.deaths > p_death_limit
    RETURNING r.run_id
  )
  SELECT coalesce(array_agg(run_id ORDER BY run_id), '{}') INTO v_quarantined FROM blocked;
  RETURN v_quarantined;
END $$;
`;
