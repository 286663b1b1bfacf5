import type { EngineListener } from '../../engine/engine.ts';
import type { Meter } from '../../engine/ports.ts';
import type { Outage } from '../../engine/outage.ts';
import type { Observatory } from '../changes/observer.ts';
import type { Results } from '../results.ts';
import type { Replies } from '../update.ts';

interface Parts {
  readonly results: Results;
  readonly replies: Replies;
  readonly outage: Outage;
  readonly observatory: Observatory;
  readonly meter: Meter;
}

/** Callers of this process hear at once of what its engine does. */
export function engineListener({ results, replies, outage, observatory, meter }: Parts): EngineListener {
  return {
    meter,
    closed(runId, standing) {
      const { kind: status, payload } = standing;
      const successor = 'successor' in standing ? standing.successor : undefined;
      results.settle(runId, { status, payload, successor });
      observatory.nudge();
    },
    replied: (_runId, id, ok, payload) => replies.settle(id, { ok, payload }),
    wantsReplies: () => replies.any(),
    storeFails: () => outage.current() !== undefined,
  };
}
