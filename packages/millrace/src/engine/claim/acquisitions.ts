import type { Store } from '../../store/port/store.ts';

/** Calls that may make runs the caller's own. */
const ACQUIRING: ReadonlySet<PropertyKey> = new Set([
  'startRuns',
  'claimRuns',
  'commit',
  'deliver',
  'wakeDue',
]);

/** Knows which of an engine's calls are under way that may bring it runs. */
export interface Acquisitions {
  /** The same store, watched. */
  readonly store: Store;
  /** When the oldest call began that has not been answered yet; undefined: there is none. */
  oldest(): number | undefined;
}

/** @param now - monotonic, ms. */
export function watchAcquisitions(store: Store, now: () => number): Acquisitions {
  /** In the order in which they began. */
  const underWay = new Set<{ begunAt: number }>();
  const watched = new Proxy(store, {
    get(target, name) {
      const value: unknown = Reflect.get(target, name);
      if (typeof value !== 'function' || !ACQUIRING.has(name)) return value;
      return async (...given: unknown[]) => {
        const call = { begunAt: now() };
        underWay.add(call);
        try {
          // Its caller goes on with the answer before anybody looks again.
          return (await Reflect.apply(value, target, given)) as unknown;
        } finally {
          underWay.delete(call);
        }
      };
    },
  });
  return {
    store: watched,
    oldest: () => underWay.values().next().value?.begunAt,
  };
}
