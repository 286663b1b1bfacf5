import { encodeChunk } from '../../core/run/chunk.ts';
import type { ChunkHeader, PlacedEvent } from '../../core/run/event.ts';
import { retriedEvent } from '../../core/policy/retry-run.ts';
import type { ReopenRequest, RunRow } from '../../store/port/store.ts';

/** Who opens a run again, and when by the store's clock. */
export interface Reopener extends ChunkHeader {
  commitId: number;
  /** That the caller gave this retry. */
  id?: string | undefined;
}

/** The one act by which a closed run goes on from its failure: guarded by the row as it was seen. */
export function reopenRequest(
  row: RunRow,
  history: readonly PlacedEvent[],
  { commitId, id, ...header }: Reopener,
): ReopenRequest {
  const { runId, version, status: from, events: seq } = row;
  const retried = retriedEvent(history, header.at);
  const chunk = encodeChunk(header, [id === undefined ? retried : { ...retried, id }]);
  return { runId, version, from, seq, count: 1, history: chunk, commitId };
}
