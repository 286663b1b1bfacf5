import type { Plan, PlanResult, Store } from '../../store/port/store.ts';

/** The look at the inbox before a run is put to rest is gone. */
export function forgetInbox(store: Store): Store {
  const force = async (plan: Plan, result: PlanResult): Promise<PlanResult> => {
    const { next } = plan;
    if (result.outcome !== 'unread' || !('inboxSeq' in next)) return result;
    const [forced] = await store.commit([{ ...plan, next: { ...next, inboxSeq: result.inboxSeq } }]);
    return forced ?? result;
  };
  return {
    ...store,
    commit: async (plans) => {
      const results = await store.commit(plans);
      return Promise.all(results.map((result, at) => force(plans[at] as Plan, result)));
    },
  };
}
