import type { Command } from 'commander';
import { MillraceError, show } from '../../../core/errors.ts';
import { isRunId } from '../../../core/ids.ts';
import { printResult, type Cli, type GlobalOptions } from '../../cli.ts';
import { withHouse } from '../../connect/open-house.ts';
import { readLimit } from '../../connect/read-limit.ts';
import { runTable } from '../../output/run-table.ts';
import { readStatuses, type RunSelection } from '../../connect/selection.ts';

const LIMIT = 50;

type Options = GlobalOptions & RunSelection & { tasks?: true; limit: number; cursor?: string };

/** `runs`: a page of runs, newest first. */
export function addRuns(program: Command, cli: Cli): void {
  program
    .command('runs')
    .description('list runs, newest first')
    .option('--status <status>', 'only these, separated by commas', (text) => readStatuses('--status', text))
    .option('--workflow <name>', 'only runs of this workflow')
    .option('--tag <tag>', 'only runs with this tag')
    .option('--key <key>', 'only runs with this key')
    .option('--tasks', 'also runs that make attempts of calls')
    .option('--limit <n>', 'at most so many, up to 1000', readLimit, LIMIT)
    .option('--cursor <cursor>', 'go on from here: the cursor that the page before gave', readCursor)
    .action(async (_own: object, command: Command) => {
      const options = command.optsWithGlobals<Options>();
      const { status, workflow, tag, key, tasks, limit, cursor } = options;
      const page = await withHouse(cli, options, async (house) => {
        const found = await house.runs({ status, workflow, tag, key, tasks, limit, cursor });
        return options.json === true ? { ...found, items: await house.withValues(found.items) } : found;
      });
      printResult(cli, options.json, page, () => runTable(cli.terminal, page.items));
      if (options.json === true) return;
      if (page.items.length === 0) cli.terminal.tell('no runs');
      if (page.nextCursor !== null) cli.terminal.tell(`there are more: --cursor ${page.nextCursor}`);
    });
}

function readCursor(text: string): string {
  if (isRunId(text)) return text;
  throw new MillraceError('INVALID_ARGUMENT', `--cursor is ${show(text)}`, {
    remedy: 'Give the cursor that the page before ended with.',
  });
}
