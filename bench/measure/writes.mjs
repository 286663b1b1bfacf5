import { Client } from 'pg';

/*
 * What a session wrote to PostgreSQL, from the server's own statistics. Read after every client has left: a
 * connection hands in its numbers when it closes.
 */

const TOTALS = `
  select xact_commit::float8 as transactions,
         (select coalesce(sum(n_tup_ins), 0)::float8 from pg_stat_user_tables) as inserted,
         (select coalesce(sum(n_tup_upd), 0)::float8 from pg_stat_user_tables) as updated,
         (select coalesce(sum(n_tup_del), 0)::float8 from pg_stat_user_tables) as deleted,
         pg_wal_lsn_diff(pg_current_wal_insert_lsn(), '0/0')::float8 as "walBytes"
    from pg_stat_database where datname = current_database()`;

const STATEMENTS = `
  select calls::float8, rows::float8, round(total_exec_time)::float8 as "totalMs",
         round(mean_exec_time::numeric, 3)::float8 as "meanMs", left(regexp_replace(query, '\\s+', ' ', 'g'), 160) as query
    from pg_stat_statements where dbid = (select oid from pg_database where datname = current_database())
   order by total_exec_time desc limit 12`;

async function ask(url, sql) {
  const client = new Client(url);
  await client.connect();
  try {
    return (await client.query(sql)).rows;
  } finally {
    await client.end();
  }
}

/** Transactions, rows and bytes of log since the database was made (the log: since the server was). */
export async function readTotals(url) {
  const [totals] = await ask(url, TOTALS);
  return totals;
}

/** The statements that took the most time; the server must have been started with pg_stat_statements. */
export async function readStatements(url) {
  return ask(url, STATEMENTS);
}

/** What happened between two readings. */
export function difference(before, after) {
  return Object.fromEntries(Object.entries(after).map(([name, value]) => [name, value - before[name]]));
}
