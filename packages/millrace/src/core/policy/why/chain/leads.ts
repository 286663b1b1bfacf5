import type { Cause, Reason } from '../reason.ts';

/** A run of a chain, and what holds it up. */
export type Link = Omit<Cause, 'told'>;

/** The runs that a reason names as what must move first: a child, a task, who holds a lock or a limit. */
export function leadsOf({ refs: { runId, holders } }: Reason): readonly string[] {
  if (holders !== undefined) return String(holders).split(' ');
  return runId === undefined ? [] : [String(runId)];
}
