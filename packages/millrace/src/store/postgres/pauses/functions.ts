import { TASK_PREFIX } from '../../../core/names.ts';
import { ENDS_PAUSE } from '../../port/runs/pauses.ts';
import { PLANNING } from '../schema/functions/answer.ts';

/*
 * Runs that somebody has paused (P1–P5). What was there before leaves them alone by their status and because nobody owns
 * them. paused_from is the status that a run had, paused_in the engine that still executes attempts of it.
 */
export const PAUSES = `
ALTER TABLE millrace.runs
  ADD COLUMN paused_at bigint,
  ADD COLUMN paused_from smallint,
  ADD COLUMN paused_in uuid,
  ADD COLUMN paused_by text COLLATE "C",
  ADD COLUMN pause_reason text COLLATE "C";

-- What a run is that is not open: its status and successor; NULL: there is none.
CREATE FUNCTION millrace.pause_v1(
  p_now bigint, p_run uuid, p_by text, p_reason text,
  OUT known boolean, OUT status smallint, OUT other uuid
) LANGUAGE plpgsql VOLATILE ${PLANNING} AS $$
#variable_conflict use_column
DECLARE
  v_now bigint := coalesce(p_now, millrace.clock_v1());
  r record;
BEGIN
  SELECT * INTO known, status, other FROM millrace.hold_v1(p_run);
  IF NOT known OR status >= 10 OR status = 3 THEN RETURN; END IF;
  UPDATE millrace.runs r SET status = 3, paused_from = r.status, paused_at = v_now, paused_by = p_by,
    pause_reason = p_reason, paused_in = r.owner, last_owner = coalesce(r.owner, r.last_owner), owner = NULL,
    assigned_to = NULL, assigned_until = NULL, parked_on = NULL
  WHERE r.run_id = p_run RETURNING r.paused_in INTO other;
  status := 3;
  -- Tasks that others hold at this moment are being claimed: they have begun.
  UPDATE millrace.runs r SET status = 3, paused_from = r.status, paused_at = v_now, paused_by = p_by,
    pause_reason = 'its caller is paused', assigned_to = NULL, assigned_until = NULL, parked_on = NULL
  WHERE r.run_id = ANY(ARRAY(
    SELECT t.run_id FROM millrace.runs t
    WHERE t.parent_run_id = p_run AND starts_with(t.workflow, '${TASK_PREFIX}') AND t.status + 0 = 0
    ORDER BY t.run_id FOR NO KEY UPDATE SKIP LOCKED));
END $$;

-- Locks the row of an open run. Of one that has closed its successor is the other.
CREATE FUNCTION millrace.hold_v1(p_run uuid, OUT known boolean, OUT status smallint, OUT other uuid)
LANGUAGE plpgsql VOLATILE ${PLANNING} AS $$
#variable_conflict use_column
BEGIN
  -- Between two looks it may have been reopened.
  FOR look IN 1..3 LOOP
    SELECT r.status INTO status FROM millrace.runs r WHERE r.run_id = p_run FOR NO KEY UPDATE;
    EXIT WHEN FOUND;
    SELECT c.status, c.successor INTO status, other FROM millrace.runs_closed c WHERE c.run_id = p_run;
    EXIT WHEN FOUND;
  END LOOP;
  known := status IS NOT NULL;
END $$;

-- Status 3: it was not paused, and its status is none.
CREATE FUNCTION millrace.resume_v1(
  p_now bigint, p_run uuid, OUT known boolean, OUT was smallint, OUT status smallint, OUT other uuid, OUT wake_at bigint
) LANGUAGE plpgsql VOLATILE ${PLANNING} AS $$
#variable_conflict use_column
BEGIN
  SELECT * INTO known, was, other FROM millrace.hold_v1(p_run);
  IF NOT known OR was <> 3 THEN RETURN; END IF;
  SELECT * INTO status, other, wake_at FROM millrace.unpause_v1(coalesce(p_now, millrace.clock_v1()), p_run);
END $$;

-- Puts a run whose row is locked, and its tasks, where they stood.
CREATE FUNCTION millrace.unpause_v1(p_now bigint, p_run uuid, OUT status smallint, OUT other uuid, OUT wake_at bigint)
LANGUAGE plpgsql VOLATILE ${PLANNING} AS $$
#variable_conflict use_column
DECLARE
  v_task uuid;
BEGIN
  FOREACH v_task IN ARRAY ARRAY(
    SELECT t.run_id FROM millrace.runs t
    WHERE t.parent_run_id = p_run AND starts_with(t.workflow, '${TASK_PREFIX}') AND t.status + 0 = 3
    ORDER BY t.run_id FOR NO KEY UPDATE)
  LOOP
    PERFORM millrace.put_back_v1(p_now, v_task);
  END LOOP;
  SELECT * INTO status, other, wake_at FROM millrace.put_back_v1(p_now, p_run);
END $$;

CREATE FUNCTION millrace.put_back_v1(p_now bigint, p_run uuid, OUT status smallint, OUT other uuid, OUT wake_at bigint)
LANGUAGE plpgsql VOLATILE ${PLANNING} AS $$
#variable_conflict use_column
DECLARE
  r record;
  v_ready bigint;
BEGIN
  SELECT * INTO r FROM millrace.runs x WHERE x.run_id = p_run;
  -- Whoever is being retired at this moment gets nothing back: who retires it would wait for this row, and this for him.
  IF r.paused_in IS NOT NULL AND pg_try_advisory_xact_lock_shared(77012, hashtext(r.paused_in::text)) THEN
    SELECT e.engine_id INTO other FROM millrace.engines e WHERE e.engine_id = r.paused_in AND NOT e.retired;
  END IF;
  status := CASE
    WHEN other IS NOT NULL THEN 1
    WHEN r.paused_from = 1 THEN 0
    WHEN r.paused_from = 4 AND r.block_code = 'NON_DETERMINISTIC' THEN 0
    WHEN r.paused_from <> 2 THEN r.paused_from
    WHEN EXISTS (SELECT 1 FROM millrace.inbox i WHERE i.run_id = p_run) OR r.wake_at <= p_now THEN 0
    ELSE 2 END;
  IF status = 0 AND r.paused_from IN (2, 4) THEN
    -- It has been ready since its time came, not since somebody resumed it.
    v_ready := CASE WHEN r.paused_from = 2
      AND NOT EXISTS (SELECT 1 FROM millrace.inbox i WHERE i.run_id = p_run) THEN r.wake_at ELSE p_now END;
    UPDATE millrace.runs x SET rank = millrace.rank_v1(x.priority, v_ready), ready_at = v_ready, wake_at = NULL,
      waits = NULL, block_code = NULL,
      suspect_group = CASE WHEN r.paused_from = 2 THEN x.suspect_group END,
      deaths = CASE WHEN r.paused_from = 2 THEN x.deaths ELSE 0 END
    WHERE x.run_id = p_run;
  END IF;
  UPDATE millrace.runs x SET status = put_back_v1.status, owner = put_back_v1.other,
    epoch = CASE WHEN r.paused_from = 1 THEN x.epoch + 1 ELSE x.epoch END,
    ready_at = CASE WHEN put_back_v1.status = 0 THEN coalesce(x.ready_at, p_now) ELSE x.ready_at END,
    paused_at = NULL, paused_from = NULL, paused_in = NULL, paused_by = NULL, pause_reason = NULL
  WHERE x.run_id = p_run RETURNING x.wake_at INTO wake_at;
END $$;

-- Outcomes of attempts that ran when the run was paused, from the engine that ran them.
CREATE FUNCTION millrace.record_paused_v1(
  p_now bigint, p_run uuid, p_engine uuid, p_epoch integer, p_version integer, p_commit bigint, p_seq integer,
  p_count integer, p_data bytea, p_done boolean
) RETURNS text LANGUAGE plpgsql VOLATILE ${PLANNING} AS $$
#variable_conflict use_column
DECLARE
  v_live uuid[] := millrace.live_v1(ARRAY[p_engine]);
BEGIN
  UPDATE millrace.runs r SET version = r.version + 1, commit_id = p_commit, events = r.events + p_count,
    suspect_group = CASE WHEN p_count = 0 THEN r.suspect_group END,
    deaths = CASE WHEN p_count = 0 THEN r.deaths ELSE 0 END, paused_in = CASE WHEN NOT p_done THEN r.paused_in END
  WHERE r.run_id = p_run AND r.status + 0 = 3 AND r.paused_in = p_engine AND r.paused_in = ANY(v_live)
    AND r.epoch = p_epoch AND r.version = p_version AND (p_count = 0 OR r.events = p_seq);
  IF NOT FOUND THEN
    PERFORM 1 FROM millrace.runs r WHERE r.run_id = p_run AND r.version = p_version + 1 AND r.commit_id = p_commit;
    RETURN CASE WHEN FOUND THEN 'already' ELSE 'conflict' END;
  END IF;
  IF p_count > 0 THEN
    INSERT INTO millrace.history (run_id, at, seq, count, data)
    VALUES (p_run, coalesce(p_now, millrace.clock_v1()), p_seq, p_count, p_data);
  END IF;
  RETURN 'ok';
END $$;

-- Whatever brings such a message holds the row of its target.
CREATE FUNCTION millrace.end_pause_v1() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF (SELECT r.status FROM millrace.runs r WHERE r.run_id = NEW.run_id) = 3 THEN
    PERFORM millrace.unpause_v1(NEW.at, NEW.run_id);
  END IF;
  RETURN NULL;
END $$;
CREATE TRIGGER inbox_ends_pause AFTER INSERT ON millrace.inbox
  FOR EACH ROW WHEN (starts_with(NEW.dedup, '${ENDS_PAUSE}')) EXECUTE FUNCTION millrace.end_pause_v1();
`;
