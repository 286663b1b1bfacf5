import { STATUS_CODE } from '../../../core/status.ts';
import type { HistoryChunk, InboxRow, LoadedRun, LoadRequest } from '../../port/store.ts';
import { int4Array, uuidArray } from '../database/binary-array.ts';
import type { Connections } from '../database/connect.ts';

type ChunkRow = [seq: number, count: number, data: Uint8Array];
type InboxAnswer = [seq: number, dedup: string, body: Uint8Array];

// The chunk that contains a position is the last that begins at or before it.
const CHUNKS = `
SELECT h.seq, h.count, h.data FROM millrace.history h
WHERE h.run_id = $1::uuid AND h.seq + h.count > $2::integer
  AND h.seq >= coalesce(
    (SELECT max(b.seq) FROM millrace.history b WHERE b.run_id = $1::uuid AND b.seq <= $2::integer), 0)
ORDER BY h.seq LIMIT $3::bigint`;

const INBOX = 'SELECT i.seq, i.dedup, i.body FROM millrace.inbox i WHERE i.run_id = $1::uuid ORDER BY i.seq';

/** Rows of three kinds in one snapshot: 0 the run (version, inbox seq), 1 a chunk, 2 a message. */
const LOAD = `
WITH wanted AS MATERIALIZED (
  SELECT w.n, w.run_id, w.from_seq, r.version, r.inbox_seq
  FROM unnest($1::uuid[], $2::integer[], $3::integer[]) WITH ORDINALITY AS w(run_id, epoch, from_seq, n)
  JOIN millrace.runs r ON r.run_id = w.run_id AND r.epoch = w.epoch AND r.status = ${STATUS_CODE.running}
)
SELECT w.n::integer, 0 AS kind, w.version, w.inbox_seq, NULL::text, NULL::bytea FROM wanted w
UNION ALL
SELECT w.n::integer, 1, c.seq, c.count, NULL, c.data FROM wanted w, LATERAL (
  SELECT h.seq, h.count, h.data FROM millrace.history h
  WHERE h.run_id = w.run_id AND h.seq + h.count > w.from_seq AND h.seq >= coalesce(
    (SELECT b.seq FROM millrace.history b WHERE b.run_id = w.run_id AND b.seq <= w.from_seq
      ORDER BY b.seq DESC LIMIT 1), 0)
) c
UNION ALL
SELECT w.n::integer, 2, i.seq, 0, i.dedup, i.body FROM wanted w
JOIN millrace.inbox i ON i.run_id = w.run_id WHERE w.inbox_seq > 0
ORDER BY 1, 2, 3`;

type LoadRow = [n: number, kind: number, first: number, second: number, dedup: string, data: Uint8Array];

/** Histories and inboxes. */
export async function loadRuns(
  { read }: Connections,
  requests: readonly LoadRequest[],
): Promise<LoadedRun[]> {
  const rows = await read<LoadRow>({
    text: LOAD,
    values: [
      uuidArray(requests.map(({ runId }) => runId)),
      int4Array(requests.map(({ epoch }) => epoch)),
      int4Array(requests.map(({ fromSeq }) => fromSeq)),
    ],
  });
  const loaded: LoadedRun[] = [];
  for (const [n, kind, first, second, dedup, data] of rows) {
    const run = loaded.at(-1);
    if (kind === 0) {
      const runId = requests[n - 1]?.runId ?? '';
      loaded.push({ runId, version: first, inboxSeq: second, chunks: [], inbox: [] });
    } else if (kind === 1) run?.chunks.push({ seq: first, count: second, data });
    else run?.inbox.push({ seq: first, dedup, body: data });
  }
  return loaded;
}

export async function readHistory(
  { read }: Connections,
  runId: string,
  fromSeq = 0,
  limit?: number,
): Promise<HistoryChunk[]> {
  const rows = await read<ChunkRow>({ text: CHUNKS, values: [runId, fromSeq, limit] });
  return rows.map(([seq, count, data]) => ({ seq, count, data }));
}

export async function readInbox({ read }: Connections, runId: string): Promise<InboxRow[]> {
  const rows = await read<InboxAnswer>({ text: INBOX, values: [runId] });
  return rows.map(([seq, dedup, body]) => ({ seq, dedup, body }));
}

const OWNED = `
SELECT r.run_id, r.epoch, r.version, r.inbox_seq FROM millrace.runs r
WHERE r.owner = $1::uuid AND r.status = ${STATUS_CODE.running} ORDER BY r.owner, r.run_id`;

export async function listOwned({ read }: Connections, engineId: string) {
  const rows = await read<[runId: string, epoch: number, version: number, inboxSeq: number]>({
    text: OWNED,
    values: [engineId],
  });
  return rows.map(([runId, epoch, version, inboxSeq]) => ({ runId, epoch, version, inboxSeq }));
}
