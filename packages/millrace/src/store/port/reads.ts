import { STATUS_CODE, type RunStatus } from '../../core/status.ts';
import type { RunPause } from './runs/pauses.ts';
import type { HistoryChunk, OwnedRun } from './store.ts';

/** What people and clients see of a run. */
export interface RunRow extends Omit<OwnedRun, 'suspect'> {
  status: RunStatus;
  ownerId: string | undefined;
  /** Name of the engine that owns it or owned it last, where known. */
  engineName: string | undefined;
  wakeAt: number | undefined;
  waits: Uint8Array | undefined;
  blockCode: string | undefined;
  /**
   * Since when it could be claimed: after a wait its `wakeAt` or the message's arrival. A run given back
   * keeps it.
   */
  readyAt: number | undefined;
  /** While it is queued: the incarnation that it is assigned to, and until when (I10). */
  assignedTo: string | undefined;
  assignedUntil: number | undefined;
  startedAt: number | undefined;
  closedAt: number | undefined;
  suspectGroup: number | undefined;
  /** While it is paused. */
  pause: RunPause | undefined;
  deaths: number;
  successor: string | undefined;
  /**
   * The last chunk of a closed run: it ends with the closing event. Left out of listings, where it could be
   * gigabytes.
   */
  lastChunk: HistoryChunk | undefined;
  /** Where it was asked for: it begins with the `started` event. */
  firstChunk?: HistoryChunk | undefined;
}

export interface RunFilter {
  namespace: string;
  status?: readonly RunStatus[] | undefined;
  /** Runs of `$task/…`, which are attempts of calls, are left out unless one of these asks for them. */
  workflow?: string | undefined;
  /** The author's: whatever runs of it demand behind a `+`. */
  workflowVersion?: string | undefined;
  queue?: string | undefined;
  tasks?: boolean | undefined;
  tag?: string | undefined;
  key?: string | undefined;
  parentRunId?: string | undefined;
  /**
   * Words in what people know a run by: its workflow, its key or one of its tags has them, or its id begins with them.
   * Capitals of ASCII count as small letters.
   */
  q?: string | undefined;
  /** At most 1,000. Newest first (by runId). */
  limit: number;
  /** A runId: only older ones. */
  before?: string | undefined;
  /** How many open and how many closed runs are looked at for one page. Default `LOOK_AT`. */
  lookAt?: number | undefined;
}

/**
 * A page costs no more than to look at so many runs, however rare what it asks for: indexes for all that people filter by
 * would make each end of a run dearer. By key or parent it is found directly.
 */
export const LOOK_AT = 10_000;

/** What is looked for by `q`, as both databases make small letters. */
export function smallLetters(q: string): string {
  return q.replaceAll(/[A-Z]/g, (letter) => letter.toLowerCase());
}

/** Whether an index leads to what is asked for. */
export function isIndexed({ key, parentRunId }: RunFilter): boolean {
  return key !== undefined || parentRunId !== undefined;
}

/** Open runs and closed ones stand apart. */
export type RunTable = 'runs' | 'runs_closed';

/** Those that may hold a run of the wanted statuses. */
export function tablesOf({ status }: RunFilter): RunTable[] {
  const codes = status?.map((word) => STATUS_CODE[word]);
  return [
    ...((codes?.some((code) => code < STATUS_CODE.completed) ?? true) ? (['runs'] as const) : []),
    ...((codes?.some((code) => code >= STATUS_CODE.completed) ?? true) ? (['runs_closed'] as const) : []),
  ];
}

export interface RunPage {
  runs: RunRow[];
  /** Pass as `before` for the next page; that may be there also where this one is short, or empty. */
  next: string | undefined;
}
