import { isClosed, statusOf } from '../../../core/status.ts';
import type { RunRow } from '../../port/store.ts';
import { type ClosedRow, decodeRun, type OpenRow } from '../runs/rows.ts';

/* Both tables as people and clients see them, with the name of the engine that owns or owned a run. */

export interface Named {
  engine_name: string | null;
}

/** `source`: a table, or some of its rows in brackets. */
export function openOf(source: string): string {
  return `SELECT r.*, engines.name AS engine_name FROM ${source} r
    LEFT JOIN engines ON engine_id = coalesce(r.owner, r.last_owner)`;
}
export function closedOf(source: string): string {
  return `SELECT r.*, engines.name AS engine_name FROM ${source} r LEFT JOIN engines ON engine_id = r.last_owner`;
}

export function decodeOpen(row: OpenRow & Named): RunRow {
  return {
    ...decodeRun(row),
    status: statusOf(row.status),
    ownerId: row.owner ?? undefined,
    engineName: row.engine_name ?? undefined,
    wakeAt: row.wake_at ?? undefined,
    waits: row.waits ?? undefined,
    blockCode: row.block_code ?? undefined,
    readyAt: row.ready_at ?? undefined,
    assignedTo: row.assigned_to ?? undefined,
    assignedUntil: row.assigned_until ?? undefined,
    startedAt: row.started_at ?? undefined,
    closedAt: undefined,
    suspectGroup: row.suspect_group ?? undefined,
    pause: pauseIn(row),
    deaths: row.deaths,
    successor: undefined,
    lastChunk: undefined,
  };
}

function pauseIn({ paused_at: at, paused_by: by, pause_reason: reason, paused_in: engineId }: OpenRow) {
  if (at === null) return undefined;
  return { at, by: by ?? undefined, reason: reason ?? undefined, engineId: engineId ?? undefined };
}

export function decodeClosed(row: ClosedRow & Named): RunRow {
  const status = statusOf(row.status);
  if (!isClosed(status)) throw new Error(`run ${row.run_id} is in runs_closed with status ${status}`);
  return {
    ...decodeRun(row),
    status,
    ownerId: undefined,
    engineName: row.engine_name ?? undefined,
    wakeAt: undefined,
    waits: undefined,
    blockCode: undefined,
    readyAt: undefined,
    assignedTo: undefined,
    assignedUntil: undefined,
    startedAt: row.started_at ?? undefined,
    closedAt: row.closed_at,
    suspectGroup: undefined,
    pause: undefined,
    deaths: 0,
    successor: row.successor ?? undefined,
    lastChunk: undefined,
  };
}
