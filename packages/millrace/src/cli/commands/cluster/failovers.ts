import type { Command } from 'commander';
import type { FailoverDescription } from '../../../core/cluster/describe-failover.ts';
import { printResult, type Cli, type GlobalOptions } from '../../cli.ts';
import { withHouse } from '../../connect/open-house.ts';
import { readLimit } from '../../connect/read-limit.ts';
import { shortInstant, span } from '../../output/run-words.ts';
import { table } from '../../output/table.ts';
import type { Terminal } from '../../terminal.ts';

const LIMIT = 50;

type Options = GlobalOptions & { limit: number; cursor?: string };

/** `failovers`: engines that were declared dead, newest first. */
export function addFailovers(program: Command, cli: Cli): void {
  program
    .command('failovers')
    .description('list engines that were declared dead, newest first')
    .option('--limit <n>', 'at most so many, up to 1000', readLimit, LIMIT)
    .option('--cursor <cursor>', 'go on from here: the cursor that the page before gave')
    .action(async (_own: object, command: Command) => {
      const { limit, cursor: before, ...options } = command.optsWithGlobals<Options>();
      const page = await withHouse(cli, options, (house) => house.failovers({ limit, before }));
      const { failovers: items, next: nextCursor = null } = page;
      printResult(cli, options.json, { items, nextCursor }, () => failoverTable(cli.terminal, items));
      if (options.json === true) return;
      if (items.length === 0) cli.terminal.tell('no failovers');
      if (nextCursor !== null) cli.terminal.tell(`there are more: --cursor ${nextCursor}`);
    });
}

function failoverTable(
  { outStyle: style, columns }: Terminal,
  failovers: readonly FailoverDescription[],
): string[] {
  if (failovers.length === 0) return [];
  return table(
    [
      { title: 'AT', of: ({ detectedAt }) => shortInstant(detectedAt) },
      { title: 'ENGINE', of: ({ failedEngine }) => failedEngine, shrinks: true },
      { title: 'BY', of: ({ takeoverEngine, kind }) => takeoverEngine ?? kind },
      {
        title: 'SILENT FOR',
        of: ({ silentMs }) => (silentMs === null ? '' : span(silentMs)),
        align: 'right',
      },
      { title: 'RUNS', of: ({ runs }) => String(runs), align: 'right' },
      { title: 'QUARANTINED', of: ({ quarantined }) => String(quarantined.length), align: 'right' },
      { title: 'LOCKS', of: ({ locks }) => String(locks.length), align: 'right' },
      { title: 'INCARNATION', of: ({ failedIncarnation }) => failedIncarnation },
    ],
    failovers,
    { style, columns },
  );
}
