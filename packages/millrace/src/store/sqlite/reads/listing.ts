import { TASK_PREFIX } from '../../../core/names.ts';
import { OPEN_STATUSES, STATUS_CODE } from '../../../core/status.ts';
import { isIndexed, LOOK_AT, smallLetters, tablesOf, type RunTable } from '../../port/reads.ts';
import type { RunFilter, RunPage, RunRow } from '../../port/store.ts';
import type { Connection, Statement, Value } from '../database/connection.ts';
import { AUTHOR_VERSION } from '../definitions/versions.ts';
import type { ClosedRow, OpenRow } from '../runs/rows.ts';
import { closedOf, decodeClosed, decodeOpen, type Named, openOf } from './run-rows.ts';

const MAX_PAGE = 1000;

/** Pages of runs. Runs inside a transaction of the caller: both tables are read in one snapshot. */
export function prepareListing(connection: Connection): (filter: RunFilter) => RunPage {
  const listings = new Map<string, Statement<unknown>>();

  /** Filters come in few shapes: each is prepared once. */
  function query<Row>(sql: string): Statement<Row> {
    let statement = listings.get(sql);
    if (statement === undefined) listings.set(sql, (statement = connection.prepare(sql)));
    // The SQL text, which is the key, says what its columns are.
    return statement as Statement<Row>;
  }

  function page(table: RunTable, filter: RunFilter, { where, values }: Conditions): RunRow[] {
    const looked = lookedAt(filter, table, '*');
    const tail = `WHERE ${where} ORDER BY run_id DESC LIMIT ?`;
    const all = [...looked.values, ...values, Math.min(filter.limit, MAX_PAGE) + 1];
    if (table === 'runs')
      return query<OpenRow & Named>(`${openOf(`(${looked.text})`)} ${tail}`)
        .all(...all)
        .map(decodeOpen);
    return query<ClosedRow & Named>(`${closedOf(`(${looked.text})`)} ${tail}`)
      .all(...all)
      .map(decodeClosed);
  }

  /** The last run that a page has looked at, where it has not looked at all: what is older belongs to the next one. */
  function endOfLook(filter: RunFilter): string | undefined {
    if (isIndexed(filter)) return undefined;
    const ends = tablesOf(filter).flatMap((table) => {
      const { text, values } = lookedAt(filter, table, 'run_id');
      const last = query<{ run_id: string }>(`SELECT run_id FROM (${text}) LIMIT 1 OFFSET ?`);
      return last.get(...values, (filter.lookAt ?? LOOK_AT) - 1)?.run_id ?? [];
    });
    return ends.toSorted().at(-1);
  }

  return (filter) => {
    const limit = Math.min(filter.limit, MAX_PAGE);
    const { where, values } = conditionsOf(filter);
    const found = tablesOf(filter)
      .flatMap((table) => page(table, filter, { where, values }))
      .toSorted(newestFirst);
    const runs = found.slice(0, limit);
    // One more than the page shows whether there is a next one.
    if (found.length > limit) return { runs, next: runs.at(-1)?.runId };
    const end = endOfLook(filter);
    return { runs: end === undefined ? runs : runs.filter(({ runId }) => runId >= end), next: end };
  };
}

function newestFirst(a: RunRow, b: RunRow): number {
  return a.runId < b.runId ? 1 : -1;
}

/** The rows of a table that a page looks at, the newest. */
function lookedAt(filter: RunFilter, table: RunTable, columns: string): { text: string; values: Value[] } {
  const { namespace, lookAt = LOOK_AT, before, key } = filter;
  const conditions: string[] = [];
  const values: Value[] = [];
  const add = (condition: string, ...more: Value[]): void => {
    conditions.push(condition);
    values.push(...more);
  };
  // The index of the others (see schema.ts); of the default one the table itself is in the right order.
  if (namespace !== 'default') add(`namespace = ? AND namespace <> 'default'`, namespace);
  if (before !== undefined) add('run_id < ?', before);
  // The open run of a key is the one that the key points to (I8).
  if (key !== undefined && table === 'runs')
    add('run_id = (SELECT k.run_id FROM keys k WHERE k.namespace = ? AND k.key = ?)', namespace, key);
  const where = conditions.length === 0 ? '' : `WHERE ${conditions.join(' AND ')}`;
  const from = `SELECT ${columns} FROM ${table} ${where}`;
  if (isIndexed(filter)) return { text: from, values };
  return { text: `${from} ORDER BY run_id DESC LIMIT ?`, values: [...values, lookAt] };
}

interface Conditions {
  where: string;
  values: Value[];
}

const KNOWN_BY = `(instr(lower(workflow), ?) > 0 OR instr(lower(key), ?) > 0 OR instr(run_id, ?) = 1
  OR EXISTS (SELECT 1 FROM json_each(tags) WHERE instr(lower(value), ?) > 0))`;

function conditionsOf(filter: RunFilter): Conditions {
  const conditions = ['namespace = ?'];
  const values: Value[] = [filter.namespace];
  function add(condition: string, value: Value | undefined): void {
    if (value === undefined) return;
    conditions.push(condition);
    values.push(value);
  }
  const codes = filter.status?.map((status) => STATUS_CODE[status]);
  // Status is left out where it decides nothing but the table.
  if (codes !== undefined && codes.length < OPEN_STATUSES.length * 2) {
    add('status IN (SELECT value FROM json_each(?))', JSON.stringify(codes));
  }
  add('workflow = ?', filter.workflow);
  add(`${AUTHOR_VERSION} = ?`, filter.workflowVersion);
  add('queue = ?', filter.queue);
  if (filter.workflow === undefined && filter.tasks !== true)
    conditions.push(`substr(workflow, 1, ${TASK_PREFIX.length}) <> '${TASK_PREFIX}'`);
  add('EXISTS (SELECT 1 FROM json_each(tags) WHERE value = ?)', filter.tag);
  add('key = ?', filter.key);
  add('parent_run_id = ?', filter.parentRunId);
  if (filter.q !== undefined) {
    conditions.push(KNOWN_BY);
    const q = smallLetters(filter.q);
    values.push(q, q, q, q);
  }
  return { where: conditions.join(' AND '), values };
}
