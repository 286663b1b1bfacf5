import type { Command } from 'commander';
import { demandsOf } from '../../../core/cluster/demands.ts';
import { checkInput } from '../../../core/workflow/check-input.ts';
import { durationMs } from '../../../core/duration.ts';
import { checkKey } from '../../../core/names.ts';
import { Millrace } from '../../../millrace.ts';
import { configurationOf, type Cli, type GlobalOptions } from '../../cli.ts';
import { EXIT } from '../../exit.ts';
import { actorAt } from '../../connect/who.ts';
import { answering } from '../../connect/open-client.ts';
import { workingOptions } from '../../connect/working-options.ts';
import { readJsonArgument } from '../../read-json.ts';
import { watchStopSignals } from './stop-signals.ts';
import { storeAddress } from '../../connect/store-address.ts';
import { localHouse } from '../../house/local-house.ts';
import { createLive } from './live/screen.ts';
import { runToEnd, type Job } from './run-to-end.ts';
import { loadTarget, type Target } from './target.ts';

type Options = GlobalOptions & {
  input?: string;
  key?: string;
  executors?: string;
  timeout?: string;
} & Demands;
type Demands = { requires?: readonly string[]; region?: string };

/** `run FILE|NAME`: a workflow from its start, or from where it was, to its end in this process. */
export function addRun(program: Command, cli: Cli): void {
  program
    .command('run')
    .description(
      'run a workflow to its end in this process; repeat it with the same --key to resume after a crash',
    )
    .argument('<file-or-name>', 'a definition, a module (FILE or FILE#NAME), or the name of a workflow')
    .option('--input <json>', 'input of the workflow: JSON, @FILE, or @- for standard input')
    .option('--key <key>', 'name of the run: the same key names the same run')
    .option('--executors <module>', 'module with `executors` and `workflows`; default: MILLRACE_MODULE')
    .option('--timeout <duration>', 'the run ends as timed-out after this long, such as 30s or 2h')
    .option('--requires <labels>', 'labels that its engine must carry, separated by commas', readLabels)
    .option('--region <region>', 'where its engine must stand')
    .action(async (target: string, _own: object, command: Command) => {
      const options = command.optsWithGlobals<Options>();
      const { configuration } = configurationOf(cli);
      const { url } = storeAddress(options, configuration.store);
      // Everything that can be refused is, before a store is made or opened.
      const { key, timeout, requires, region } = options;
      demandsOf({ requires, region }, 'run');
      if (key !== undefined) checkKey(key);
      const timeoutMs = timeout === undefined ? undefined : durationMs(timeout, '--timeout');
      const input = options.input === undefined ? undefined : await readInput(cli, options.input);
      const module = options.executors ?? configuration.module;
      const what = await loadTarget(cli.terminal, { target, module, url });
      if ('workflow' in what) await checkInput(what.workflow, input);

      const live = createLive(cli.terminal);
      using stop = watchStopSignals();
      const millrace = await answering(
        url,
        Millrace.open({
          store: url,
          ...what.contents,
          ...workingOptions({ ...cli, terminal: live.terminal }, configuration),
        }),
      );
      const audit = { actor: actorAt(cli.terminal) };
      const start = { key, timeout: timeoutMs, requires, region, audit };
      try {
        const workflow = await startable(millrace, what, target);
        const job: Job = { workflow, input, start, asJson: options.json === true, works: true, live };
        if (stop.received() === undefined)
          cli.exitCode = await runToEnd(cli, localHouse(millrace), job, stop);
      } finally {
        await millrace.close();
      }
      const signal = stop.received();
      if (signal !== undefined) cli.exitCode = EXIT[signal];
    });
}

function readLabels(given: string): readonly string[] {
  return given.split(',').map((label) => label.trim());
}

function readInput({ terminal }: Cli, given: string): Promise<unknown> {
  return readJsonArgument(terminal, '--input', given);
}

/** A definition is stored before it runs, so that its run can be read, and gone on with, anywhere. */
async function startable(millrace: Millrace, target: Target, file: string): Promise<Job['workflow']> {
  if (target.kind === 'name') return target.name;
  if (target.kind === 'code') return target.workflow;
  const { name, version } = await millrace.deploy(target.document, { file, draft: true });
  return { name, version };
}
