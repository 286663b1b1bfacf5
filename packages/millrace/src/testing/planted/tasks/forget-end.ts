import type { Store } from '../../../store/port/store.ts';

/** A task ends and its caller is not told. */
export function forgetEnd(store: Store): Store {
  return {
    ...store,
    commit: (plans) =>
      store.commit(plans.map((plan) => (plan.next.kind === 'discard' ? { ...plan, messages: [] } : plan))),
  };
}
