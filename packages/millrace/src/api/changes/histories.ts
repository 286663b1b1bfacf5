import { recorded, type HistoryChange } from '../../core/changes/change.ts';
import { MillraceError, show } from '../../core/errors.ts';
import { placedEvents } from '../../core/reading/history-items.ts';
import { isClosed } from '../../core/status.ts';
import { startLoop, type Loop } from '../../engine/loop.ts';
import type { Ports } from '../../engine/ports.ts';
import type { RunRow, Store } from '../../store/port/store.ts';
import { notFound } from '../desk.ts';
import { ask } from '../store-failure.ts';
import type { Seats } from './hub.ts';

/** Somebody who follows the history of one run. */
export interface RunSubscription {
  /** When it was asked for the run had ended, and all was told. */
  readonly isOver: boolean;
  /** What was recorded next; undefined: the run has ended, and all is told. @throws STORE_UNREACHABLE. */
  next(): Promise<readonly HistoryChange[] | undefined>;
  close(): void;
}

/**
 * Followers of single runs. One loop asks for all who wait which runs have gone on; what was recorded is read for one after
 * the other. Nothing is read for who does not wait, so nothing gathers.
 */
export interface Histories {
  /** @param after - the seq of the last event that the follower has. @throws RUN_NOT_FOUND, TOO_MANY_LISTENERS. */
  subscribe(runId: string, after: string | undefined): Promise<RunSubscription>;
  nudge(): void;
  stop(): Promise<void>;
}

interface Follower {
  readonly runId: string;
  /** How many events he has. */
  events: number;
  give(changes: readonly HistoryChange[] | undefined): void;
}

const FIRST_PAUSE_MS = 50;
const LONGEST_PAUSE_MS = 500;
const MOST_ASKED = 500;
const CHUNKS = 100;

export function createHistories(parts: {
  store: Store;
  ports: Ports;
  namespace: string;
  seats: Seats;
}): Histories {
  const { store, ports, namespace, seats } = parts;
  const waiting = new Set<Follower>();
  let inside = 0;
  let loop: Loop | undefined;
  let pauseMs = FIRST_PAUSE_MS;
  let stopped = false;

  async function tick(): Promise<number> {
    const asked = [...waiting].slice(0, MOST_ASKED);
    if (asked.length === 0) return LONGEST_PAUSE_MS * 100;
    const rows = await store.readRuns(asked.map(({ runId }) => ({ runId })));
    let told = 0;
    for (const [at, follower] of asked.entries()) {
      // Who was asked for goes to the end of the line.
      if (!waiting.delete(follower)) continue;
      waiting.add(follower);
      const row = rows[at];
      // oxlint-disable-next-line no-await-in-loop -- histories may be large: one at a time
      if (await goOn(store, waiting, follower, row)) told += 1;
    }
    pauseMs = told > 0 ? FIRST_PAUSE_MS : Math.min(pauseMs * 2, LONGEST_PAUSE_MS);
    return waiting.size > MOST_ASKED ? FIRST_PAUSE_MS : pauseMs;
  }

  function wait(follower: Follower): void {
    waiting.add(follower);
    loop ??= startLoop(ports, 'histories', tick);
    loop.within(FIRST_PAUSE_MS);
  }

  function leave(): void {
    inside -= 1;
    if (inside > 0) return;
    void loop?.stop();
    loop = undefined;
    pauseMs = FIRST_PAUSE_MS;
  }

  return {
    async subscribe(runId, after) {
      const events = after === undefined ? 0 : seqOf(after) + 1;
      if (stopped) throw new MillraceError('ENGINE_CLOSED', 'watchRun after close');
      const [row] = await ask(() => store.readRuns([{ runId }]));
      if (row === undefined || row.namespace !== namespace) throw notFound({ runId });
      const free = seats.take();
      inside += 1;
      const isOver = isClosed(row.status) && row.events <= events;
      return followOne({ runId, events, isOver }, wait, (follower) => {
        if (follower !== undefined) waiting.delete(follower);
        free();
        leave();
      });
    },
    nudge: () => {
      if (waiting.size > 0) loop?.within(FIRST_PAUSE_MS);
    },
    async stop() {
      stopped = true;
      for (const follower of waiting) follower.give(undefined);
      waiting.clear();
      await loop?.stop();
    },
  };
}

/** Tells him what was recorded since; whether there was something. Who has left meanwhile is told nothing. */
async function goOn(
  store: Store,
  waiting: Set<Follower>,
  follower: Follower,
  row: RunRow | undefined,
): Promise<boolean> {
  if (row === undefined || (isClosed(row.status) && row.events <= follower.events)) {
    waiting.delete(follower);
    follower.give(undefined);
    return true;
  }
  if (row.events <= follower.events) return false;
  const chunks = await store.readHistory(follower.runId, follower.events, CHUNKS);
  const events = placedEvents(chunks).filter(({ seq }) => seq >= follower.events);
  const last = events.at(-1);
  if (last === undefined || !waiting.delete(follower)) return false;
  follower.events = last.seq + 1;
  follower.give(events.map((event) => recorded(follower.runId, event)));
  return true;
}

function followOne(
  { runId, events: first, isOver }: { runId: string; events: number; isOver: boolean },
  wait: (follower: Follower) => void,
  goOut: (follower: Follower | undefined) => void,
): RunSubscription {
  let events = first;
  let current: Follower | undefined;
  let closed = false;
  const close = (): void => {
    if (closed) return;
    closed = true;
    const last = current;
    goOut(last);
    last?.give(undefined);
  };
  return {
    isOver,
    async next() {
      if (closed) return undefined;
      const changes = await new Promise<readonly HistoryChange[] | undefined>((give) => {
        current = { runId, events, give };
        wait(current);
      });
      events = current?.events ?? events;
      current = undefined;
      if (changes === undefined) close();
      return changes;
    },
    close,
  };
}

function seqOf(after: string): number {
  if (/^\d{1,9}$/.test(after)) return Number(after);
  const remedy = 'Pass the id of an event of this run as it was received.';
  throw new MillraceError('INVALID_ARGUMENT', `watchRun: after is ${show(after)}`, { remedy });
}
