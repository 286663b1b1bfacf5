import { STATUS_CODE } from '../../../core/status.ts';
import type { Connection } from '../database/connection.ts';

/** The queued runs, not assigned, of one workflow version in one queue, with the rank of the first. */
export interface Group {
  namespace: string;
  queue: string;
  workflow: string;
  workflow_version: string;
  /** Runs that hold a grant stand in groups of their own: a limit that is full does not hold them back. */
  granted: number;
  rank: number;
}

/** What goes before a new run, read once in a call and kept up to date with what the call itself queues. */
export interface QueueHeads {
  /** The least rank in a queue, of runs that are not assigned. */
  leastRank(namespace: string, queue: string): number;
  /** The least rank of the runs that are assigned to this engine, in any queue. */
  leastAssigned(engineId: string): number;
  /** A run whose window has passed stands in no queue yet: whoever claims next puts it in its place. */
  anyLapsed(): boolean;
  queued(namespace: string, queue: string, rank: number): void;
  assigned(engineId: string, rank: number): void;
}

/**
 * Looks at the heads of queues. It hops from group to group over the index, one seek each, so that its cost
 * does not grow with the number of queued runs: not even when thousands of them wait for a workflow that
 * nobody has.
 */
export interface Backlog {
  /** All groups, or those of one namespace and queue, in index order. */
  groups(namespace?: string, queue?: string): Group[];
  heads(): QueueHeads;
}

const LAST_RANK = Number.MAX_SAFE_INTEGER;

export function prepareBacklog(connection: Connection): Backlog {
  const selectNext = connection.prepare<Group>(`
    SELECT namespace, queue, workflow, workflow_version, granted, rank FROM runs
    WHERE status = ${STATUS_CODE.queued} AND suspect_group IS NULL
      AND assigned_to IS NULL AND parked_on IS NULL
      AND (namespace, queue, workflow, workflow_version, granted, rank) > (?, ?, ?, ?, ?, ?)
    ORDER BY namespace, queue, workflow, workflow_version, granted, rank LIMIT 1`);
  const selectAssigned = connection.prepare<{ rank: number }>(
    'SELECT rank FROM runs WHERE assigned_to = ? ORDER BY rank LIMIT 1',
  );
  const selectLapsed = connection.prepare('SELECT 1 FROM runs WHERE assigned_until <= ? LIMIT 1');

  function groups(namespace?: string, queue?: string): Group[] {
    const found: Group[] = [];
    let at = selectNext.get(namespace ?? '', queue ?? '', '', '', 0, -LAST_RANK);
    while (at !== undefined && isIn(at, namespace, queue)) {
      found.push(at);
      // Past the last rank of a group begins the next group.
      at = selectNext.get(at.namespace, at.queue, at.workflow, at.workflow_version, at.granted, LAST_RANK);
    }
    return found;
  }

  return {
    groups,
    heads: () => {
      const least = new Map<string, number>();
      const assigned = new Map<string, number>();
      let lapsed: boolean | undefined;
      function leastRank(namespace: string, queue: string): number {
        // No name contains a NUL (port/text.ts), so the joined name is unambiguous.
        const name = `${namespace}\0${queue}`;
        let rank = least.get(name);
        if (rank === undefined) {
          rank = Math.min(Infinity, ...groups(namespace, queue).map((group) => group.rank));
          least.set(name, rank);
        }
        return rank;
      }
      function leastAssigned(engineId: string): number {
        let rank = assigned.get(engineId);
        if (rank === undefined) {
          rank = selectAssigned.get(engineId)?.rank ?? Infinity;
          assigned.set(engineId, rank);
        }
        return rank;
      }
      return {
        leastRank,
        leastAssigned,
        anyLapsed: () => (lapsed ??= selectLapsed.get(connection.timers.now()) !== undefined),
        queued: (namespace, queue, rank) => {
          if (rank < leastRank(namespace, queue)) least.set(`${namespace}\0${queue}`, rank);
        },
        assigned: (engineId, rank) => void assigned.set(engineId, Math.min(rank, leastAssigned(engineId))),
      };
    },
  };
}

function isIn(group: Group, namespace: string | undefined, queue: string | undefined): boolean {
  return (
    (namespace === undefined || group.namespace === namespace) &&
    (queue === undefined || group.queue === queue)
  );
}
