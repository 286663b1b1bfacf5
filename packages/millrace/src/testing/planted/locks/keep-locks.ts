import type { Store } from '../../../store/port/store.ts';

/** A run that ends keeps what it holds. */
export function keepLocks(store: Store): Store {
  return {
    ...store,
    commit: (plans) =>
      store.commit(plans.map((plan) => (plan.next.kind === 'close' ? { ...plan, locks: undefined } : plan))),
  };
}
