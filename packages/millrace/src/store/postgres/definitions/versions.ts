import { TASK_PREFIX } from '../../../core/names.ts';
import { type RawCount, sumCounts, type VersionCount, type VersionFilter } from '../../port/definitions.ts';
import type { Connections, Parameter, Statement } from '../database/connect.ts';

/**
 * Whether the run `r` is of this version, whatever it demands behind a `+`: next to which a comma stands. Said as ranges,
 * because of these statistics know how many there are.
 */
export function isOfVersion(place: string): string {
  const version = `${place}::text`;
  return `strpos(${version}, '+') = 0 AND (r.workflow_version = ${version}
    OR (r.workflow_version > ${version} || '+' AND r.workflow_version < ${version} || ','))`;
}

type Row = [workflow: string, version: string, status: number, runs: number, ms: number | null];

export function countStatement({ namespace, workflow, since }: VersionFilter): Statement {
  const values: Parameter[] = [namespace];
  const name = workflow === undefined ? undefined : `$${values.push(workflow)}`;
  const where = `WHERE r.namespace = $1 AND NOT starts_with(r.workflow, '${TASK_PREFIX}')
  ${name === undefined ? '' : `AND r.workflow = ${name}`}`;
  const groups = `r.workflow, r.workflow_version, r.status`;
  const open = `
SELECT ${groups}, count(*)::integer, NULL::bigint FROM millrace.runs r ${where} GROUP BY ${groups}`;
  if (since === undefined) return { text: open, values };
  // What began since has closed since; this is what the index knows.
  const at = `$${values.push(Math.ceil(since))}`;
  const closed = `
SELECT ${groups}, count(*)::integer, sum(r.closed_at - r.started_at)::bigint FROM millrace.runs_closed r ${where}
  AND r.closed_at >= ${at} AND r.started_at >= ${at} GROUP BY ${groups}`;
  return { text: `${open} UNION ALL ${closed}`, values };
}

export async function countVersions({ read }: Connections, filter: VersionFilter): Promise<VersionCount[]> {
  const rows = await read<Row>(countStatement(filter));
  const raw = rows.map(([workflow, version, status, runs, ms]): RawCount => {
    return { workflow, workflow_version: version, status, runs, ms };
  });
  return sumCounts(raw);
}
