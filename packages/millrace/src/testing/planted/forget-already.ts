import type { Plan, PlanResult, Store } from '../../store/port/store.ts';

/** A plan that comes a second time is not recognised: it is applied on top of itself. */
export function forgetAlready(store: Store): Store {
  const again = async (plan: Plan, result: PlanResult): Promise<PlanResult> => {
    if (result.outcome !== 'already') return result;
    const seq = plan.seq + plan.count;
    const [applied] = await store.commit([
      { ...plan, version: plan.version + 1, seq, starts: [], consumed: [] },
    ]);
    return applied?.outcome === 'ok' ? applied : result;
  };
  return {
    ...store,
    commit: async (plans) => {
      const results = await store.commit(plans);
      return Promise.all(results.map((result, at) => again(plans[at] as Plan, result)));
    },
  };
}
