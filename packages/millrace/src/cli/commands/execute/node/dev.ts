import type { Command } from 'commander';
import { MillraceError, show } from '../../../../core/errors.ts';
import { configurationOf, type Cli, type GlobalOptions } from '../../../cli.ts';
import { storeAddress } from '../../../connect/store-address.ts';
import { namesDefinition } from '../../../modules/definition-file.ts';
import { loadModule, mergeContents } from '../../../modules/load-modules.ts';
import { watchStopSignals } from '../stop-signals.ts';
import { announce } from './announce.ts';
import { createDrafts } from './drafts.ts';
import { openNode } from './open-node.ts';
import { watchFiles } from './watch-files.ts';

type Options = GlobalOptions & { port?: number };

const GRACE_MS = 2_000;
/** This machine alone: nobody is asked for a key. */
const HOST = '127.0.0.1';
/** What definitions that are being written call is mostly on this machine. */
const OWN_HOSTS = ['localhost:*', '127.0.0.1:*', '[::1]:*'];

/** `dev [FILE…]`: everything in one process, for whoever writes workflows. */
export function addDev(program: Command, cli: Cli): void {
  program
    .command('dev')
    .description('one process with store, engine and HTTP API; definitions are read again when they change')
    .argument('[files...]', 'definitions, which are stored as drafts, and modules')
    .option('--port <number>', 'where the API answers; default: PORT, else 7400', readPort)
    .action(async (files: readonly string[], _own: object, command: Command) => {
      await dev(cli, command.optsWithGlobals<Options>(), files);
    });
}

async function dev(cli: Cli, options: Options, files: readonly string[]): Promise<void> {
  const { configuration } = configurationOf(cli);
  const { terminal } = cli;
  const { url: store } = storeAddress(options, configuration.store);
  const modules = files.filter((file) => !namesDefinition(file));
  if (configuration.module !== undefined) modules.push(configuration.module);
  const contents = mergeContents(await Promise.all(modules.map((file) => loadModule(file, 'run'))));
  using stop = watchStopSignals();
  const at = { host: HOST, port: options.port ?? configuration.port };
  const httpAllowHosts = [...configuration.httpAllowHosts, ...OWN_HOSTS];
  const node = await openNode({ cli, configuration, store, contents, at, options: { httpAllowHosts } });
  const drafts = createDrafts(terminal, node.tenants);
  const definitions = files.filter(namesDefinition);
  using _ = watchFiles([...definitions, ...modules], (file) => {
    if (namesDefinition(file)) drafts.read(file);
    else terminal.tell(`${file} has changed: code is read at the start, so start again to use it`);
  });
  try {
    for (const file of definitions) drafts.read(file);
    await drafts.settled();
    announce(cli, options, node);
    await Promise.race([stop.asked, node.departed]);
  } finally {
    await node.close(GRACE_MS);
  }
}

function readPort(given: string): number {
  const port = Number(given);
  if (/^\d+$/.test(given) && port <= 65_535) return port;
  throw new MillraceError('INVALID_ARGUMENT', `--port is ${show(given)}`, {
    remedy: 'Give a whole number from 0 to 65535; 0 is any port that is free.',
  });
}
