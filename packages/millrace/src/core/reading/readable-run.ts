import type { Priority, RunStatus } from '../status.ts';

/**
 * What reading needs of a run row. A store's `RunRow` is one; `core` names its own shape because it knows no
 * store. Times are store time in ms.
 */
export interface ReadableRun {
  readonly runId: string;
  readonly namespace: string;
  readonly workflow: string;
  readonly workflowVersion: string;
  readonly queue: string;
  readonly priority: Priority;
  readonly tags: readonly string[];
  readonly key: string | undefined;
  readonly parentRunId: string | undefined;
  readonly status: RunStatus;
  readonly createdAt: number;
  readonly startedAt: number | undefined;
  readonly closedAt: number | undefined;
  readonly readyAt: number | undefined;
  readonly wakeAt: number | undefined;
  readonly deadlineAt: number | undefined;
  /** Number of committed plans: 0 means that the program has never had a turn. */
  readonly version: number;
  /** The incarnation that executes it. */
  readonly ownerId: string | undefined;
  readonly engineName: string | undefined;
  readonly waits: Uint8Array | undefined;
  readonly blockCode: string | undefined;
  readonly suspectGroup: number | undefined;
  /** While it is paused: since when, by whom and why, and the incarnation that still executes attempts of it. */
  readonly pause?:
    | {
        readonly at: number;
        readonly by: string | undefined;
        readonly reason: string | undefined;
        readonly engineId: string | undefined;
      }
    | undefined;
  readonly deaths: number;
  readonly successor: string | undefined;
}

/** A stored chunk of history as readers need it. */
export interface ReadableChunk {
  /** Position of its first event. */
  readonly seq: number;
  readonly data: Uint8Array;
}
