import type { Command } from 'commander';
import { MillraceError, show } from '../../../core/errors.ts';
import { printResult, type Cli, type GlobalOptions } from '../../cli.ts';
import { withHouse } from '../../connect/open-house.ts';
import { definitionLines } from './tables.ts';

/** `activate NAME@VERSION`: all new runs get this version. */
export function addActivate(program: Command, cli: Cli): void {
  program
    .command('activate')
    .description('let all new runs of a workflow get this version; a roll-out of it ends')
    .argument('<name@version>', 'such as order@2')
    .action(async (target: string, _own: object, command: Command) => {
      const options = command.optsWithGlobals<GlobalOptions>();
      const { name, version } = readVersion(target);
      const found = await withHouse(cli, options, (house) => house.activate(name, version));
      printResult(cli, options.json, found, () => definitionLines(cli.terminal, found));
    });
}

/** `rollback NAME`: back to what was before. */
export function addRollback(program: Command, cli: Cli): void {
  program
    .command('rollback')
    .description('end the roll-out of a workflow, or else activate the version that was active before')
    .argument('<name>', 'the workflow')
    .action(async (name: string, _own: object, command: Command) => {
      const options = command.optsWithGlobals<GlobalOptions>();
      const found = await withHouse(cli, options, (house) => house.rollback(name));
      printResult(cli, options.json, found, () => definitionLines(cli.terminal, found));
    });
}

function readVersion(target: string): { name: string; version: string } {
  const [name, version, ...rest] = target.split('@');
  if (name && version && rest.length === 0) return { name, version };
  throw new MillraceError('INVALID_ARGUMENT', `activate: ${show(target)} names no version`, {
    remedy: 'Write NAME@VERSION, such as order@2.',
  });
}
