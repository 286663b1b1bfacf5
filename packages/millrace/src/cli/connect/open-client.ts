import type { Configuration } from '../../core/configuration/settings.ts';
import { MillraceError } from '../../core/errors.ts';
import { maskUrl } from '../../core/configuration/mask-url.ts';
import { Millrace } from '../../millrace.ts';
import { openExisting } from '../../open-store.ts';
import type { Store } from '../../store/port/store.ts';
import { configurationOf, type Cli, type GlobalOptions } from '../cli.ts';
import { actorAt } from './who.ts';
import { logTo } from '../output/log-line.ts';
import { existingStoreAddress } from './store-address.ts';

/** How long a store may take to answer for the first time. */
const PATIENCE_MS = 10_000;

/**
 * Opens the store for a command that looks or acts, executes nothing, and closes it whatever happens.
 * @param namespace - default: `default`.
 * @throws STORE_UNREACHABLE and what `use` throws.
 */
export async function withClient<T>(
  cli: Cli,
  options: GlobalOptions,
  use: (millrace: Millrace) => Promise<T>,
  namespace?: string,
): Promise<T> {
  const { configuration } = configurationOf(cli);
  const log = logTo(cli.terminal, { level: 'warn', format: configuration.logFormat });
  return useStore(options, configuration, async (store, url) => {
    const { expectedEngines, strategy, payloadKeys } = configuration;
    const name = 'millrace-cli';
    const actor = actorAt(cli.terminal);
    const client = {
      store,
      work: false,
      actor,
      name,
      namespace,
      log,
      expectedEngines,
      strategy,
      payloadKeys,
    };
    const millrace = await answering(url, Millrace.open(client));
    try {
      return await use(millrace);
    } finally {
      await millrace.close();
    }
  });
}

/** Opens the store for a command that only reads it. Looking makes nothing. @throws STORE_UNREACHABLE. */
export async function withStore<T>(
  cli: Cli,
  options: GlobalOptions,
  use: (store: Store, url: string) => Promise<T>,
): Promise<T> {
  return useStore(options, configurationOf(cli).configuration, use);
}

async function useStore<T>(
  options: GlobalOptions,
  configuration: Configuration,
  use: (store: Store, url: string) => Promise<T>,
): Promise<T> {
  const { url } = existingStoreAddress(options, configuration.store);
  const store = await answering(url, openExisting(url));
  try {
    return await use(store, url);
  } finally {
    await store.close();
  }
}

/** A store that does not answer at all is as good as none. @throws STORE_UNREACHABLE. */
export async function answering<T>(url: string, opening: Promise<T>): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const silence = new Promise<never>((_, reject) => {
    timer = setTimeout(() => {
      const what = `${maskUrl(url)} did not answer within ${PATIENCE_MS / 1000} s`;
      reject(new MillraceError('STORE_UNREACHABLE', what));
    }, PATIENCE_MS);
  });
  try {
    return await Promise.race([opening, silence]);
  } finally {
    clearTimeout(timer);
  }
}
