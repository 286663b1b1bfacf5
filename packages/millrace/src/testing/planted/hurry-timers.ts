import type { Store } from '../../store/port/store.ts';

const EARLY_MS = 40;

/** The store's clock is told as if it were a little later. */
export function hurryTimers(store: Store): Store {
  return {
    ...store,
    wakeDue: async (request) => {
      const woken = await store.wakeDue(request);
      return { ...woken, storeTime: woken.storeTime + EARLY_MS };
    },
  };
}
