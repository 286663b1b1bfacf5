import { placedEvents } from '../../core/reading/history-items.ts';
import { hasEnded, rehearse } from '../../core/rehearsal/rehearse.ts';
import type { Verdict } from '../../core/rehearsal/report.ts';
import type { AnyWorkflow } from '../../core/workflow/workflow.ts';
import type { HistoryChunk } from '../../store/port/store.ts';

/** One run to be held against a workflow. */
export interface RehearsalJob<W> {
  readonly workflow: W;
  readonly runId: string;
  readonly chunks: readonly HistoryChunk[];
}

/** Rehearses in this thread. What cannot be read is a breach of that run alone. */
export function rehearseHere(
  drained: () => Promise<void>,
): (job: RehearsalJob<AnyWorkflow>) => Promise<Verdict> {
  return async ({ workflow, runId, chunks }) => {
    try {
      const history = placedEvents(chunks);
      // Nothing is left of it, or it has ended.
      if (history.length === 0 || hasEnded(history)) return { outcome: 'ended' };
      const rehearsal = await rehearse(workflow, runId, history, { drained });
      if (rehearsal.outcome === 'agrees') return { outcome: 'agrees' };
      return { outcome: 'breaks', at: rehearsal.at, ...rehearsal.mismatch };
    } catch (error) {
      return lost('UNREADABLE', 'its history', `it cannot be read: ${String(error)}`);
    }
  };
}

/** The verdict on a run of which nothing can be told but that it went wrong. */
export function lost(code: 'UNREADABLE' | 'UNRESPONSIVE', at: string, message: string): Verdict {
  const [expected, actual] = ['a history that the program takes', message];
  return { outcome: 'breaks', at, code, message, expected, actual, seq: undefined };
}
