import { FREE } from '../claim.ts';

/** When a full queue has room again: core/limits/retry-after.ts, counted to p_most in each line. */
export const OUTLOOK = `
CREATE FUNCTION millrace.outlook_v1(
  p_now bigint, p_namespace text, p_queue text, p_most integer, OUT held_ms integer, OUT step_ms integer
) LANGUAGE sql VOLATILE AS $$
  SELECT (
    SELECT coalesce(max(CASE WHEN l.paused THEN 86400000
      ELSE millrace.token_wait_v1(l.rate, millrace.tokens_v1(l.rate, l.tokens, l.refilled_at, p_now)) END), 0)
    FROM millrace.limits l
    WHERE l.namespace = p_namespace AND (l.kind = 0 AND l.name = '' OR l.kind = 1 AND l.name = p_queue)
  ), (
    SELECT CASE WHEN count(*) > 0
      THEN least(ceil(1 / sum(v.depth::double precision / (p_now - v.first_at))), 86400000)::integer END FROM (
      SELECT c.depth, h.first_at FROM millrace.groups_v1(p_namespace, p_queue) g,
      LATERAL (
        SELECT count(*) AS depth FROM (
          SELECT 1 FROM millrace.runs r
          WHERE ${FREE} AND r.namespace = g.namespace AND r.queue = g.queue AND r.workflow = g.workflow
            AND r.workflow_version = g.workflow_version AND r.granted = g.granted LIMIT p_most) c) c,
      LATERAL (
        SELECT r.ready_at AS first_at FROM millrace.runs r
        WHERE ${FREE} AND r.namespace = g.namespace AND r.queue = g.queue AND r.workflow = g.workflow
          AND r.workflow_version = g.workflow_version AND r.granted = g.granted AND r.rank = g.rank LIMIT 1) h
      UNION ALL
      (SELECT count(*) OVER (), p.ready_at FROM (
        SELECT r.rank, r.ready_at FROM millrace.runs r
        WHERE r.parked_on IS NOT NULL AND r.namespace = p_namespace AND r.queue = p_queue LIMIT p_most) p
      ORDER BY p.rank LIMIT 1)) v
    WHERE v.first_at < p_now)
$$;
`;
