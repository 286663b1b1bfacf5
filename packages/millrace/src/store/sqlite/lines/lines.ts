import {
  MAX_LOG_BYTES,
  MAX_LOG_LINES,
  type AppendedLine,
  type LinePage,
  type LinesRequest,
  type LineStore,
  type StoredLine,
} from '../../port/runs/lines.ts';
import { checkLines } from '../../port/text.ts';
import type { Connection } from '../database/connection.ts';

/** The tables `logs` and `log_lines`. All functions run inside a transaction of the caller. */
export interface Lines {
  append(batch: number, lines: readonly AppendedLine[]): void;
  read(request: LinesRequest): LinePage;
  prune(logMs: number, limit: number): number;
}

interface Log {
  lines: number;
  bytes: number;
  batch: number;
}

const HOUR_MS = 3_600_000;

export function prepareLines(connection: Connection): Lines {
  const { now } = connection.timers;
  const find = connection.prepare<Log>('SELECT lines, bytes, batch FROM logs WHERE run_id = ?');
  const keep = connection.prepare(`
    INSERT INTO logs (run_id, lines, bytes, batch, hour) VALUES (?, ?, ?, ?, ?)
    ON CONFLICT (run_id) DO UPDATE SET lines = excluded.lines, bytes = excluded.bytes, batch = excluded.batch,
      hour = excluded.hour`);
  const insert = connection.prepare('INSERT INTO log_lines (run_id, seq, at, body) VALUES (?, ?, ?, ?)');
  const last = connection.prepare<{ seq: number | null }>(
    'SELECT max(seq) AS seq FROM log_lines WHERE run_id = ?',
  );
  const list = connection.prepare<StoredLine>(
    'SELECT seq, at, body FROM log_lines WHERE run_id = ? AND seq > ? ORDER BY seq LIMIT ?',
  );
  const old = connection.prepare<{ run_id: string }>(
    `SELECT run_id FROM logs WHERE hour < ? AND NOT EXISTS (SELECT 1 FROM runs r WHERE r.run_id = logs.run_id)
     ORDER BY hour LIMIT ?`,
  );
  const dropLog = connection.prepare('DELETE FROM logs WHERE run_id = ?');
  const dropLines = connection.prepare('DELETE FROM log_lines WHERE run_id = ?');

  const appendTo = (runId: string, batch: number, given: readonly AppendedLine[]): void => {
    const log = find.get(runId) ?? { lines: 0, bytes: 0, batch: undefined };
    if (log.batch === batch) return;
    let { lines, bytes } = log;
    for (const { at, body } of given) {
      lines++;
      bytes += body.byteLength;
      if (lines <= MAX_LOG_LINES && bytes <= MAX_LOG_BYTES) insert.run(runId, lines, at, body);
    }
    keep.run(runId, lines, bytes, batch, Math.floor(now() / HOUR_MS));
  };

  return {
    append(batch, lines) {
      for (const [runId, given] of Map.groupBy(lines, (line) => line.runId)) appendTo(runId, batch, given);
    },
    read({ runId, after, tail = MAX_LOG_LINES, limit }) {
      const kept = last.get(runId)?.seq ?? 0;
      const lines = list.all(runId, Math.max(after, kept - tail), limit);
      return { lines, kept, dropped: (find.get(runId)?.lines ?? 0) - kept };
    },
    prune(logMs, limit) {
      const runs = old.all(Math.floor((now() - logMs) / HOUR_MS), limit);
      for (const { run_id: runId } of runs) {
        dropLines.run(runId);
        dropLog.run(runId);
      }
      return runs.length;
    },
  };
}

/** @param acts - prepared when a call needs them first. */
export function lineCalls(
  { read, write }: Pick<Connection, 'read' | 'write'>,
  acts: () => { lines: Lines },
): LineStore {
  return {
    appendLines: async (batch, lines) => {
      checkLines(lines);
      if (lines.length > 0) await write(() => acts().lines.append(batch, lines));
    },
    readLines: async (request) => read(() => acts().lines.read(request)),
    pruneLines: ({ logMs, limit }) => write(() => acts().lines.prune(logMs, limit)),
  };
}
