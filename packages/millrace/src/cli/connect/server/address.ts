import { existsSync } from 'node:fs';
import { MillraceError } from '../../../core/errors.ts';
import { DEFAULT_STORE } from '../../../open-store.ts';
import type { Cli, GlobalOptions } from '../../cli.ts';
import { databaseFile } from '../store-address.ts';

/** How long the default server may take to say that it is there. */
const PROBE_MS = 500;

/**
 * The server that a command talks to; undefined: it uses the store. The first counts of `--server`, `--store`,
 * MILLRACE_SERVER, DATABASE_URL, a default server that answers, and the default store.
 * @param configured - the store of the environment.
 * @throws INVALID_ARGUMENT for what is no address.
 */
export async function serverAddress(
  { terminal }: Cli,
  options: GlobalOptions,
  configured: string | undefined,
): Promise<string | undefined> {
  const { server, store } = options;
  if (server !== undefined) return checked('--server', server);
  if (store !== undefined) return undefined;
  const fromEnvironment = terminal.env['MILLRACE_SERVER'];
  if (fromEnvironment !== undefined && fromEnvironment !== '')
    return checked('MILLRACE_SERVER', fromEnvironment);
  if (configured !== undefined) return undefined;
  const { defaultServer } = terminal;
  if (defaultServer !== undefined && (await isMillrace(defaultServer))) return defaultServer;
  if (existsSync(databaseFile(DEFAULT_STORE) ?? '')) return undefined;
  throw new MillraceError('SERVER_UNREACHABLE', nowhere(defaultServer), {
    remedy:
      'Start `millrace serve`, or name a server with --server or MILLRACE_SERVER, a store with --store or DATABASE_URL.',
  });
}

function nowhere(server: string | undefined): string {
  const asked = server === undefined ? '' : `no server answers at ${server}, and `;
  return `${asked}there is no database at ${databaseFile(DEFAULT_STORE) ?? DEFAULT_STORE}`;
}

function checked(source: string, text: string): string {
  const url = URL.parse(text);
  if (url !== null && ['http:', 'https:'].includes(url.protocol)) return text;
  throw new MillraceError('INVALID_ARGUMENT', `${source}: "${text}" is not the address of a server`, {
    remedy: 'Write it like http://127.0.0.1:7400.',
  });
}

/** Something else may have the port. */
async function isMillrace(url: string): Promise<boolean> {
  try {
    const response = await fetch(`${url}/openapi.json`, { signal: AbortSignal.timeout(PROBE_MS) });
    const { info } = (await response.json()) as { readonly info?: { readonly title?: unknown } };
    return info?.title === 'Millrace';
  } catch {
    return false;
  }
}
