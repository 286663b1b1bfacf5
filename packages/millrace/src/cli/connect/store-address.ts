import { accessSync, constants, existsSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import { maskUrl } from '../../core/configuration/mask-url.ts';
import { storeUrl } from '../../core/configuration/readers.ts';
import { MillraceError } from '../../core/errors.ts';
import { DEFAULT_STORE } from '../../open-store.ts';
import type { GlobalOptions } from '../cli.ts';

/** Where a command finds the store, and who said so. */
export interface StoreAddress {
  readonly url: string;
  readonly source: '--store' | 'DATABASE_URL' | 'default';
}

/**
 * The store of a command that may make it.
 * @param configured - what the environment says.
 * @throws STORE_URL for an address of unknown kind, INVALID_ARGUMENT for `--server`.
 */
export function storeAddress(options: GlobalOptions, configured: string | undefined): StoreAddress {
  refuseServer(options.server);
  if (options.store !== undefined) return { url: checkedUrl(options.store), source: '--store' };
  if (configured !== undefined) return { url: configured, source: 'DATABASE_URL' };
  return { url: DEFAULT_STORE, source: 'default' };
}

/**
 * The store of a command that only looks or acts: it must be there already, nothing is made by looking.
 * @throws STORE_UNREACHABLE besides.
 */
export function existingStoreAddress(options: GlobalOptions, configured: string | undefined): StoreAddress {
  const address = storeAddress(options, configured);
  const path = databaseFile(address.url);
  if (path === undefined || existsSync(path)) return address;
  throw new MillraceError('STORE_UNREACHABLE', `there is no database at ${path}`, {
    remedy:
      address.source === 'default'
        ? 'Name the store with --store or DATABASE_URL, or run a workflow here first.'
        : `Correct ${address.source}; the first run, or \`millrace migrate\`, makes the database.`,
  });
}

/** The file of a SQLite address; undefined for other stores and for one in memory. */
export function databaseFile(url: string): string | undefined {
  const path = /^(?:file|sqlite):(?:\/\/)?(.+)$/.exec(url)?.[1];
  return path === ':memory:' ? undefined : path;
}

/**
 * Whether a file that is not there yet could be made: the nearest folder above it that exists can be written.
 */
export function couldMake(path: string): boolean {
  let folder = dirname(resolve(path));
  while (!existsSync(folder)) folder = dirname(folder);
  try {
    accessSync(folder, constants.W_OK | constants.X_OK);
    return true;
  } catch {
    return false;
  }
}

function checkedUrl(url: string): string {
  try {
    return storeUrl(url);
  } catch {
    throw new MillraceError('STORE_URL', `--store: "${maskUrl(url)}" is not the address of a store`);
  }
}

function refuseServer(server: string | undefined): void {
  if (server === undefined) return;
  throw new MillraceError(
    'INVALID_ARGUMENT',
    `--server: this command works on a store, not through a server`,
    {
      remedy: 'Name the store instead: --store file:PATH or --store postgres://….',
    },
  );
}
