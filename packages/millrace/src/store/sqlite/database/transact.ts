import { constants } from 'node:sqlite';
import { StoreError } from '../../port/errors.ts';
import type { Connection, Value } from './connection.ts';

/** What an author's code gets: the same database, inside the transaction of the plan. */
export interface SqliteTransaction {
  run(sql: string, ...values: Value[]): { changes: number | bigint; lastInsertRowid: number | bigint };
  get(sql: string, ...values: Value[]): Record<string, unknown> | undefined;
  all(sql: string, ...values: Value[]): Record<string, unknown>[];
  exec(sql: string): void;
}

/** Runs an author's function inside the transaction that is open, without letting it end that transaction. */
export interface Guest {
  /** The transaction object of the function that is running now. */
  current(): SqliteTransaction | undefined;
  run<T>(body: (tx: SqliteTransaction) => T): T;
  /** Dooms the transaction: an act inside it failed although the author's code may not have noticed. */
  doom(error: unknown): void;
}

const FORBIDDEN =
  /^(?:\s|--[^\n]*(?:\n|$)|\/\*[\s\S]*?\*\/|;)*(begin|commit|end|rollback|savepoint|release|attach|detach|pragma|vacuum)\b/i;
const REFUSED_ACTIONS: ReadonlySet<number> = new Set([
  constants.SQLITE_TRANSACTION,
  constants.SQLITE_SAVEPOINT,
  constants.SQLITE_ATTACH,
  constants.SQLITE_DETACH,
  constants.SQLITE_PRAGMA,
]);

export function prepareGuest(connection: Connection): Guest {
  const { database } = connection;
  let running: SqliteTransaction | undefined;
  let doomed: Error[] = [];

  // Asked once for each statement that is compiled, never while one runs. Node 22 has no authorizer: there
  // the look at a statement's first word must do.
  if (typeof database.setAuthorizer === 'function') {
    database.setAuthorizer((action) =>
      running !== undefined && REFUSED_ACTIONS.has(action) ? constants.SQLITE_DENY : constants.SQLITE_OK,
    );
  }

  const tx: SqliteTransaction = {
    run: (sql, ...values) =>
      open()
        .prepare(checked(sql))
        .run(...values),
    get: (sql, ...values) =>
      open()
        .prepare(checked(sql))
        .get(...values),
    all: (sql, ...values) =>
      open()
        .prepare(checked(sql))
        .all(...values),
    exec: (sql) => open().exec(checked(sql)),
  };

  function open() {
    if (running === undefined)
      throw new StoreError('definite', 'the transaction is over: its object was used afterwards');
    return database;
  }

  return {
    current: () => running,
    doom: (error) => {
      doomed.push(error instanceof Error ? error : new Error(String(error)));
    },
    run: (body) => {
      running = tx;
      doomed = [];
      try {
        const value = body(tx);
        if (isPromise(value)) {
          value.then(undefined, () => undefined);
          throw new StoreError(
            'definite',
            'a transaction on SQLite must be a synchronous function, this one returned a promise',
            { code: 'ASYNC_TRANSACTION' },
          );
        }
        const [cause] = doomed;
        if (cause !== undefined) throw cause;
        if (!database.isTransaction) {
          throw new StoreError(
            'definite',
            'the function ended the transaction itself; nothing of it may be relied on',
          );
        }
        return value;
      } finally {
        running = undefined;
      }
    },
  };
}

function checked(sql: string): string {
  const word = FORBIDDEN.exec(sql)?.[1];
  if (word !== undefined) {
    throw new StoreError(
      'definite',
      `${word.toUpperCase()} is not allowed inside a transaction of Millrace: ${sql}`,
    );
  }
  return sql;
}

function isPromise(value: unknown): value is PromiseLike<unknown> {
  return typeof value === 'object' && value !== null && 'then' in value && typeof value.then === 'function';
}
