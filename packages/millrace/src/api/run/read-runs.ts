import { isRunId } from '../../core/ids.ts';
import { group } from '../../engine/commit/group.ts';
import type { Ports } from '../../engine/ports.ts';
import type { HistoryChunk, RunRef, RunRow, Store } from '../../store/port/store.ts';
import { ask } from '../store-failure.ts';

/** Each may bring two values of the largest size. */
const MAX_TOGETHER = 100;

/** The row of a run with the ends of its history; undefined: there is none. */
export type ReadRow = (ref: RunRef) => Promise<RunRow | undefined>;

/**
 * Reads gather while the previous ones are under way, as starts do: many readers share a round trip, and who is alone
 * waits for nobody.
 */
export function createReadRow(store: Pick<Store, 'readRuns'>, { soon }: Pick<Ports, 'soon'>): ReadRow {
  const together = group<RunRef, RunRow | undefined>({
    lanes: 2,
    maxItems: MAX_TOGETHER,
    maxBytes: Infinity,
    weigh: () => 0,
    soon,
    send: (refs) => ask(() => store.readRuns(refs, true)),
  });
  return async (ref) => {
    if ('runId' in ref && isRunId(ref.runId)) return together(ref);
    // What may be refused for its form shall not be refused together with others.
    const [row] = await ask(() => store.readRuns([ref], true));
    return row;
  };
}

/** What stands at the two ends of a run's history: of an open run its first chunk, of a closed one also the last. */
export function endsOf({ firstChunk, lastChunk }: RunRow): HistoryChunk[] {
  const last = lastChunk === undefined || lastChunk.seq === firstChunk?.seq ? [] : [lastChunk];
  return firstChunk === undefined ? last : [firstChunk, ...last];
}
