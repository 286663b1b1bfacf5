import type { Store } from '../../../store/port/store.ts';

/** Whoever asks for the lease is told that it has it. */
export function flatterLeaders(store: Store): Store {
  return {
    ...store,
    lead: async (engineId) => {
      const leader = await store.lead(engineId);
      return leader === undefined ? undefined : { ...leader, engineId };
    },
  };
}
