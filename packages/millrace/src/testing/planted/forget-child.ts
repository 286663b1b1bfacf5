import type { Store } from '../../store/port/store.ts';

/** A child of a run that is opened again stays closed, and whoever opens it is told that it is open. */
export function forgetChild(store: Store): Store {
  return {
    ...store,
    reopen: async (request) => {
      const [row] = await store.readRuns([{ runId: request.runId }]);
      return row?.parentRunId === undefined ? store.reopen(request) : 'ok';
    },
  };
}
