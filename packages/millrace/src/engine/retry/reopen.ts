import { encodeChunk } from '../../core/run/chunk.ts';
import type { ChunkHeader, PlacedEvent } from '../../core/run/event.ts';
import { retriedEvent } from '../../core/policy/retry-run.ts';
import type { ReopenRequest, RunRow } from '../../store/port/store.ts';

/** Who opens a run again, and when by the store's clock. */
export interface Reopener extends ChunkHeader {
  commitId: number;
  /** That the caller gave this retry. */
  id?: string | undefined;
  /** The step from which on all is done again; undefined: it goes on from its failure. */
  from?: string | undefined;
}

/** The one act by which a closed run goes on: guarded by the row as it was seen. @throws STEP_NOT_FOUND. */
export function reopenRequest(
  row: RunRow,
  history: readonly PlacedEvent[],
  { commitId, id, from: step, ...header }: Reopener,
): ReopenRequest {
  const { runId, version, status: from, events: seq } = row;
  const retried = retriedEvent(history, header.at, step);
  const chunk = encodeChunk(header, [id === undefined ? retried : { ...retried, id }]);
  return { runId, version, from, seq, count: 1, history: chunk, commitId };
}
