import type { Command } from 'commander';
import { printResult, type Cli, type GlobalOptions } from '../../cli.ts';
import { withHouse } from '../../connect/open-house.ts';
import { definitionLines, definitionTable } from './tables.ts';

/** `definitions [NAME]`: workflows with their versions, who gets them and what runs on them. */
export function addDefinitions(program: Command, cli: Cli): void {
  program
    .command('definitions')
    .description(
      'list workflows with their versions: what new runs get, open runs, engines that can run them',
    )
    .argument('[name]', 'one of them, with how its runs ended and what was changed')
    .action(async (name: string | undefined, _own: object, command: Command) => {
      const options = command.optsWithGlobals<GlobalOptions>();
      const { json } = options;
      if (name !== undefined) {
        const found = await withHouse(cli, options, (house) => house.definition(name));
        return printResult(cli, json, found, () => definitionLines(cli.terminal, found));
      }
      const items = await withHouse(cli, options, (house) => house.definitions());
      printResult(cli, json, { items }, () =>
        items.length === 0 ? [] : definitionTable(cli.terminal, items),
      );
      if (items.length === 0 && json !== true) cli.terminal.tell('no definitions');
    });
}
