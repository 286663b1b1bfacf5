import { STATUS_CODE } from '../../../core/status.ts';
import type { RunFilter, RunPage, RunRef, RunRow } from '../../port/store.ts';
import type { Connection } from '../database/connection.ts';
import type { Backlog } from '../runs/backlog.ts';
import type { Deliveries } from '../runs/deliver.ts';
import { type ClosedRow, isMeant, type OpenRow } from '../runs/rows.ts';
import type { Histories } from './history.ts';
import { prepareListing } from './listing.ts';
import { closedOf, decodeClosed, decodeOpen, type Named, openOf } from './run-rows.ts';

/** Run rows for people and clients. All functions run inside a transaction of the caller: one snapshot. */
export interface RunReads {
  read(refs: readonly RunRef[], firsts?: boolean): (RunRow | undefined)[];
  list(filter: RunFilter): RunPage;
  countOpen(namespace: string, limit: number): number;
  countAhead(runId: string, limit: number): number;
}

export function prepareRunReads(
  connection: Connection,
  deliveries: Deliveries,
  histories: Histories,
  backlog: Backlog,
): RunReads {
  const selectOpen = connection.prepare<OpenRow & Named>(`${openOf('runs')} WHERE run_id = ?`);
  const selectClosed = connection.prepare<ClosedRow & Named>(`${closedOf('runs_closed')} WHERE run_id = ?`);
  const selectPlace = connection.prepare<{ namespace: string; queue: string; rank: number }>(
    `SELECT namespace, queue, rank FROM runs WHERE run_id = ? AND status = ${STATUS_CODE.queued}`,
  );
  const countOpen = connection.prepare<{ count: number }>(
    'SELECT count(*) AS count FROM (SELECT 1 FROM runs WHERE namespace = ? LIMIT ?)',
  );
  const countGroup = connection.prepare<{ count: number }>(`
    SELECT count(*) AS count FROM (
      SELECT 1 FROM runs
      WHERE status = ${STATUS_CODE.queued} AND suspect_group IS NULL
        AND namespace = ? AND queue = ? AND workflow = ? AND workflow_version = ? AND granted = ?
        AND (rank, run_id) < (?, ?)
      LIMIT ?)`);
  function readOne(ref: RunRef): RunRow | undefined {
    const runId = deliveries.resolve(ref);
    if (runId === undefined) return undefined;
    const open = selectOpen.get(runId);
    if (open !== undefined) return isMeant(ref, open) ? decodeOpen(open) : undefined;
    const closed = selectClosed.get(runId);
    if (closed === undefined || !isMeant(ref, closed)) return undefined;
    return { ...decodeClosed(closed), lastChunk: histories.lastChunk(runId) };
  }

  return {
    countOpen: (namespace, limit) => countOpen.get(namespace, limit)?.count ?? 0,
    countAhead: (runId, limit) => {
      const place = selectPlace.get(runId);
      if (place === undefined) return 0;
      let ahead = 0;
      for (const group of backlog.groups(place.namespace, place.queue)) {
        const { namespace, queue, workflow, workflow_version: version, granted } = group;
        const of = [namespace, queue, workflow, version, granted];
        const found = countGroup.get(...of, place.rank, runId, limit - ahead);
        ahead += found?.count ?? 0;
        if (ahead >= limit) break;
      }
      return ahead;
    },
    read: (refs, firsts = false) => {
      const rows = refs.map(readOne);
      if (firsts)
        for (const row of rows) if (row !== undefined) row.firstChunk = histories.chunks(row.runId, 0, 1)[0];
      return rows;
    },
    list: prepareListing(connection),
  };
}
