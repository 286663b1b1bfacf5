import { priorityOf } from '../../../core/status.ts';
import type { OwnedRun, RunRef } from '../../port/store.ts';

/** What the tables `runs` and `runs_closed` have in common. */
export interface StoredRun {
  run_id: string;
  namespace: string;
  workflow: string;
  workflow_version: string;
  queue: string;
  priority: number;
  status: number;
  last_owner: string | null;
  epoch: number;
  version: number;
  commit_id: number;
  events: number;
  inbox_seq: number;
  created_at: number;
  started_at: number | null;
  deadline_at: number | null;
  key: string | null;
  tags: string | null;
  /** What it brought along, as JSON. */
  limits: string | null;
  parent_run_id: string | null;
  parent_ordinal: number | null;
}

/** A row of the table `runs`. */
export interface OpenRow extends StoredRun {
  rank: number;
  owner: string | null;
  wake_at: number | null;
  ready_at: number | null;
  assigned_to: string | null;
  assigned_until: number | null;
  granted: number;
  parked_on: string | null;
  suspect_group: number | null;
  deaths: number;
  block_code: string | null;
  waits: Uint8Array | null;
  paused_from: number | null;
  paused_at: number | null;
  paused_by: string | null;
  pause_reason: string | null;
  paused_in: string | null;
}

/** A row of the table `runs_closed`. */
export interface ClosedRow extends StoredRun {
  closed_at: number;
  successor: string | null;
}

const NO_TAGS: readonly string[] = [];

export function encodeTags(tags: readonly string[]): string | null {
  return tags.length === 0 ? null : JSON.stringify(tags);
}

function decodeTags(tags: string | null): readonly string[] {
  // Written by `encodeTags` only.
  return tags === null ? NO_TAGS : (JSON.parse(tags) as string[]);
}

export function decodeRun(row: StoredRun): Omit<OwnedRun, 'suspect'> {
  return {
    runId: row.run_id,
    namespace: row.namespace,
    workflow: row.workflow,
    workflowVersion: row.workflow_version,
    queue: row.queue,
    priority: priorityOf(row.priority),
    key: row.key ?? undefined,
    tags: decodeTags(row.tags),
    parentRunId: row.parent_run_id ?? undefined,
    parentOrdinal: row.parent_ordinal ?? undefined,
    createdAt: row.created_at,
    deadlineAt: row.deadline_at ?? undefined,
    epoch: row.epoch,
    version: row.version,
    events: row.events,
    inboxSeq: row.inbox_seq,
  };
}

export function decodeOwned(row: OpenRow): OwnedRun {
  return { ...decodeRun(row), suspect: row.suspect_group !== null };
}

/** Whether the row that a reference leads to is of the namespace that it names. */
export function isMeant({ namespace }: RunRef, row: { readonly namespace: string }): boolean {
  return namespace === undefined || namespace === row.namespace;
}
