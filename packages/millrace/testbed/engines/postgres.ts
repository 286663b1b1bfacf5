import { afterAll, beforeAll } from 'vitest';
import { openStore } from '../../src/index.ts';
import { createDatabase, type TestDatabase } from '../postgres-database.ts';
import { Client } from 'pg';
import { ask } from '../postgres-subject.ts';
import { useStores } from './engines.ts';

/** Few rows are deleted faster than tables are truncated. */
const EMPTY = [
  ...['engines', 'runs', 'runs_closed', 'history', 'inbox', 'keys', 'leases', 'settings', 'failovers'],
  ...['locks', 'lock_waiters'],
  ...['limits', 'run_keys'],
  ...['definitions', 'routes', 'api_keys', 'audit', 'logs', 'log_lines'],
]
  .map((table) => `DELETE FROM millrace.${table};`)
  .join(' ');

/** Lets the tests of this file, from here on, run on a database of their own, which is emptied after each. */
export function usePostgres(serverUrl: string): { url(): string } {
  let database: TestDatabase | undefined;
  let client: Client | undefined;
  const url = (): string => {
    if (database === undefined) throw new Error('the database is made before the first test');
    return database.url;
  };
  beforeAll(async () => {
    database = await createDatabase(serverUrl);
    const store = await openStore(database.url);
    await store.migrate();
    await store.close();
    await ask(database.url, 'CREATE TABLE notes (text text NOT NULL)');
    client = new Client(database.url);
    await client.connect();
  });
  afterAll(async () => {
    await client?.end();
    await database?.drop();
  });
  useStores({
    alone: url,
    shared: url,
    clear: async () => void (await client?.query(`${EMPTY} DELETE FROM notes`)),
  });
  return { url };
}
