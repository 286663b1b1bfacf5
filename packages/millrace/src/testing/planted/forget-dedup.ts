import { runIdOf } from '../../core/ids.ts';
import type { Store } from '../../store/port/store.ts';

/** A start whose key is taken makes another run, without the key. */
export function forgetDedup(store: Store, storeTime: () => number): Store {
  let made = 0;
  return {
    ...store,
    startRuns: async (requests, transaction) => {
      const results = await store.startRuns(requests, transaction);
      for (const [at, result] of results.entries()) {
        const request = requests[at];
        if (request?.key === undefined || result.outcome !== 'existing') continue;
        const runId = runIdOf(storeTime(), 0, () => ++made / 1e6);
        // oxlint-disable-next-line no-await-in-loop -- one start after the other
        const [other] = await store.startRuns([{ ...request, runId, key: undefined, owner: undefined }]);
        if (other !== undefined) results[at] = other;
      }
      return results;
    },
  };
}
