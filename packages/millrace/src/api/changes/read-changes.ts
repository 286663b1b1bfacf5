import { begun, ended, reopened, type ChangeEvent } from '../../core/changes/change.ts';
import { createdAtOf, firstIdAt } from '../../core/ids.ts';
import type { ChangePlaces, Changes, ChangeStore } from '../../store/port/changes.ts';

const PAGE = 500;
const END = { at: Number.MAX_SAFE_INTEGER, runId: firstIdAt(0) };
const LAST_ID = 'ffffffff-ffff-ffff-ffff-ffffffffffff';

/** A change, and the instant by which it is found. */
export interface Found {
  readonly change: ChangeEvent;
  readonly at: number;
}

/** One page of what became of runs. */
export interface FoundPage {
  /** By time. */
  readonly found: readonly Found[];
  readonly storeTime: number;
  /** Where the next page begins; undefined: this was the last. */
  readonly next: ChangePlaces | undefined;
}

export interface Span {
  readonly namespace: string;
  readonly after: ChangePlaces;
  readonly until?: number | undefined;
}

/** Before everything that happened at `at` or later. */
export function placesAt(at: number): ChangePlaces {
  const place = { at, runId: firstIdAt(0) };
  return { begun: firstIdAt(at), ended: place, reopened: place };
}

export async function readPage(store: ChangeStore, { namespace, after, until }: Span): Promise<FoundPage> {
  const changes = await store.readChanges({ namespace, after, until, limit: PAGE });
  const found = [
    ...changes.begun.map((run) => ({ change: begun(run), at: createdAtOf(run.runId) })),
    ...changes.ended.map((run) => ({ change: ended(run), at: run.closedAt })),
    ...changes.reopened.map((run) => ({ change: reopened(run), at: run.reopenedAt })),
  ];
  found.sort((a, b) => a.at - b.at);
  return { found, storeTime: changes.storeTime, next: nextOf(changes) };
}

/** Only lists that were full go on. */
function nextOf(changes: Changes): ChangePlaces | undefined {
  const [lastBegun, lastEnded, lastReopened] = [
    changes.begun[PAGE - 1],
    changes.ended[PAGE - 1],
    changes.reopened[PAGE - 1],
  ];
  if (lastBegun === undefined && lastEnded === undefined && lastReopened === undefined) return undefined;
  return {
    begun: lastBegun?.runId ?? LAST_ID,
    ended: lastEnded === undefined ? END : { at: lastEnded.closedAt, runId: lastEnded.runId },
    reopened: lastReopened === undefined ? END : { at: lastReopened.reopenedAt, runId: lastReopened.runId },
  };
}
