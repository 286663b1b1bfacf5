import { existsSync, mkdirSync } from 'node:fs';
import { dirname } from 'node:path';
import { maskUrl } from './core/configuration/mask-url.ts';
import type { PayloadKey } from './core/payload/payload-keys.ts';
import { MillraceError } from './core/errors.ts';
import { encryptedStore } from './store/encrypted/encrypted-store.ts';
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

/** The store as the runs of a namespace use it: with keys their payloads are encrypted in it. */
export function withPayloadKeys(store: Store, keys: readonly PayloadKey[], namespace: string): Store {
  return encryptedStore(store, keys, namespace);
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

/**
 * Opens a store that is to be looked at: it makes nothing, and no schema either.
 * @throws STORE_URL, STORE_UNREACHABLE where there is none, or it is not of this version's schema.
 */
export async function openExisting(url: string): Promise<Store> {
  const path = /^postgres(ql)?:\/\//.test(url) ? undefined : sqlitePath(url);
  if (path !== undefined && path !== ':memory:' && !existsSync(path)) {
    throw new MillraceError('STORE_UNREACHABLE', `there is no database at ${path}`);
  }
  const store = await openStore(url);
  try {
    await requireSchema(store, url);
    return store;
  } catch (error) {
    await store.close();
    throw error;
  }
}

/** @throws STORE_UNREACHABLE. */
async function requireSchema(store: Store, url: string): Promise<void> {
  const { from, to } = await store.migrate({ dryRun: true });
  if (from >= to) return;
  const what = `${maskUrl(url)} has schema ${from}, this version needs ${to}`;
  throw new MillraceError('STORE_UNREACHABLE', what, {
    remedy: 'Run `millrace migrate`, or start an engine of this version.',
  });
}
