import { MillraceError } from '../../core/errors.ts';
import { configurationOf, type Cli, type GlobalOptions } from '../cli.ts';
import type { House } from '../house/house.ts';
import { localHouse } from '../house/local-house.ts';
import { withClient } from './open-client.ts';
import { serverAddress } from './server/address.ts';
import { serverKey } from './server/key.ts';

/**
 * What a command that looks or acts works with: a server or a store, as its options and the environment say.
 * @param namespace - of a store; default: `default`. A server knows it from the key.
 * @throws SERVER_UNREACHABLE, STORE_UNREACHABLE, and what `use` throws.
 */
export async function withHouse<T>(
  cli: Cli,
  options: GlobalOptions,
  use: (house: House) => Promise<T>,
  namespace?: string,
): Promise<T> {
  const { configuration } = configurationOf(cli);
  const url = await serverAddress(cli, options, configuration.store);
  if (url === undefined) return withClient(cli, options, (millrace) => use(localHouse(millrace)), namespace);
  if (namespace !== undefined) throw chosenByKey(namespace);
  // Commands that use a store need nothing of this.
  const { remoteHouse } = await import('../house/remote/remote-house.ts');
  return use(remoteHouse({ url, key: serverKey(cli.terminal.env) }));
}

function chosenByKey(namespace: string): MillraceError {
  const what = `--namespace is "${namespace}", but of a server it is that of the key`;
  return new MillraceError('INVALID_ARGUMENT', what, {
    remedy: 'Leave it out and use a key of that namespace, or name the store with --store.',
  });
}
