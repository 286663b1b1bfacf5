import { StoreError, type StoreErrorOptions, type StoreFailure } from '../../port/errors.ts';

/** Primary result codes of SQLite that this backend tells apart (https://sqlite.org/rescode.html). */
const BUSY = 5;
const LOCKED = 6;
const NO_MEMORY = 7;
const READ_ONLY = 8;
const INTERRUPTED = 9;
const IO_ERROR = 10;
const CORRUPT = 11;
const FULL = 13;
const CANNOT_OPEN = 14;
const PROTOCOL = 15;
const TOO_BIG = 18;
const NOT_A_DATABASE = 26;

/** Where in a call the error came up: only a failing COMMIT can leave the outcome open. */
export type Moment = 'open' | 'act' | 'commit';

/** The primary result code of an error that SQLite raised. */
function sqliteCode(error: unknown): number | undefined {
  if (!(error instanceof Error) || !('errcode' in error) || typeof error.errcode !== 'number')
    return undefined;
  return error.errcode & 0xff;
}

/** Another connection holds the write lock: nothing was done, trying again soon is right. */
export function isBusy(error: unknown): boolean {
  const code = sqliteCode(error);
  return code === BUSY || code === PROTOCOL;
}

const NOT_WRITABLE = { code: 'STORE_NOT_WRITABLE' } as const;

/** Every error of SQLite as a `StoreError`; other errors (bugs, an author's own throw) pass unchanged. */
export function classify(error: unknown, path: string, moment: Moment): unknown {
  const code = sqliteCode(error);
  if (code === undefined || !(error instanceof Error)) return error;
  const told = (failure: StoreFailure, what: string, how: Omit<StoreErrorOptions, 'cause'> = {}) =>
    new StoreError(failure, `${what}: ${error.message} (${path})`, { ...how, cause: error });
  switch (code) {
    case BUSY:
    case PROTOCOL:
      return told('congestion', 'the database is held by another writer');
    case LOCKED:
    case INTERRUPTED:
      return told('definite', 'the statement was interrupted', { retryable: true });
    case NO_MEMORY:
      return told('congestion', 'SQLite is out of memory');
    case FULL:
      return told('congestion', 'the disk is full');
    case IO_ERROR:
      // The commit record may or may not have reached the disk.
      return moment === 'commit'
        ? told('ambiguous', 'the commit met an I/O error')
        : told('congestion', 'the disk answered with an I/O error');
    case READ_ONLY:
      return told('definite', 'the database file or its folder cannot be written', NOT_WRITABLE);
    case CANNOT_OPEN:
      return told('definite', 'the database file cannot be opened', NOT_WRITABLE);
    case CORRUPT:
    case NOT_A_DATABASE:
      return told('definite', 'the file is not a sound SQLite database');
    case TOO_BIG:
      return told('definite', 'a value is larger than SQLite stores');
    default:
      return told('definite', 'SQLite refused the statement');
  }
}
