import { type RawCount, sumCounts, type VersionCount, type VersionFilter } from '../../port/definitions.ts';
import type { Connections, Parameter, Statement } from '../database/connect.ts';

/* SQL as the index `runs_versions` has it: it serves only who says the same (tables.ts). */

/** The version of the run `r` without what it demands of its engine. */
export const AUTHOR_VERSION = `split_part(r.workflow_version, '+', 1)`;
export const NO_TASK = `r.workflow NOT LIKE '$task/%'`;

type Row = [workflow: string, version: string, status: number, runs: number, ms: number | null];

export function countStatement({ namespace, workflow, since }: VersionFilter): Statement {
  const values: Parameter[] = [namespace];
  const name = workflow === undefined ? 'NULL' : `$${values.push(workflow)}`;
  const open = `
SELECT r.workflow, r.workflow_version, r.status::integer, count(*)::integer, NULL::bigint FROM millrace.runs r
WHERE r.namespace = $1 AND ${NO_TASK} ${workflow === undefined ? '' : `AND r.workflow = ${name}`} GROUP BY 1, 2, 3`;
  if (since === undefined) return { text: open, values };
  const closed = `SELECT * FROM millrace.count_closed_v1($1, ${name}, $${values.push(Math.ceil(since))})`;
  return { text: `${open} UNION ALL ${closed}`, values };
}

export async function countVersions({ read }: Connections, filter: VersionFilter): Promise<VersionCount[]> {
  const rows = await read<Row>(countStatement(filter));
  const raw = rows.map(([workflow, version, status, runs, ms]): RawCount => {
    return { workflow, workflow_version: version, status, runs, ms };
  });
  return sumCounts(raw);
}
