import { STATUS_CODE } from '../../../core/status.ts';
import { PLANNING } from '../schema/functions/answer.ts';
import { closedOf, COLUMN_TYPES, openOf } from './columns.ts';

/*
 * Runs by id or key, with the ends of their histories: of a closed one the last chunk, and with `p_firsts` the first one
 * where it is another. A function, because planning it costs several times what it does.
 */
export const READ_RUNS = `
CREATE FUNCTION millrace.read_runs_v1(p_runs uuid[], p_namespaces text[], p_keys text[], p_firsts boolean)
RETURNS TABLE (${COLUMN_TYPES},
  last_seq integer, last_count integer, last_data bytea, first_count integer, first_data bytea, n integer)
LANGUAGE plpgsql STABLE ${PLANNING} AS $$
#variable_conflict use_column
BEGIN
  RETURN QUERY
  WITH wanted AS MATERIALIZED (
    SELECT w.n, w.namespace, coalesce(w.run_id,
      (SELECT k.run_id FROM millrace.keys k WHERE k.namespace = w.namespace AND k.key = w.key)) AS run_id
    FROM unnest(p_runs, p_namespaces, p_keys) WITH ORDINALITY AS w(run_id, namespace, key, n)
  )
  SELECT f.*, h.seq, h.count, h.data, b.count, b.data, w.n::integer FROM wanted w, LATERAL (
    SELECT o.* FROM (${openOf('millrace.runs')} WHERE r.run_id = w.run_id) o
    UNION ALL SELECT c.* FROM (${closedOf('millrace.runs_closed')} WHERE r.run_id = w.run_id) c
  ) f LEFT JOIN LATERAL (
    SELECT h.seq, h.count, h.data FROM millrace.history h
    WHERE h.run_id = w.run_id AND f.status >= ${STATUS_CODE.completed} ORDER BY h.seq DESC LIMIT 1
  ) h ON true
  LEFT JOIN millrace.history b ON p_firsts AND b.run_id = f.run_id AND b.seq = 0 AND h.seq IS DISTINCT FROM 0
  WHERE w.namespace IS NULL OR f.namespace = w.namespace;
END $$;
`;
