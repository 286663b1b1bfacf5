import { setTimeout as pause } from 'node:timers/promises';
import { historyItem, placedEvents, type HistoryItem } from '../../../core/reading/history-items.ts';
import { isMillraceError } from '../../../core/errors.ts';
import { isClosed } from '../../../core/status.ts';
import type { Millrace } from '../../../millrace.ts';
import { StoreError } from '../../../store/port/errors.ts';
import type { RunRow } from '../../../store/port/store.ts';
import type { StopWatch } from './stop-signals.ts';

const SHORTEST_POLL_MS = 20;
const LONGEST_POLL_MS = 500;

/** What somebody who watches a run is told. */
export interface Watcher {
  item(item: HistoryItem): void;
  /** The run is suspended until something happens, or nobody takes it for a while; once for each time. */
  waiting(row: RunRow): Promise<void>;
  /** The run goes on as another one. */
  continued(runId: string): void;
  /** The store does not answer; the run is watched on as soon as it does. */
  outage(message: string): void;
}

interface Place {
  runId: string;
  /** The next event to tell. */
  seq: number;
  /** Of the row as last seen. */
  version: number;
  /** The version at which the watcher was told that nobody takes it. */
  queued: number | undefined;
}

/**
 * Watches a run until it has ended or is blocked, or until somebody wants to stop.
 * @param from - the run, and the first event that is news.
 * @returns its row; undefined when it was stopped.
 */
export async function follow(
  millrace: Millrace,
  from: { readonly runId: string; readonly seq: number },
  watcher: Watcher,
  stop: Pick<StopWatch, 'asked' | 'received'>,
): Promise<RunRow | undefined> {
  const place: Place = { ...from, version: -1, queued: undefined };
  // The engine of this process knows first when a run has ended; polling sees everything else.
  const hint = { over: false };
  const ended = millrace
    .run(from.runId)
    .result()
    .catch(() => {})
    .then(() => void (hint.over = true));
  let pollMs = SHORTEST_POLL_MS;
  let silent = false;
  while (stop.received() === undefined) {
    try {
      // oxlint-disable-next-line no-await-in-loop -- one look after the other
      const { row, isNew } = await look(millrace, place, watcher);
      silent = false;
      if (row.successor !== undefined) moveOn(place, row.successor, watcher);
      else if (row.status === 'blocked' || isClosed(row.status)) return row;
      // oxlint-disable-next-line no-await-in-loop -- it is told before the next look
      else if (pollMs === LONGEST_POLL_MS) await tellQueued(place, row, watcher);
      pollMs = isNew ? SHORTEST_POLL_MS : Math.min(pollMs * 2, LONGEST_POLL_MS);
    } catch (error) {
      if (!isOutage(error)) throw error;
      if (!silent) watcher.outage(error.message);
      silent = true;
    }
    // oxlint-disable-next-line no-await-in-loop -- the pause is the point
    await Promise.race([pause(pollMs), stop.asked, ...(hint.over ? [] : [ended])]);
  }
  return undefined;
}

/** The store is away or overloaded: that passes. */
function isOutage(error: unknown): error is Error {
  if (error instanceof StoreError) return error.failure !== 'definite';
  return isMillraceError(error, 'STORE_UNREACHABLE') || isMillraceError(error, 'STORE_CONGESTED');
}

async function look(
  { store }: Millrace,
  place: Place,
  watcher: Watcher,
): Promise<{ row: RunRow; isNew: boolean }> {
  const [row] = await store.readRuns([{ runId: place.runId }]);
  if (row === undefined) throw new StoreError('definite', `run ${place.runId} was removed from the store`);
  const isNew = row.version !== place.version;
  if (row.events > place.seq) {
    for (const placed of placedEvents(await store.readHistory(place.runId, place.seq))) {
      if (placed.seq < place.seq) continue;
      watcher.item(historyItem(placed));
      place.seq = placed.seq + 1;
    }
  }
  if (row.status === 'waiting' && isNew) await watcher.waiting(row);
  place.version = row.version;
  return { row, isNew };
}

/** Most runs are taken at once, and then there is nothing to tell. */
async function tellQueued(place: Place, row: RunRow, watcher: Watcher): Promise<void> {
  if (row.status !== 'queued' || place.queued === row.version) return;
  place.queued = row.version;
  await watcher.waiting(row);
}

function moveOn(place: Place, successor: string, watcher: Watcher): void {
  watcher.continued(successor);
  place.runId = successor;
  place.seq = 0;
  place.version = -1;
  place.queued = undefined;
}
