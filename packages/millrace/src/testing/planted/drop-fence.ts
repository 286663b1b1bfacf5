import type { Plan, PlanResult, Store } from '../../store/port/store.ts';

/** The guard by epoch and owner is gone: what the row says now is put into the plan. */
export function dropFence(store: Store): Store {
  const force = async (plan: Plan, result: PlanResult): Promise<PlanResult> => {
    if (result.outcome !== 'conflict') return result;
    const [row] = await store.readRuns([{ runId: plan.runId }]);
    if (row?.status !== 'running' || row.ownerId === undefined || row.version !== plan.version) return result;
    const [forced] = await store.commit([{ ...plan, engineId: row.ownerId, epoch: row.epoch }]);
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
