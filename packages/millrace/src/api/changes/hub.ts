import { checkFilter, type ChangeFilter } from '../../core/changes/filter.ts';
import { placeOf } from '../../core/changes/place.ts';
import { MillraceError } from '../../core/errors.ts';
import type { Ports } from '../../engine/ports.ts';
import type { Store } from '../../store/port/store.ts';
import { ask } from '../store-failure.ts';
import { createCatchUp, type CatchUp } from './catch-up.ts';
import { batchesOf, openFeed, type Feed } from './feed.ts';
import { createListener, type Batch } from './listener.ts';

/** Somebody who follows changes, batch by batch. */
export interface Subscription {
  /** The next ones; undefined: it has ended. @throws SLOW_LISTENER, STORE_UNREACHABLE. */
  next(): Promise<Batch | undefined>;
  /** Where to read on from while there is nothing to tell; undefined: there is. */
  place(): string | undefined;
  /** Frees everything; a `next` that waits ends. */
  close(): void;
}

/** Lets in those who follow changes; there is a feed while there are some. */
export interface Hub {
  /** @param after - the id of a change, to hear of what happened since; undefined: what happens from now on. */
  subscribe(filter: ChangeFilter, after: string | undefined): Promise<Subscription>;
  nudge(): void;
  stop(): Promise<void>;
}

/** Of places for listeners in one namespace of one process. */
export interface Seats {
  taken(): number;
  /** @throws TOO_MANY_LISTENERS. */
  take(): () => void;
}

/** So many catch up from the store at a time. */
const MOST_READING = 2;

export function createHub(parts: { store: Store; ports: Ports; namespace: string; seats: Seats }): Hub {
  const { store, ports, namespace, seats } = parts;
  const inTurn = createTurnstile(MOST_READING);
  let opening: Promise<Feed> | undefined;
  let feed: Feed | undefined;
  let inside = 0;
  let stopped = false;

  function enter(): Promise<Feed> {
    opening ??= open();
    return opening;
  }
  async function open(): Promise<Feed> {
    try {
      const opened = await ask(() => openFeed(store, ports, namespace));
      feed = opened;
      return opened;
    } catch (error) {
      opening = undefined;
      throw error;
    }
  }
  /** With the last listener the feed goes. */
  function leave(): void {
    inside -= 1;
    if (inside > 0) return;
    const idle = feed;
    [opening, feed] = [undefined, undefined];
    void idle?.stop();
  }

  return {
    async subscribe(filter, after) {
      const askedAt = ports.clock.mono();
      checkFilter(filter);
      if (after !== undefined) placeOf(after);
      if (stopped) throw new MillraceError('ENGINE_CLOSED', 'watch after close');
      const free = seats.take();
      inside += 1;
      const goOut = once(() => {
        free();
        leave();
      });
      try {
        const joined = await enter();
        return follow(joined, filter, { after, askedAt, store, namespace, inTurn }, goOut);
      } catch (error) {
        goOut();
        throw error;
      }
    },
    nudge: () => feed?.nudge(),
    async stop() {
      stopped = true;
      const last = feed ?? (await opening?.catch(() => undefined));
      await last?.stop();
    },
  };
}

interface Past {
  readonly after: string | undefined;
  readonly askedAt: number;
  readonly store: Store;
  readonly namespace: string;
  readonly inTurn: <T>(act: () => Promise<T>) => Promise<T>;
}

function follow(feed: Feed, filter: ChangeFilter, past: Past, goOut: () => void): Subscription {
  const listener = createListener(filter);
  const join = (): void => feed.add(listener);
  let behind: Batch[] = [];
  let catchUp: CatchUp | undefined;
  let closed = false;
  const { after } = past;
  if (after === undefined) {
    behind = batchesOf(feed.recent.since(feed.storeTimeAt(past.askedAt)), filter);
    join();
  } else catchUp = createCatchUp({ ...past, after, feed, filter, join });

  const close = (): void => {
    closed = true;
    feed.remove(listener);
    listener.end();
    goOut();
  };
  async function next(): Promise<Batch | undefined> {
    for (;;) {
      if (closed) return undefined;
      const batch = behind.shift();
      if (batch !== undefined) return batch;
      // oxlint-disable-next-line no-await-in-loop -- page by page
      const page = await catchUp?.next();
      if (page === undefined) break;
      behind = [...page];
    }
    catchUp = undefined;
    return closed ? undefined : listener.next();
  }
  return {
    async next() {
      try {
        const batch = await next();
        if (batch === undefined) close();
        return batch;
      } catch (error) {
        close();
        throw error;
      }
    },
    place: () =>
      catchUp === undefined && behind.length === 0 && listener.isIdle() ? String(feed.storeTime) : undefined,
    close,
  };
}

function once(act: () => void): () => void {
  let done = false;
  return () => {
    if (done) return;
    done = true;
    act();
  };
}

/** Lets so many in at a time, in the order in which they came. */
function createTurnstile(most: number): <T>(act: () => Promise<T>) => Promise<T> {
  const waiting: (() => void)[] = [];
  let inside = 0;
  return async (act) => {
    if (inside >= most) await new Promise<void>((resolve) => void waiting.push(resolve));
    else inside += 1;
    try {
      return await act();
    } finally {
      const next = waiting.shift();
      if (next === undefined) inside -= 1;
      else next();
    }
  };
}
