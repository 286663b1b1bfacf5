import type { Command } from 'commander';
import { printResult, type Cli, type GlobalOptions } from '../../cli.ts';
import { withHouse } from '../../connect/open-house.ts';
import { detailOf } from '../../output/history-line.ts';
import { shortInstant } from '../../output/run-words.ts';
import { table } from '../../output/table.ts';

/** `history RUN`: every recorded event of a run. */
export function addHistory(program: Command, cli: Cli): void {
  program
    .command('history')
    .description('list every recorded event of a run')
    .argument('<run>', 'runId, its first 8 or more characters, or key:KEY')
    .action(async (argument: string, _own: object, command: Command) => {
      const options = command.optsWithGlobals<GlobalOptions>();
      const items = await withHouse(cli, options, async (house) => {
        const { runId } = await house.findRun(argument);
        return house.run(runId).history();
      });
      const { outStyle: style, columns } = cli.terminal;
      printResult(cli, options.json, { items, nextCursor: null }, () =>
        table(
          [
            { title: 'SEQ', of: ({ seq }) => String(seq), align: 'right' },
            { title: 'AT', of: ({ at }) => shortInstant(at) },
            { title: 'TYPE', of: ({ type }) => type },
            { title: 'NAME', of: ({ name = '' }) => name },
            { title: 'DETAIL', of: detailOf, shrinks: true },
            { title: 'ENGINE', of: ({ engineId = '' }) => engineId },
          ],
          items,
          { style, columns },
        ),
      );
    });
}
