import { PLANNING } from '../schema/functions/answer.ts';
import { START_PARAMETERS } from '../schema/functions/start.ts';

const PASSED = START_PARAMETERS.split(',').map((parameter) => parameter.trim().split(' ', 1)[0]);

/** Starts, and what the audit log says of those that start a run: an entry belongs to the `a_start`th of them. */
export const START_RECORDED = `
CREATE FUNCTION millrace.start_recorded_v1(
  ${START_PARAMETERS},
  a_start integer[], a_id uuid[], a_outcome integer[], a_namespace text[], a_actor text[], a_action text[],
  a_target text[], a_code text[], a_remote text[], a_reason text[], a_request_id text[], a_before text[], a_after text[]
) RETURNS SETOF millrace.answer_v1 LANGUAGE plpgsql VOLATILE ${PLANNING} AS $$
#variable_conflict use_column
DECLARE
  v_now bigint := coalesce(p_now, millrace.clock_v1());
  v_answer millrace.answer_v1;
  v_started_nothing integer[] := '{}';
BEGIN
  FOR v_answer IN SELECT * FROM millrace.start_v1(${PASSED.join(', ')}) LOOP
    IF v_answer.part = 1 AND v_answer.code NOT IN (0, 3) THEN
      v_started_nothing := v_started_nothing || v_answer.ord;
    END IF;
    RETURN NEXT v_answer;
  END LOOP;
  INSERT INTO millrace.audit (id, at, outcome, namespace, actor, action, target, code, remote, reason, request_id,
    before, after)
  SELECT u.id, v_now, u.outcome, u.namespace, u.actor, u.action, u.target, u.code, u.remote, u.reason, u.request_id,
    u.before, u.after
  FROM unnest(a_start, a_id, a_outcome, a_namespace, a_actor, a_action, a_target, a_code, a_remote, a_reason,
    a_request_id, a_before, a_after)
    AS u(start, id, outcome, namespace, actor, action, target, code, remote, reason, request_id, before, after)
  WHERE NOT u.start = ANY(v_started_nothing)
  ON CONFLICT (id) DO NOTHING;
END $$;
`;
