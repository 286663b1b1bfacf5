import { TASK_PREFIX } from '../../../core/names.ts';
import { type RawCount, sumCounts, type VersionCount, type VersionFilter } from '../../port/definitions.ts';
import type { Connection } from '../database/connection.ts';

/** The version of a run without what it demands of its engine. */
export const AUTHOR_VERSION = `substr(workflow_version, 1, instr(workflow_version || '+', '+') - 1)`;
/**
 * As the index `runs_closed_counts` has it, which serves only who says the same. Listings, which go by run id, say it in
 * other words and are not led astray.
 */
const NO_TASK = `workflow NOT GLOB '${TASK_PREFIX}*'`;

/** How many runs each version has. Runs inside a transaction of the caller. */
export type CountVersions = (filter: VersionFilter) => VersionCount[];

/** Closed runs of one workflow and version that ended in the same way. */
type Group = Pick<RawCount, 'workflow' | 'workflow_version' | 'status'>;

const LAST = Number.MAX_SAFE_INTEGER;

export function prepareVersionCounts(connection: Connection): CountVersions {
  const { selectOpen, selectOpenOf, selectNext, countGroup } = prepareStatements(connection);

  /** Hops from group to group, so that closed runs cost nothing that began before `since`. */
  function closedOf(namespace: string, workflow: string | undefined, since: number): RawCount[] {
    const counts: RawCount[] = [];
    let group = selectNext.get(namespace, workflow ?? '', '', -1, 0);
    while (group !== undefined && group.workflow === (workflow ?? group.workflow)) {
      const of = [namespace, group.workflow, group.workflow_version, group.status] as const;
      const count = countGroup.get(...of, since);
      if (count !== undefined && count.runs > 0) counts.push({ ...group, ...count });
      // Past the last run of a group begins the next group.
      group = selectNext.get(...of, LAST);
    }
    return counts;
  }

  return ({ namespace, workflow, since }) => {
    const open = workflow === undefined ? selectOpen.all(namespace) : selectOpenOf.all(namespace, workflow);
    const closed = since === undefined ? [] : closedOf(namespace, workflow, Math.ceil(since));
    return sumCounts([...open, ...closed]);
  };
}

function prepareStatements(connection: Connection) {
  // All rows are read: an index by version would cost each run more than its reading saves those who ask.
  const open = `SELECT workflow, workflow_version, status, count(*) AS runs, NULL AS ms
    FROM runs WHERE namespace = ? AND ${NO_TASK}`;
  const closed = `FROM runs_closed WHERE namespace = ? AND ${NO_TASK}`;
  const groups = 'GROUP BY status, workflow_version, workflow';
  return {
    selectOpen: connection.prepare<RawCount>(`${open} ${groups}`),
    selectOpenOf: connection.prepare<RawCount>(`${open} AND workflow = ? ${groups}`),
    selectNext: connection.prepare<Group>(`
      SELECT workflow, workflow_version, status ${closed}
        AND (workflow, workflow_version, status, started_at) > (?, ?, ?, ?)
      ORDER BY workflow, workflow_version, status, started_at LIMIT 1`),
    countGroup: connection.prepare<Pick<RawCount, 'runs' | 'ms'>>(`
      SELECT count(*) AS runs, sum(closed_at - started_at) AS ms ${closed}
        AND workflow = ? AND workflow_version = ? AND status = ? AND started_at >= ?`),
  };
}
