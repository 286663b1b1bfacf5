import { MAX_LOG_BYTES, MAX_LOG_LINES, type LineStore, type StoredLine } from '../../port/runs/lines.ts';
import { checkLines } from '../../port/text.ts';
import { byteaArray, int8Array, uuidArray } from '../database/binary-array.ts';
import type { Connections } from '../database/connect.ts';

const HOUR_MS = 3_600_000;
const NOW = 'coalesce($1::bigint, millrace.clock_v1())';

// The row of a log is locked until the end, so writers of one log are one behind the other. In the order of their ids, so
// that two who write to the same logs do not wait for each other.
const APPEND = `
WITH given AS MATERIALIZED (
  SELECT u.run_id, u.at, u.body, row_number() OVER w AS nth, sum(octet_length(u.body)) OVER w AS upto
  FROM unnest($3::uuid[], $4::bigint[], $5::bytea[]) WITH ORDINALITY AS u(run_id, at, body, ord)
  WINDOW w AS (PARTITION BY u.run_id ORDER BY u.ord)
), sums AS MATERIALIZED (
  SELECT g.run_id, max(g.nth) AS lines, max(g.upto) AS bytes FROM given g GROUP BY g.run_id ORDER BY g.run_id
), logs AS (
  INSERT INTO millrace.logs AS l (run_id, lines, bytes, batch, hour)
  SELECT s.run_id, s.lines, s.bytes, $2::bigint, ${NOW} / ${HOUR_MS} FROM sums s
  ON CONFLICT (run_id) DO UPDATE SET lines = l.lines + excluded.lines, bytes = l.bytes + excluded.bytes,
    batch = excluded.batch, hour = excluded.hour
  WHERE l.batch <> excluded.batch
  RETURNING l.run_id, l.lines, l.bytes
)
INSERT INTO millrace.log_lines (run_id, seq, at, body)
SELECT g.run_id, l.lines - s.lines + g.nth, g.at, g.body
FROM given g JOIN logs l USING (run_id) JOIN sums s USING (run_id)
WHERE l.lines - s.lines + g.nth <= ${MAX_LOG_LINES} AND l.bytes - s.bytes + g.upto <= ${MAX_LOG_BYTES}`;

const READ = `
SELECT g.lines, g.kept, c.seq, c.at, c.body
FROM (SELECT l.lines, coalesce((SELECT max(m.seq) FROM millrace.log_lines m WHERE m.run_id = l.run_id), 0) AS kept
  FROM millrace.logs l WHERE l.run_id = $1::uuid) g
LEFT JOIN LATERAL (SELECT n.seq, n.at, n.body FROM millrace.log_lines n
  WHERE n.run_id = $1::uuid AND n.seq > greatest($2::integer, g.kept - $3::integer)
  ORDER BY n.seq LIMIT $4::integer) c ON true
ORDER BY c.seq`;

const PRUNE = `
WITH old AS MATERIALIZED (
  SELECT l.run_id FROM millrace.logs l WHERE l.hour < (${NOW} - $2::bigint) / ${HOUR_MS}
    AND NOT EXISTS (SELECT 1 FROM millrace.runs r WHERE r.run_id = l.run_id)
  ORDER BY l.hour LIMIT $3::integer FOR UPDATE SKIP LOCKED
), logs AS (
  DELETE FROM millrace.logs l USING old o WHERE l.run_id = o.run_id
), lines AS (
  DELETE FROM millrace.log_lines n USING old o WHERE n.run_id = o.run_id
)
SELECT count(*)::integer FROM old`;

type Row = [
  lines: number,
  kept: number,
  ...line: [seq: null, at: null, body: null] | [seq: number, at: number, body: Uint8Array],
];

/** The tables `logs` and `log_lines`. `now`: undefined for the database's clock. */
export function lineCalls({ write, read }: Connections, now: () => number | undefined): LineStore {
  return {
    appendLines: async (batch, lines) => {
      checkLines(lines);
      if (lines.length === 0) return;
      const columns = [
        uuidArray(lines.map(({ runId }) => runId)),
        int8Array(lines.map(({ at }) => at)),
        byteaArray(lines.map(({ body }) => body)),
      ];
      await write({ text: APPEND, values: [now(), batch, ...columns] });
    },
    readLines: async ({ runId, after, tail = MAX_LOG_LINES, limit }) => {
      const rows = await read<Row>({ text: READ, values: [runId, after, tail, limit] });
      const lines = rows.flatMap(([, , seq, at, body]): StoredLine[] =>
        seq === null ? [] : [{ seq, at, body }],
      );
      const [given = 0, kept = 0] = rows[0] ?? [];
      return { lines, kept, dropped: given - kept };
    },
    pruneLines: async ({ logMs, limit }) => {
      const [row] = await write<[number]>({ text: PRUNE, values: [now(), logMs, limit] });
      return row?.[0] ?? 0;
    },
  };
}
