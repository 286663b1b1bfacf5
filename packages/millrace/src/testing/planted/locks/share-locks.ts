import type { Store } from '../../../store/port/store.ts';

/** A lock is taken from its holder whenever a run asks for it. */
export function shareLocks(store: Store): Store {
  return {
    ...store,
    commit: async (plans) => {
      for (const { locks = [] } of plans) {
        for (const act of locks) {
          // oxlint-disable-next-line no-await-in-loop -- one after the other
          if (act.kind === 'request') await store.forceLock({ namespace: 'default', name: act.name });
        }
      }
      return store.commit(plans);
    },
  };
}
