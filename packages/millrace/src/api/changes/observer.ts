import type { ChangeEvent, HistoryChange } from '../../core/changes/change.ts';
import type { ChangeFilter } from '../../core/changes/filter.ts';
import { checkOptions, MillraceError } from '../../core/errors.ts';
import type { Ports } from '../../engine/ports.ts';
import type { Store } from '../../store/port/store.ts';
import { createHistories, type RunSubscription } from './histories.ts';
import { createMeters, type Meters } from '../engine/meters.ts';
import { createHub, type Seats, type Subscription } from './hub.ts';

export interface WatchOptions extends ChangeFilter {
  /** The `id` of the last change that the caller has: what happened since is told first. */
  readonly after?: string | undefined;
}

/** Those who follow something in this process. */
export interface Observatory {
  /** @throws as `watch`. */
  follow(options: WatchOptions): Promise<Subscription>;
  /** @throws as `watchRun`. */
  followRun(runId: string, after: string | undefined): Promise<RunSubscription>;
  /** How many there are. */
  listeners(): number;
  nudge(): void;
  stop(): Promise<void>;
}

/** The most who follow something in one namespace of one process. */
const MOST_LISTENERS = 5_000;

export function openObservatory(store: Store, ports: Ports, namespace: string): Observatory {
  const seats = createSeats(MOST_LISTENERS);
  const hub = createHub({ store, ports, namespace, seats });
  const histories = createHistories({ store, ports, namespace, seats });
  return {
    follow: async (options) => {
      checkOptions('watch', options, ['types', 'workflow', 'tag', 'runId', 'queue', 'after']);
      const { after, ...filter } = options;
      return hub.subscribe(filter, after);
    },
    followRun: (runId, after) => histories.subscribe(runId, after),
    listeners: () => seats.taken(),
    nudge() {
      hub.nudge();
      histories.nudge();
    },
    async stop() {
      await hub.stop();
      await histories.stop();
    },
  };
}

export function createSeats(most: number): Seats {
  let taken = 0;
  return {
    taken: () => taken,
    take() {
      if (taken >= most) {
        const message = `${taken} listeners follow changes in this process already`;
        throw new MillraceError('TOO_MANY_LISTENERS', message, { details: { retryAfterMs: 5_000 } });
      }
      taken += 1;
      return () => void (taken -= 1);
    },
  };
}

/** What those do who follow what becomes of things. It is the store's word: every process is told the same. */
export abstract class Observer {
  /** Who follows what; servers take batches from it. */
  abstract readonly observatory: Observatory;
  /** Who counts what this process does. */
  readonly meters: Meters = createMeters();

  /**
   * Follows what becomes of runs, engines and queues of this namespace, whichever process does it: from the moment in which
   * the first change is asked for, or from `after` on. Each is told at least once, and under one id; after a break and with
   * `after` some are told again. It ends when this Millrace is closed. Leave the loop to end it.
   * @param options - what to follow; undefined: all.
   * @throws INVALID_ARGUMENT, UNKNOWN_OPTION, TOO_MANY_LISTENERS, SLOW_LISTENER, STORE_UNREACHABLE, ENGINE_CLOSED.
   */
  watch(options: WatchOptions = {}): AsyncIterableIterator<ChangeEvent> {
    return each(async () => {
      const subscription = await this.observatory.follow(options);
      const next = async () => (await subscription.next())?.changes;
      return { next, close: () => subscription.close() };
    });
  }

  /**
   * Follows the history of one run from its beginning, or behind the event with seq `after`, and ends with it.
   * @throws RUN_NOT_FOUND, INVALID_ARGUMENT, TOO_MANY_LISTENERS, STORE_UNREACHABLE, ENGINE_CLOSED.
   */
  watchRun(
    runId: string,
    options: { after?: string | undefined } = {},
  ): AsyncIterableIterator<HistoryChange> {
    checkOptions('watchRun', options, ['after']);
    return each(() => this.observatory.followRun(runId, options.after));
  }
}

interface Source<T> {
  next(): Promise<readonly T[] | undefined>;
  close(): void;
}

/** One after the other; who leaves does not wait for the next. */
function each<T>(open: () => Promise<Source<T>>): AsyncIterableIterator<T> {
  let source: Promise<Source<T>> | undefined;
  let together: readonly T[] = [];
  let at = 0;
  let left = false;
  const iterator: AsyncIterableIterator<T> = {
    async next() {
      if (left) return { done: true, value: undefined };
      source ??= open();
      const opened = await source;
      if (at === together.length) {
        const batch = await opened.next();
        if (batch === undefined) {
          left = true;
          return { done: true, value: undefined };
        }
        [together, at] = [batch, 0];
        if (batch.length === 0) return iterator.next();
      }
      at += 1;
      // Within the batch: `at` was smaller than its length.
      return { done: false, value: together[at - 1] as T };
    },
    async return() {
      left = true;
      (await source?.catch(() => undefined))?.close();
      return { done: true, value: undefined };
    },
    [Symbol.asyncIterator]: () => iterator,
  };
  return iterator;
}
