import { Option, type Command } from 'commander';
import { MillraceError } from '../../../core/errors.ts';
import { printResult, type Cli, type GlobalOptions } from '../../cli.ts';
import { withHouse } from '../../connect/open-house.ts';
import { readLimit } from '../../connect/read-limit.ts';
import { EXIT } from '../../exit.ts';
import { runTable } from '../../output/run-table.ts';
import { safeText } from '../../output/safe-text.ts';

const LIMIT = 50;

type Options = GlobalOptions & { limit: number; cursor?: string; redrive?: boolean; yes?: boolean };

/** `queues dead NAME`: runs that failed or were quarantined, to look at or to let go on. */
export function addDead(queues: Command, cli: Cli): void {
  queues
    .command('dead')
    .description('list runs of a queue that failed or were quarantined, newest first')
    .argument('<queue>', 'its name')
    .option('--redrive', 'let them go on from their failure, as many as --limit says')
    .option('--limit <n>', 'at most so many, up to 1000', readLimit, LIMIT)
    .option('--cursor <cursor>', 'go on from here: the cursor that the page before gave')
    .addOption(new Option('--yes', 'with --redrive: do not ask'))
    .action(async (queue: string, _own: object, command: Command) => {
      const options = command.optsWithGlobals<Options>();
      if (options.redrive === true) await redrive(cli, queue, options);
      else await list(cli, queue, options);
    });
}

async function list(cli: Cli, queue: string, options: Options): Promise<void> {
  const { limit, cursor: before, json } = options;
  const page = await withHouse(cli, options, (house) => house.deadLetters(queue, { limit, before }));
  const { runs: items, next: nextCursor = null } = page;
  printResult(cli, json, { items, nextCursor }, () => runTable(cli.terminal, items));
  if (json === true) return;
  if (items.length === 0) cli.terminal.tell('no dead letters');
  if (nextCursor !== null) cli.terminal.tell(`there are more: --cursor ${nextCursor}`);
}

async function redrive(cli: Cli, queue: string, options: Options): Promise<void> {
  const { limit, yes, json } = options;
  if (yes !== true) {
    const answer = await cli.terminal.confirm(
      `let at most ${limit} runs of queue "${safeText(queue)}" go on?`,
    );
    if (answer === undefined) {
      const remedy = 'Repeat the command with --yes.';
      throw new MillraceError('INVALID_ARGUMENT', 'nothing was changed: this needs to be confirmed', {
        remedy,
      });
    }
    if (!answer) return cli.terminal.tell('nothing was changed');
  }
  const result = await withHouse(cli, options, (house) => house.redrive(queue, { limit }));
  printResult(cli, json, result, () => [
    `${result.done} run${result.done === 1 ? ' is' : 's are'} queued again`,
    ...result.failed.map(({ runId, message }) => `${runId}: ${safeText(message)}`),
  ]);
  if (result.failed.length > 0) cli.exitCode = EXIT.failed;
}
