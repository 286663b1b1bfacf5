import type { Command } from 'commander';
import { durationMs } from '../../../core/duration.ts';
import { MillraceError } from '../../../core/errors.ts';
import { Millrace } from '../../../millrace.ts';
import { configurationOf, type Cli, type GlobalOptions } from '../../cli.ts';
import { answering } from '../../connect/open-client.ts';
import { storeAddress } from '../../connect/store-address.ts';
import { workingOptions } from '../../connect/working-options.ts';
import { loadModule } from '../../modules/load-modules.ts';
import { plainJson } from '../../../core/json/plain-json.ts';
import { watchStopSignals } from './stop-signals.ts';

type Options = GlobalOptions & { http: boolean; queues?: string; grace: string };

const GRACE = '10s';

/** `serve`: an engine that works until it is told to stop. */
export function addServe(program: Command, cli: Cli): void {
  program
    .command('serve')
    .description('work as one engine, as the environment says, until a signal or `millrace drain` ends it')
    .option('--no-http', 'without API and dashboard (they are not in this version: needed)')
    .option('--queues <names>', 'queues to take runs from, separated by commas; default: QUEUES')
    .option('--grace <duration>', 'how long running steps may go on after a signal', GRACE)
    .action(async (_own: object, command: Command) => {
      const options = command.optsWithGlobals<Options>();
      if (options.http) {
        throw new MillraceError('INVALID_ARGUMENT', 'serve: this version has no HTTP server', {
          remedy: 'Add --no-http to run the engine alone; the server comes with a later version.',
        });
      }
      const graceMs = durationMs(options.grace, '--grace');
      const env = options.queues === undefined ? {} : { QUEUES: options.queues, QUEUES_FILE: undefined };
      const terminal = { ...cli.terminal, env: { ...cli.terminal.env, ...env } };
      await serve({ ...cli, terminal }, options, graceMs);
    });
}

/** Works until somebody ends it. Leaving in good order is what was asked for, so the exit status is 0. */
async function serve(cli: Cli, options: Options, graceMs: number): Promise<void> {
  const { configuration } = configurationOf(cli);
  const { url } = storeAddress(options, configuration.store);
  const { terminal } = cli;
  if (configuration.module === undefined)
    terminal.tell(
      `${terminal.tellStyle('yellow', 'note:')} MILLRACE_MODULE is not set: no run can be executed`,
    );
  const contents =
    configuration.module === undefined
      ? { workflows: [], executors: {} }
      : await loadModule(configuration.module, 'option');
  const { workflows, executors } = contents;
  using stop = watchStopSignals();
  const millrace = await answering(
    url,
    Millrace.open({ store: url, workflows, executors, ...workingOptions(cli, configuration) }),
  );
  try {
    announce(cli, options, millrace);
    await Promise.race([stop.asked, millrace.departed]);
    const signal = stop.received();
    terminal.tell(
      signal === undefined
        ? 'this engine was told to leave, and has left'
        : `${signal}: finishing running steps, for at most ${options.grace} (again: stop at once)`,
    );
  } finally {
    await millrace.close({ grace: graceMs });
  }
}

function announce({ terminal }: Cli, { json }: Options, { engine }: Millrace): void {
  const { name = '', workflows = [] } = engine?.options ?? {};
  const incarnation = engine?.engineId ?? '';
  const names = workflows.map((workflow) => `${workflow.name}@${workflow.version}`);
  if (json === true) terminal.out(plainJson({ engineId: name, incarnation, workflows: names }));
  terminal.tell(`engine ${name} works (${incarnation}); workflows: ${names.join(', ') || 'none'}`);
}
