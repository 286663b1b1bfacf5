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

/** A PostgreSQL server, or several that stand in for each other. */
export interface Server {
  readonly url: string;
  /** The address of a database there as engines are given it. */
  reach(url: string): string;
  /** The same at the one server that takes writes now. */
  writable(url: string): string;
  /** Whether it outlives its databases. */
  readonly lasting: boolean;
}

export function single(url: string): Server {
  return { url, reach: (own) => own, writable: (own) => own, lasting: true };
}

export async function postgresPlace(server: Server): Promise<Place> {
  const { url, drop } = await createDatabase(server.url);
  const ask = async <R extends pg.QueryResultRow>(sql: string): Promise<R[]> => {
    const client = new pg.Client(server.writable(url));
    await client.connect();
    try {
      return (await client.query<R>(sql)).rows;
    } finally {
      await client.end();
    }
  };
  await ask(NOTES);
  return {
    kind: 'postgres',
    url: server.reach(url),
    notes: () => ask<Note>(READ),
    execute: async (sql) => void (await ask(sql)),
    drop: async () => (server.lasting ? drop() : undefined),
  };
}
