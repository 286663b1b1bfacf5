import type { Store } from '../../../store/port/store.ts';

/** An engine is declared dead, and one of its runs stays with it. */
export function forgetRequeue(store: Store): Store {
  return {
    ...store,
    retire: async (engineId, expectBeat, options) => {
      const owned = await store.listOwned(engineId);
      const limit = Math.max(0, owned.length - 1);
      const result = await store.retire(engineId, expectBeat, { ...options, limit });
      return { ...result, remaining: false };
    },
  };
}
