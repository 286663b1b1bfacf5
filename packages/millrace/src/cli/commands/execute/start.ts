import type { Command } from 'commander';
import type { StartOptions } from '../../../api/start-request.ts';
import { resolvePriority } from '../../../core/names.ts';
import { printResult, type Cli, type GlobalOptions } from '../../cli.ts';
import { withHouse } from '../../connect/open-house.ts';
import { EXIT } from '../../exit.ts';
import { safeText } from '../../output/safe-text.ts';
import { readJsonArgument } from '../../read-json.ts';
import { runToEnd } from './run-to-end.ts';
import { watchStopSignals } from './stop-signals.ts';

type Options = GlobalOptions & {
  input?: string;
  key?: string;
  queue?: string;
  priority?: string;
  tag: readonly string[];
  wait?: true;
};

/** `start NAME`: starts a run that engines elsewhere execute. */
export function addStart(program: Command, cli: Cli): void {
  program
    .command('start')
    .description('start a workflow by name; the engines of the store execute it')
    .argument('<name>', 'NAME, or NAME@VERSION; by default the version that its route says')
    .option('--input <json>', 'input of the workflow: JSON, @FILE, or @- for standard input')
    .option('--key <key>', 'name of the run: the same key names the same run')
    .option('--queue <name>', 'the queue to wait in')
    .option('--priority <priority>', 'low, normal, high or critical')
    .option('--tag <tag>', 'a word to find it by; may be repeated', collect, [])
    .option('--wait', 'wait for its end, tell its progress and print its output')
    .action(async (name: string, _own: object, command: Command) => {
      const options = command.optsWithGlobals<Options>();
      const { json, key, queue, tag: tags, priority, wait } = options;
      const input =
        options.input === undefined
          ? undefined
          : await readJsonArgument(cli.terminal, '--input', options.input);
      const start: StartOptions = {
        ...{ key, queue, tags },
        priority: priority === undefined ? undefined : resolvePriority(priority, 'start'),
      };
      if (wait === true) {
        using stop = watchStopSignals();
        const job = { workflow: name, input, start, asJson: json === true, works: false };
        cli.exitCode = await withHouse(cli, options, (house) => runToEnd(cli, house, job, stop));
        const signal = stop.received();
        if (signal !== undefined) cli.exitCode = EXIT[signal];
        return;
      }
      const run = await withHouse(cli, options, async (house) => {
        const { runId } = await house.start(name, input, start);
        return house.run(runId).describe();
      });
      const { runId, workflow, version, status } = run;
      printResult(cli, json, { runId, workflow, version, status }, () => [runId]);
      if (json !== true) cli.terminal.tell(`${safeText(workflow)}@${version} · ${status}`);
    });
}

function collect(value: string, before: readonly string[]): readonly string[] {
  return [...before, value];
}
