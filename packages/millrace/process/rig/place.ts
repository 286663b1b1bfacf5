import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import pg from 'pg';
import { createDatabase } from '../../testbed/postgres-database.ts';

export type StoreKind = 'sqlite' | 'postgres';

/** A row that a transaction of a workflow wrote. */
export interface Note {
  run_id: string;
  name: string;
  nonce: string;
}

/** An empty store, and a table `notes` beside it for the transactions of workflows. */
export interface Place {
  readonly kind: StoreKind;
  readonly url: string;
  notes(): Promise<Note[]>;
  /** Runs SQL past the engine. */
  execute(sql: string): Promise<void>;
  drop(): Promise<void>;
}

const NOTES = 'CREATE TABLE notes (run_id text NOT NULL, name text NOT NULL, nonce text NOT NULL)';
const READ = 'SELECT run_id, name, nonce FROM notes';

export function sqlitePlace(folder: string): Place {
  const path = join(folder, 'store.db');
  const use = <T>(act: (database: DatabaseSync) => T): T => {
    const database = new DatabaseSync(path, { timeout: 5000 });
    try {
      return act(database);
    } finally {
      database.close();
    }
  };
  use((database) => database.exec(`PRAGMA journal_mode = WAL; ${NOTES}`));
  return {
    kind: 'sqlite',
    url: `file:${path}`,
    // The SQL beside the call says what the rows are.
    notes: async () => use((database) => database.prepare(READ).all() as unknown as Note[]),
    execute: async (sql) => use((database) => database.exec(sql)),
    // The folder goes as a whole.
    drop: async () => undefined,
  };
}

export async function postgresPlace(serverUrl: string): Promise<Place> {
  const { url, drop } = await createDatabase(serverUrl);
  const ask = async <R extends pg.QueryResultRow>(sql: string): Promise<R[]> => {
    const client = new pg.Client(url);
    await client.connect();
    try {
      return (await client.query<R>(sql)).rows;
    } finally {
      await client.end();
    }
  };
  await ask(NOTES);
  const execute = async (sql: string): Promise<void> => void (await ask(sql));
  return { kind: 'postgres', url, notes: () => ask<Note>(READ), execute, drop };
}
