import { DatabaseSync } from 'node:sqlite';
import { Client } from 'pg';

/*
 * Fills a store behind the engine's back with runs that are over and runs that wait, as many as it takes to see whether
 * listings stay fast. Ids ascend with time as those of real runs do; one run in 33 failed, one in 1,000 was cancelled, one
 * in five has a tag, one in 200,000 a rare one, one in three a key; 40 workflows share them, the last of them has one run
 * in 100,000.
 */
const FIRST_MS = 1_700_000_000_000;

/** Expressions in the language of both databases; `n` is the number of the run. */
const status = 'case when n % 1000 = 7 then 12 when n % 33 = 3 then 11 else 10 end';
const workflow = `case when n % 100000 = 5 then 'seldom' else 'workflow-' || (n % 39) end`;
const key = `case when n % 3 = 0 then 'key-' || n end`;

const COLUMNS = `run_id, namespace, workflow, workflow_version, queue, priority, status, epoch, version, commit_id, events,
  inbox_seq, created_at, started_at, key, tags`;

function rowsOf({ id, tags, at, open }) {
  const common = `'default', ${workflow}, '1', 'queue-' || (n % 4), 2`;
  const state = open ? '2' : status;
  return `${id}, ${common}, ${state}, 1, 2, n, 3, 0, ${at}, ${at} + 5, ${key}, ${tags}`;
}

/** @param place - `{ store, url }` of a store that has its schema. */
export async function fillRuns({ store, url }, { closed, open }) {
  if (store === 'postgres') return fillPostgres(url, { closed, open });
  return fillSqlite(url.slice('file:'.length), { closed, open });
}

const pgSeries = (from, to) => `from (select n::bigint as n from generate_series(${from}, ${to}) as s(n)) s`;
const sqliteSeries = (from, to) =>
  `from (with recursive s(n) as (select ${from} union all select n + 1 from s where n < ${to}) select n from s)`;

async function fillPostgres(url, { closed, open }) {
  const client = new Client(url);
  await client.connect();
  const at = `${FIRST_MS} + n * 50`;
  const hex = `lpad(to_hex(${at}), 12, '0')`;
  const id = `(substr(${hex}, 1, 8) || '-' || substr(${hex}, 9, 4) || '-7000-8000-' || lpad(to_hex(n), 12, '0'))::uuid`;
  const tags = `case when n % 200000 = 9 then array['rare'] when n % 5 = 1 then array['region-' || (n % 10)] end`;
  await client.query(`set synchronous_commit = off;
    insert into millrace.runs_closed (${COLUMNS}, closed_at)
      select ${rowsOf({ id, tags, at, open: false })}, ${at} + 900 ${pgSeries(1, closed)};
    insert into millrace.runs (${COLUMNS}, rank, deaths, wake_at)
      select ${rowsOf({ id, tags, at, open: true })}, n, 0, ${FIRST_MS} * 2 ${pgSeries(closed + 1, closed + open)};
    analyze millrace.runs_closed; analyze millrace.runs`);
  await client.end();
}

function fillSqlite(path, { closed, open }) {
  const database = new DatabaseSync(path);
  const at = `(${FIRST_MS} + n * 50)`;
  const hex = `printf('%012x', ${at})`;
  const id = `substr(${hex}, 1, 8) || '-' || substr(${hex}, 9, 4) || '-7000-8000-' || printf('%012x', n)`;
  const tags = `case when n % 200000 = 9 then '["rare"]' when n % 5 = 1 then '["region-' || (n % 10) || '"]' else '[]' end`;
  database.exec(`begin;
    insert into runs_closed (${COLUMNS}, closed_at)
      select ${rowsOf({ id, tags, at, open: false })}, ${at} + 900 ${sqliteSeries(1, closed)};
    insert into runs (${COLUMNS}, rank, deaths, wake_at)
      select ${rowsOf({ id, tags, at, open: true })}, n, 0, ${FIRST_MS} * 2 ${sqliteSeries(closed + 1, closed + open)};
    commit`);
  database.close();
}

/** What people look for in a list. */
export const LISTINGS = [
  ['all', ''],
  ['one status', 'status=failed'],
  ['a rare status', 'status=cancelled'],
  ['open ones', 'status=waiting'],
  ['a workflow', 'workflow=workflow-7'],
  ['a seldom workflow', 'workflow=seldom'],
  ['a workflow and a status', 'workflow=workflow-7&status=failed'],
  ['a tag', 'tag=region-1'],
  ['a rare tag', 'tag=rare'],
  ['a tag that none has', 'tag=none'],
  ['a key', 'key=key-300'],
  ['many statuses', 'status=failed&status=cancelled&status=blocked&status=waiting&tag=region-6'],
];
