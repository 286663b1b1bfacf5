import { setTimeout as pause } from 'node:timers/promises';
import type { RunDescription } from '../../../core/reading/describe-run.ts';
import type { HistoryItem } from '../../../core/reading/history-items.ts';
import { isClosed, type RunStatus } from '../../../core/status.ts';
import type { House } from '../../house/house.ts';
import { isOutage } from '../../house/outage.ts';
import type { StopWatch } from './stop-signals.ts';

const SHORTEST_POLL_MS = 20;
const LONGEST_POLL_MS = 500;

/** What somebody who watches a run is told. */
export interface Watcher {
  item(item: HistoryItem): void;
  /** The run is suspended until something happens, or nobody takes it for a while; once for each time. */
  waiting(runId: string): Promise<void>;
  /** The run goes on as another one. */
  continued(runId: string): void;
  /** The store does not answer; the run is watched on as soon as it does. */
  outage(message: string): void;
}

interface Place {
  runId: string;
  /** The next event to tell. */
  seq: number;
  /** As it was seen last. */
  status: RunStatus | undefined;
  /** The watcher was told that nobody takes it. */
  isTold: boolean;
}

/**
 * Watches a run until it has ended or is blocked, or until somebody wants to stop.
 * @param from - the run, and the first event that is news.
 * @returns its id, or that of the run as which it went on; undefined when it was stopped.
 */
export async function follow(
  house: House,
  from: { readonly runId: string; readonly seq: number },
  watcher: Watcher,
  stop: Pick<StopWatch, 'asked' | 'received'>,
): Promise<string | undefined> {
  const place: Place = { ...from, status: undefined, isTold: false };
  // Whoever is told of the end first wakes the loop; polling sees everything else.
  const hint = { over: false };
  const ended = house
    .run(from.runId)
    .ended()
    .then(() => void (hint.over = true));
  let pollMs = SHORTEST_POLL_MS;
  let silent = false;
  while (stop.received() === undefined) {
    try {
      // oxlint-disable-next-line no-await-in-loop -- one look after the other
      const { run, isNew } = await look(house, place, watcher);
      silent = false;
      if (run.successorRunId !== null) moveOn(place, run.successorRunId, watcher);
      else if (run.status === 'blocked' || isClosed(run.status)) return run.runId;
      // oxlint-disable-next-line no-await-in-loop -- it is told before the next look
      else if (pollMs === LONGEST_POLL_MS) await tellQueued(place, watcher);
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

async function look(
  house: House,
  place: Place,
  watcher: Watcher,
): Promise<{ run: RunDescription; isNew: boolean }> {
  const handle = house.run(place.runId);
  const run = await handle.standing();
  // What is recorded after that is told with the next look, but a run that has ended records nothing more.
  const items = await handle.history(place.seq);
  for (const item of items) {
    watcher.item(item);
    place.seq = item.seq + 1;
  }
  const isNew = items.length > 0 || run.status !== place.status;
  if (isNew) place.isTold = false;
  place.status = run.status;
  if (run.status === 'waiting' && isNew) await watcher.waiting(run.runId);
  return { run, isNew };
}

/** Most runs are taken at once, and then there is nothing to tell. */
async function tellQueued(place: Place, watcher: Watcher): Promise<void> {
  if (place.status !== 'queued' || place.isTold) return;
  place.isTold = true;
  await watcher.waiting(place.runId);
}

function moveOn(place: Place, successor: string, watcher: Watcher): void {
  watcher.continued(successor);
  place.runId = successor;
  place.seq = 0;
  place.status = undefined;
  place.isTold = false;
}
