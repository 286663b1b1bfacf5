import { DatabaseSync } from 'node:sqlite';
import { Client } from 'pg';

/*
 * Looks into the store behind the engine's back, over connections of its own. `completed` is status 10.
 */

const COMPLETED = 10;

const COUNT_OF_WORKFLOW = `select count(*) as n from runs_closed where status = ${COMPLETED} and workflow = `;
const COUNT = `select count(*) as n from runs_closed where status = ${COMPLETED}`;
const OPEN = 'select count(*) as n from runs';
const HISTORY = 'select run_id, data, seq from history';

/** Opens the store for looking; close it before its folder goes. */
export async function openTables(place) {
  return place.store === 'postgres' ? openPostgres(place.postgres) : openSqlite(sqlitePath(place));
}

export const sqlitePath = (place) => `${place.folder}/bench.db`;

async function openPostgres(url) {
  const client = new Client(url);
  await client.connect();
  await useSchema(client);
  const count = async (sql, values) => Number((await client.query(sql, values)).rows[0].n);
  return {
    completed: (workflow) =>
      workflow === undefined ? count(COUNT) : count(`${COUNT_OF_WORKFLOW}$1`, [workflow]),
    open: () => count(OPEN),
    chunks: async () => (await client.query(HISTORY)).rows.map((row) => [row.run_id, row.data, row.seq]),
    close: () => client.end(),
  };
}

/** The tables may live in a schema of their own. */
async function useSchema(client) {
  const { rows } = await client.query("select schemaname from pg_tables where tablename = 'runs_closed'");
  if (rows.length !== 1) throw new Error(`table runs_closed found in ${rows.length} schemas`);
  await client.query(`set search_path to ${client.escapeIdentifier(rows[0].schemaname)}`);
}

function openSqlite(path) {
  const database = new DatabaseSync(path, { readOnly: true, timeout: 5000 });
  const ofWorkflow = database.prepare(`${COUNT_OF_WORKFLOW}?`);
  const count = (sql) => database.prepare(sql).get().n;
  return {
    completed: (workflow) => (workflow === undefined ? count(COUNT) : ofWorkflow.get(workflow).n),
    open: () => count(OPEN),
    chunks: () => {
      const rows = database.prepare(HISTORY).all();
      return rows.map((row) => [row.run_id, row.data, row.seq]);
    },
    close: () => database.close(),
  };
}
