import type { ChangeFilter } from '../../core/changes/filter.ts';
import { placeOf } from '../../core/changes/place.ts';
import type { ChangePlaces, ChangeStore } from '../../store/port/changes.ts';
import { ask } from '../store-failure.ts';
import { batchesOf, OVERLAP_MS, type Feed } from './feed.ts';
import type { Batch } from './listener.ts';
import { placesAt, readPage } from './read-changes.ts';

/**
 * What somebody missed, until he stands where the feed does. He takes page by page, so that nothing gathers for him; only
 * the last one, from the feed's own memory, is taken in the moment in which he joins it. It begins a while before the change
 * that he has: another server may have told him that one before an earlier one.
 */
export interface CatchUp {
  /** The next page; undefined: `join` has been called. */
  next(): Promise<readonly Batch[] | undefined>;
}

export interface CatchUpParts {
  readonly store: ChangeStore;
  readonly namespace: string;
  readonly feed: Feed;
  readonly filter: ChangeFilter;
  readonly after: string;
  /** Lets few read at a time: many who come back together must not take all connections. */
  readonly inTurn: <T>(act: () => Promise<T>) => Promise<T>;
  /** Told in the very moment in which nothing is missed any more. */
  readonly join: () => void;
}

export function createCatchUp({
  store,
  namespace,
  feed,
  filter,
  after,
  inTurn,
  join,
}: CatchUpParts): CatchUp {
  const { recent } = feed;
  const since = placeOf(after) - OVERLAP_MS;
  let until = since;
  let places: ChangePlaces | undefined;
  let joined = false;

  /** From memory: what may have happened since, and how things stand that stood otherwise then. */
  function finish(): Batch[] {
    joined = true;
    const standing = [...feed.standing.current()]
      .filter(({ change, at }) => at >= since && !recent.has(change.id))
      .map(({ change }) => change);
    const changes = [...standing, ...recent.since(until)];
    join();
    return batchesOf(changes, filter);
  }

  return {
    async next() {
      if (joined) return undefined;
      if (places === undefined) {
        if (until >= recent.from) return finish();
        places = placesAt(until);
        until = recent.from;
      }
      const span = { namespace, after: places, until };
      const page = await inTurn(() => ask(() => readPage(store, span)));
      places = page.next;
      return batchesOf(
        page.found.map(({ change }) => change),
        filter,
      );
    },
  };
}
