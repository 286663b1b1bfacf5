import { PLANNING } from './answer.ts';

/*
 * What concerns all engines: the lease of the leader and the settings. Each takes a lock of its own first, so that
 * the statements after it see what the one before has written (K1, K2). The numbers: 77012 guards incarnations,
 * 77013 is kept by their processes, 77014 guards these.
 */
export const CLUSTER = `
CREATE FUNCTION millrace.lead_v1(
  p_now bigint, p_engine uuid, OUT holder uuid, OUT term bigint, OUT since bigint
) RETURNS SETOF record LANGUAGE plpgsql VOLATILE ${PLANNING} AS $$
#variable_conflict use_column
BEGIN
  PERFORM pg_advisory_xact_lock(77014, 1);
  IF cardinality(millrace.live_v1(ARRAY[p_engine])) = 1 THEN
    INSERT INTO millrace.leases AS l (name, holder, term, since)
    VALUES ('leader', p_engine, 1, coalesce(p_now, millrace.clock_v1()))
    ON CONFLICT (name) DO UPDATE SET holder = excluded.holder, term = l.term + 1, since = excluded.since
      WHERE NOT EXISTS (SELECT 1 FROM millrace.engines e WHERE e.engine_id = l.holder AND NOT e.retired);
  END IF;
  RETURN QUERY SELECT l.holder, l.term, l.since FROM millrace.leases l WHERE l.name = 'leader';
END $$;

CREATE FUNCTION millrace.put_setting_v1(
  p_now bigint, p_name text, p_value bytea, p_expect bigint, OUT outcome text
) LANGUAGE plpgsql VOLATILE ${PLANNING} AS $$
DECLARE
  v_found bigint;
BEGIN
  PERFORM pg_advisory_xact_lock(77014, 2);
  v_found := coalesce((SELECT s.revision FROM millrace.settings s WHERE s.name = p_name), 0);
  outcome := 'conflict';
  IF v_found <> p_expect THEN RETURN; END IF;
  INSERT INTO millrace.settings (name, value, revision, changed_at)
  VALUES (p_name, p_value, coalesce((SELECT max(s.revision) FROM millrace.settings s), 0) + 1,
    coalesce(p_now, millrace.clock_v1()))
  ON CONFLICT (name) DO UPDATE SET value = excluded.value, revision = excluded.revision,
    changed_at = excluded.changed_at;
  outcome := 'ok';
END $$;

-- What is old and of no more use; rows that somebody is at work on are left for the next call.
CREATE FUNCTION millrace.prune_v1(
  p_now bigint, p_limit integer, p_engines_ms bigint, p_failovers_ms bigint, OUT engines integer, OUT failovers integer
) LANGUAGE plpgsql VOLATILE ${PLANNING} AS $$
DECLARE
  v_now bigint := coalesce(p_now, millrace.clock_v1());
BEGIN
  DELETE FROM millrace.engines WHERE engine_id IN (
    SELECT e.engine_id FROM millrace.engines e
    WHERE e.retired AND e.retired_at < v_now - p_engines_ms
      AND NOT EXISTS (SELECT 1 FROM millrace.runs r WHERE r.owner = e.engine_id)
    LIMIT p_limit FOR UPDATE SKIP LOCKED);
  GET DIAGNOSTICS engines = ROW_COUNT;
  DELETE FROM millrace.failovers WHERE event_id IN (
    SELECT f.event_id FROM millrace.failovers f WHERE f.detected_at < v_now - p_failovers_ms
    ORDER BY f.detected_at LIMIT p_limit FOR UPDATE SKIP LOCKED);
  GET DIAGNOSTICS failovers = ROW_COUNT;
  PERFORM millrace.prune_limits_v1(p_limit);
END $$;
`;
