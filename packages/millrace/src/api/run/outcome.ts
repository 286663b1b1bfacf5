import { durationMs, type Duration } from '../../core/duration.ts';
import { isMillraceError } from '../../core/errors.ts';
import { describeStored, type RunDescription } from '../../core/reading/describe-run.ts';
import { isClosed } from '../../core/status.ts';
import type { RunRow } from '../../store/port/store.ts';
import type { Desk } from '../desk.ts';
import { endsOf } from './read-runs.ts';

/** As what a run stands, and how it ended if it did. */
export type RunOutcome = Pick<RunDescription, 'runId' | 'status' | 'output' | 'error'>;

export interface OutcomeOptions {
  /** For how long to wait for its end. Default 0: not at all. */
  wait?: Duration | undefined;
  /** Ends the wait early. */
  signal?: AbortSignal | undefined;
}

/** Of a run that continued as another one, that one's. A blocked run is not waited for: it does not end by itself. */
export async function outcomeOf(desk: Desk, runId: string, options: OutcomeOptions): Promise<RunOutcome> {
  const { wait = 0, signal } = options;
  const waitMs = durationMs(wait, 'outcome, wait');
  const row = await lastOf(desk, runId);
  if (waitMs === 0 || isClosed(row.status) || row.status === 'blocked') return described(row);
  try {
    await desk.results.ending(row.runId, waitMs, signal);
  } catch (error) {
    if (!isMillraceError(error) || !STILL_OPEN.has(error.code)) throw error;
  }
  return described(await lastOf(desk, row.runId));
}

const STILL_OPEN: ReadonlySet<string> = new Set(['TIMEOUT', 'CANCELLED', 'RUN_BLOCKED']);

async function lastOf(desk: Desk, runId: string): Promise<RunRow> {
  let row = await desk.readRun({ runId });
  // oxlint-disable-next-line no-await-in-loop -- each says which is the next
  while (row.successor !== undefined) row = await desk.readRun({ runId: row.successor });
  return row;
}

function described(row: RunRow): RunOutcome {
  const { runId, status, output, error } = describeStored(row, endsOf(row));
  return { runId, status, output, error };
}
