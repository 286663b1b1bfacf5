import type { Command } from 'commander';
import { durationMs } from '../../../../core/duration.ts';
import { configurationOf, type Cli, type GlobalOptions } from '../../../cli.ts';
import { storeAddress } from '../../../connect/store-address.ts';
import { loadModule } from '../../../modules/load-modules.ts';
import { watchStopSignals } from '../stop-signals.ts';
import { announce } from './announce.ts';
import { openNode } from './open-node.ts';

type Options = GlobalOptions & { http: boolean; queues?: string; grace: string };

const GRACE = '10s';
const LINGER_MS = 500;

/** `serve`: an engine and its API, until it is told to stop. */
export function addServe(program: Command, cli: Cli): void {
  program
    .command('serve')
    .description('work as one engine with its HTTP API, as the environment says, until a signal ends it')
    .option('--no-http', 'work without the HTTP API')
    .option('--queues <names>', 'queues to take runs from, separated by commas; default: QUEUES')
    .option('--grace <duration>', 'how long running steps and requests may go on after a signal', GRACE)
    .action(async (_own: object, command: Command) => {
      const options = command.optsWithGlobals<Options>();
      const graceMs = durationMs(options.grace, '--grace');
      const env = options.queues === undefined ? {} : { QUEUES: options.queues, QUEUES_FILE: undefined };
      const terminal = { ...cli.terminal, env: { ...cli.terminal.env, ...env } };
      await serve({ ...cli, terminal }, options, graceMs);
    });
}

/** Works until somebody ends it. Leaving in good order is what was asked for, so the exit status is 0. */
async function serve(cli: Cli, options: Options, graceMs: number): Promise<void> {
  const { configuration } = configurationOf(cli);
  const { url: store } = storeAddress(options, configuration.store);
  const { terminal } = cli;
  const { module, host, port } = configuration;
  if (module === undefined)
    terminal.tell(
      `${terminal.tellStyle('yellow', 'note:')} MILLRACE_MODULE is not set: only definitions can be executed`,
    );
  const contents =
    module === undefined ? { workflows: [], executors: {} } : await loadModule(module, 'option');
  using stop = watchStopSignals();
  const at = options.http ? { host, port } : undefined;
  const node = await openNode({ cli, configuration, store, contents, at, lingerMs: LINGER_MS });
  try {
    announce(cli, options, node);
    await Promise.race([stop.asked, node.departed]);
    const signal = stop.received();
    terminal.tell(
      signal === undefined
        ? 'this engine was told to leave, and has left'
        : `${signal}: finishing running steps, for at most ${options.grace} (again: stop at once)`,
    );
  } finally {
    await node.close(graceMs);
  }
}
