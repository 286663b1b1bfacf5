/*
 * One connection to one SQLite database: transactions, and the wait for the write lock.
 * A transaction never spans an await, so one connection serves the whole process.
 *   I1  Everything is written under BEGIN IMMEDIATE: what an act has read is still true when it writes.
 * I2  Waiting for another process's transaction happens between tries, on a timer: never inside SQLite, which
 * would stop the event loop.
 */
import { DatabaseSync } from 'node:sqlite';
import { StoreError } from '../../port/errors.ts';
import { classify, isBusy } from './failure.ts';
import type { Timers } from './timers.ts';

export type Value = string | number | null | Uint8Array;

/** A prepared statement; `Row` is what its columns are. */
export interface Statement<Row> {
  get(...values: Value[]): Row | undefined;
  all(...values: Value[]): Row[];
  run(...values: Value[]): { changes: number | bigint };
}

export interface Connection {
  readonly path: string;
  readonly timers: Timers;
  readonly database: DatabaseSync;
  prepare<Row>(sql: string): Statement<Row>;
  /** Runs `act` on one snapshot. */
  read: <T>(act: () => T) => Promise<T>;
  /** Runs `act` in one durable transaction; what it throws undoes everything. */
  write: <T>(act: () => T) => Promise<T>;
  /** Like `write`, and keeps the transaction only if `keep` says so. */
  writeIf<T>(act: () => T, keep: (value: T) => boolean): Promise<T>;
  isOpen(): boolean;
  close(): void;
}

export interface ConnectionOptions {
  path: string;
  timers: Timers;
  /** How long a call waits for the write lock before it fails as congestion, ms. */
  busyTimeoutMs: number;
}

const FIRST_RETRY_MS = 1;
const LONGEST_RETRY_MS = 32;

export async function connect(options: ConnectionOptions): Promise<Connection> {
  const database = await patiently(options, () => openDatabase(options.path));
  const begin = database.prepare('BEGIN');
  const beginImmediate = database.prepare('BEGIN IMMEDIATE');
  const commit = database.prepare('COMMIT');
  const rollback = database.prepare('ROLLBACK');
  let open = true;

  function transaction<T>(immediate: boolean, act: () => T, keep: (value: T) => boolean): T {
    if (!open)
      throw new StoreError('definite', `the store is closed (${options.path})`, { code: 'ENGINE_CLOSED' });
    (immediate ? beginImmediate : begin).run();
    let moment: 'act' | 'commit' = 'act';
    try {
      const value = act();
      if (keep(value)) {
        moment = immediate ? 'commit' : 'act';
        commit.run();
      } else {
        rollback.run();
      }
      return value;
    } catch (error) {
      // SQLite has ended the transaction by itself after some errors (full disk, I/O).
      if (database.isTransaction) rollback.run();
      if (immediate && isBusy(error)) throw classify(error, options.path, moment);
      throw isBusy(error) ? error : classify(error, options.path, moment);
    }
  }

  return {
    path: options.path,
    timers: options.timers,
    database,
    // node:sqlite types rows as records of unknown; the SQL beside the call says what they are.
    prepare: <Row>(sql: string) => database.prepare(sql) as unknown as Statement<Row>,
    read: (act) => patiently(options, () => transaction(false, act, always)),
    write: (act) => patiently(options, () => transaction(true, act, always)),
    writeIf: (act, keep) => patiently(options, () => transaction(true, act, keep)),
    isOpen: () => open,
    close: () => {
      if (!open) return;
      open = false;
      database.close();
    },
  };
}

function always(): boolean {
  return true;
}

/**
 * Repeats an attempt that met another writer, with growing jittered pauses. The first try happens at once.
 */
async function patiently<T>(
  { path, timers, busyTimeoutMs }: ConnectionOptions,
  attempt: () => T,
): Promise<T> {
  let waitedMs = 0;
  let pauseMs = FIRST_RETRY_MS;
  for (;;) {
    try {
      return attempt();
    } catch (error) {
      if (!isBusy(error)) throw classify(error, path, 'open');
      if (waitedMs >= busyTimeoutMs) {
        throw new StoreError('congestion', `another writer held ${path} for more than ${busyTimeoutMs} ms`, {
          cause: error,
        });
      }
    }
    const delayMs = pauseMs * (0.5 + timers.random() / 2);
    // oxlint-disable-next-line no-await-in-loop -- each try waits for the pause before it
    await timers.sleep(delayMs);
    waitedMs += delayMs;
    pauseMs = Math.min(pauseMs * 2, LONGEST_RETRY_MS);
  }
}

function openDatabase(path: string): DatabaseSync {
  const database = new DatabaseSync(path, { timeout: 0, enableForeignKeyConstraints: false });
  try {
    const mode = database.prepare('PRAGMA journal_mode = WAL').get()?.['journal_mode'];
    if (path !== ':memory:' && mode !== 'wal') {
      throw new StoreError(
        'definite',
        `${path} cannot use a write-ahead log (journal mode ${String(mode)}); use a local disk`,
      );
    }
    database.exec('PRAGMA synchronous = FULL; PRAGMA temp_store = MEMORY; PRAGMA cache_size = -65536');
    // Measured (batches of 500, 2 cores): with 64 MiB of log between two checkpoints instead of 4 MiB, 1.4
    // times as many plans a second; a checkpoint then stops the loop for up to 35 ms instead of 20.
    database.exec('PRAGMA wal_autocheckpoint = 16000; PRAGMA journal_size_limit = 67108864');
    return database;
  } catch (error) {
    database.close();
    throw error;
  }
}
