import type { Command } from 'commander';
import { MillraceError, show } from '../../../core/errors.ts';
import { isRunId } from '../../../core/ids.ts';
import { printResult, type Cli } from '../../cli.ts';
import { readLimit } from '../../connect/read-limit.ts';
import { filledPage } from '../../house/filled-page.ts';
import type { House, RunPage } from '../../house/house.ts';
import { addWatch, look, type LookOptions } from '../../output/watch.ts';
import { runTable } from '../../output/run-table.ts';
import { readStatuses, type RunSelection } from '../../connect/selection.ts';

const LIMIT = 50;

type Options = LookOptions & RunSelection & { tasks?: true; limit: number; cursor?: string };

/** `runs`: a page of runs, newest first. */
export function addRuns(program: Command, cli: Cli): void {
  const command = program
    .command('runs')
    .description('list runs, newest first')
    .option('--status <status>', 'only these, separated by commas', (text) => readStatuses('--status', text))
    .option('--workflow <name>', 'only runs of this workflow')
    .option('--tag <tag>', 'only runs with this tag')
    .option('--key <key>', 'only runs with this key')
    .option('--q <text>', 'only runs with this in workflow, key or a tag, or that the id begins with')
    .option('--tasks', 'also runs that make attempts of calls')
    .option('--limit <n>', 'at most so many, up to 1000', readLimit, LIMIT)
    .option('--cursor <cursor>', 'go on from here: the cursor that the page before gave', readCursor);
  addWatch(command).action(async () => {
    const options = command.optsWithGlobals<Options>();
    const { status, workflow, tag, key, q, tasks, limit, cursor } = options;
    const read = async (house: House): Promise<RunPage> => {
      const page = await filledPage(house, { status, workflow, tag, key, q, tasks, limit, cursor });
      return options.json === true ? { ...page, items: await house.withValues(page.items) } : page;
    };
    await look(cli, options, read, (shown, page) => {
      printResult(shown, options.json, page, () => runTable(shown.terminal, page.items));
      if (options.json === true) return;
      if (page.items.length === 0) shown.terminal.tell('no runs');
      if (page.nextCursor !== null) shown.terminal.tell(`there are more: --cursor ${page.nextCursor}`);
    });
  });
}

function readCursor(text: string): string {
  if (isRunId(text)) return text;
  throw new MillraceError('INVALID_ARGUMENT', `--cursor is ${show(text)}`, {
    remedy: 'Give the cursor that the page before ended with.',
  });
}
