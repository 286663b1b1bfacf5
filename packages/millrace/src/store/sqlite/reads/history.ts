import { STATUS_CODE } from '../../../core/status.ts';
import type { HistoryChunk, InboxRow, LoadedRun, LoadRequest } from '../../port/store.ts';
import type { Connection } from '../database/connection.ts';

/** Histories and inboxes. All functions run inside a transaction of the caller: one snapshot. */
export interface Histories {
  load(requests: readonly LoadRequest[]): LoadedRun[];
  chunks(runId: string, fromSeq?: number, limit?: number): HistoryChunk[];
  lastChunk(runId: string): HistoryChunk | undefined;
  inbox(runId: string): InboxRow[];
  listOwned(engineId: string): OwnedPlace[];
}

/** Where an owned run stands. */
interface OwnedPlace {
  runId: string;
  epoch: number;
  version: number;
  inboxSeq: number;
}

export function prepareHistories(connection: Connection): Histories {
  const selectOwned = connection.prepare<{ version: number; inbox_seq: number }>(
    `SELECT version, inbox_seq FROM runs WHERE run_id = ? AND epoch = ? AND status = ${STATUS_CODE.running}`,
  );
  // The chunk that contains a position is the last that begins at or before it.
  const selectChunks = connection.prepare<HistoryChunk>(`
    SELECT seq, count, data FROM history
    WHERE run_id = ?1 AND seq + count > ?2
      AND seq >= coalesce((SELECT max(seq) FROM history WHERE run_id = ?1 AND seq <= ?2), 0)
    ORDER BY seq LIMIT ?3`);
  const selectLast = connection.prepare<HistoryChunk>(
    'SELECT seq, count, data FROM history WHERE run_id = ? ORDER BY seq DESC LIMIT 1',
  );
  const selectInbox = connection.prepare<InboxRow>(
    'SELECT seq, dedup, body FROM inbox WHERE run_id = ? ORDER BY seq',
  );
  const selectOwnedBy = connection.prepare<OwnedPlace>(`
    SELECT run_id AS runId, epoch, version, inbox_seq AS inboxSeq FROM runs WHERE owner = ? ORDER BY run_id`);

  function chunks(runId: string, fromSeq = 0, limit?: number): HistoryChunk[] {
    return selectChunks.all(runId, fromSeq, limit ?? -1);
  }

  return {
    chunks,
    load: (requests) =>
      requests.flatMap(({ runId, epoch, fromSeq }) => {
        const row = selectOwned.get(runId, epoch);
        if (row === undefined) return [];
        const inbox = row.inbox_seq === 0 ? [] : selectInbox.all(runId);
        return [
          { runId, version: row.version, inboxSeq: row.inbox_seq, chunks: chunks(runId, fromSeq), inbox },
        ];
      }),
    lastChunk: (runId) => selectLast.get(runId),
    inbox: (runId) => selectInbox.all(runId),
    listOwned: (engineId) => selectOwnedBy.all(engineId),
  };
}
