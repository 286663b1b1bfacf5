import { encodeLimits } from '../../port/limits.ts';
import type { StartRequest, StartResult } from '../../port/store.ts';
import type { Connection } from '../database/connection.ts';
import type { Limits } from './limits.ts';
import { prepareOutlook } from './outlook.ts';

/** What limits have to say about a start. Runs inside a transaction of the caller. */
export interface StartLimits {
  /** The limits that the run brings along; a successor has its predecessor's. */
  broughtBy(request: StartRequest, predecessor: string | undefined): string | null;
  /** Whether there is any, but for what this very call brings along; looked at once a call. */
  any(call: { limited: boolean | undefined }): boolean;
  /** Whether the run is granted by a claim, or not at all (L4). Asked only if there are limits. */
  apply(request: StartRequest): boolean;
  /** The refusal of a queue that has its greatest depth, which delayed runs do not count for. Asked as `apply` is. */
  refuse(request: StartRequest): StartResult | undefined;
  keep(request: StartRequest, brought: string | null): void;
}

export function prepareStartLimits(connection: Connection, limits: Limits): StartLimits {
  const selectBrought = connection.prepare<{ limits: string | null }>(
    'SELECT limits FROM runs_closed WHERE run_id = ?',
  );
  const outlook = prepareOutlook(connection, limits);
  return {
    broughtBy: (request, predecessor) => {
      if (predecessor === undefined) return encodeLimits(request.limits) ?? null;
      return selectBrought.get(predecessor)?.limits ?? null;
    },
    any: (call) => (call.limited ??= limits.any()),
    apply: (request) => limits.applies(request),
    refuse: ({ runId, namespace, queue, startAt = 0 }) => {
      if (startAt > connection.timers.now()) return undefined;
      const room = limits.depthLeft(namespace, queue);
      if (room === undefined || room.left > 0) return undefined;
      return { outcome: 'queue-full', runId, maxDepth: room.maxDepth, ...outlook(namespace, queue) };
    },
    keep: ({ runId, namespace }, brought) => {
      if (brought !== null) limits.keepKeys(runId, namespace, brought);
    },
  };
}
