import type { Store } from '../../../store/port/store.ts';

/** Who finds nothing takes a run that is kept for another engine. */
export function ignoreWindow(store: Store): Store {
  return {
    ...store,
    claimRuns: async (request) => {
      const claimed = await store.claimRuns(request);
      if (claimed.length > 0 || request.suspects) return claimed;
      const { runs } = await store.listRuns({ namespace: 'default', status: ['queued'], limit: 1_000 });
      const kept = runs.find(({ assignedTo }) => assignedTo !== undefined && assignedTo !== request.engineId);
      if (kept?.assignedTo === undefined) return claimed;
      return store.claimRuns({ ...request, engineId: kept.assignedTo, limit: 1 });
    },
  };
}
