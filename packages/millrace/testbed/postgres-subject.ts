import { Client } from 'pg';
import { createDatabase, type TestDatabase } from './postgres-database.ts';
import type { Store } from '../src/store/port/store.ts';
import type { BlankDatabase, Clock, Subject } from '../src/store/contract/subject.ts';
import { openPostgres } from '../src/store/postgres/open-postgres.ts';

/** Where a test's stores find its database: the server itself, or a pooler in front of it. */
export type Route = (database: TestDatabase) => string;

const NO_HINTS = { hintsUrl: false, connections: 4 } as const;
const START = Date.UTC(2030, 0, 1);

/** Everything that a test can have written. Measured: emptying takes a tenth of the time of a new database. */
const EMPTY = `TRUNCATE millrace.locks, millrace.lock_waiters, millrace.limits, millrace.run_keys,
  millrace.engines, millrace.runs, millrace.runs_closed, millrace.history, millrace.inbox,
  millrace.keys, millrace.leases, millrace.settings, millrace.failovers,
  millrace.definitions, millrace.routes, millrace.api_keys, millrace.audit,
  millrace.logs, millrace.log_lines, notes`;

interface Place {
  database: TestDatabase;
  store: Store;
  second: Store;
  clock: Clock;
  reset(): Promise<void>;
}

/** Places that no test uses at the moment, by route. */
const free = new Map<Route, Place[]>();
const DIRECT: Route = ({ url }) => url;

/** What the contract asks for: a database for each promise, emptied after use. */
export async function openSubject(serverUrl: string, route: Route = DIRECT): Promise<Subject> {
  const place = free.get(route)?.pop() ?? (await openPlace(serverUrl, route));
  const { database, store, second, clock } = place;
  const blanks: BlankDatabase[] = [];
  return {
    store,
    second,
    clock,
    notes: {
      // The port leaves the type of a transaction to each backend: here it is a client.
      write: async (tx, text) => {
        const client: Client = tx;
        await client.query('INSERT INTO notes (text) VALUES ($1)', [text]);
      },
      read: async () => {
        const rows = await ask<{ text: string }>(database.url, 'SELECT text FROM notes ORDER BY ctid');
        return rows.map(({ text }) => text);
      },
    },
    blank: async () => {
      const blank = await openBlank(serverUrl, route);
      blanks.push(blank);
      return blank;
    },
    close: async () => {
      await Promise.all(blanks.map((blank) => blank.close()));
      await place.reset();
      free.set(route, [...(free.get(route) ?? []), place]);
    },
  };
}

async function openPlace(serverUrl: string, route: Route): Promise<Place> {
  const database = await createDatabase(serverUrl);
  let at = START;
  const now = () => at;
  const store = await openPostgres({ url: route(database), now, ...NO_HINTS });
  const second = await openPostgres({ url: route(database), now, ...NO_HINTS });
  await store.migrate();
  await ask(database.url, 'CREATE TABLE notes (text text NOT NULL)');
  return {
    database,
    store,
    second,
    clock: { now, advance: (ms) => void (at += ms) },
    reset: async () => {
      await ask(database.url, EMPTY);
      at = START;
    },
  };
}

/** Ends what the file's subjects share. */
export async function closeSubjects(): Promise<void> {
  const places = [...free.values()].flat();
  free.clear();
  await Promise.all(
    places.map(async ({ database, store, second }) => {
      await Promise.all([store.close(), second.close()]);
      await database.drop();
    }),
  );
}

async function openBlank(serverUrl: string, route: Route): Promise<BlankDatabase> {
  const database = await createDatabase(serverUrl);
  const first = await openPostgres({ url: route(database), ...NO_HINTS });
  const second = await openPostgres({ url: route(database), ...NO_HINTS });
  return {
    first,
    second,
    recordMigration: async (id, name) => {
      await ask(database.url, `INSERT INTO millrace.migrations (id, name, checksum) VALUES ($1, $2, '')`, [
        id,
        name,
      ]);
    },
    alterChecksum: async (id) => {
      await ask(database.url, `UPDATE millrace.migrations SET checksum = 'another' WHERE id = $1`, [id]);
    },
    close: async () => {
      await first.close();
      await second.close();
      await database.drop();
    },
  };
}

/** One statement on a connection of its own. */
export async function ask<Row extends object>(
  url: string,
  text: string,
  values: unknown[] = [],
): Promise<Row[]> {
  const client = new Client(url);
  await client.connect();
  try {
    return (await client.query<Row>(text, values)).rows;
  } finally {
    await client.end();
  }
}
