import { mkdirSync } from 'node:fs';
import { dirname } from 'node:path';
import { maskUrl } from './core/configuration/mask-url.ts';
import { MillraceError } from './core/errors.ts';
import type { Store } from './store/port/store.ts';
import { openSqlite } from './store/sqlite/open-sqlite.ts';

export const DEFAULT_STORE = 'file:./.millrace/millrace.db';

/**
 * Opens the store that a URL names: `file:PATH` or `sqlite:PATH` (SQLite), `sqlite::memory:`, `postgres://…`.
 * Makes the folder of a file. Does not migrate.
 * @throws STORE_URL for any other scheme.
 */
export async function openStore(url: string): Promise<Store> {
  if (/^postgres(ql)?:\/\//.test(url)) {
    // Loaded when asked for: a program on SQLite does not pay for the driver.
    const { openPostgres } = await import('./store/postgres/open-postgres.ts');
    return openPostgres({ url });
  }
  const path = sqlitePath(url);
  if (path === ':memory:') return openSqlite({ path });
  makeFolder(path);
  return openSqlite({ path });
}

function sqlitePath(url: string): string {
  const path = /^(?:file|sqlite):(?:\/\/)?(.+)$/.exec(url)?.[1];
  if (path !== undefined) return path;
  throw new MillraceError('STORE_URL', `"${maskUrl(url)}" is not the address of a store`, {
    remedy: 'Use file:PATH for SQLite or postgres://user@host/database.',
  });
}

function makeFolder(path: string): void {
  try {
    mkdirSync(dirname(path), { recursive: true });
  } catch (cause) {
    const what = `the folder of the store file ${path} cannot be made: ${(cause as Error).message}`;
    throw new MillraceError('STORE_NOT_WRITABLE', what, { cause });
  }
}
