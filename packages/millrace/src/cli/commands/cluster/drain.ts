import type { Command } from 'commander';
import { printResult, type Cli, type GlobalOptions } from '../../cli.ts';
import { withHouse } from '../../connect/open-house.ts';
import { safeText } from '../../output/safe-text.ts';

/** `drain ENGINE`: it takes nothing new, ends what is running, and leaves. */
export function addDrain(program: Command, cli: Cli): void {
  program
    .command('drain')
    .description('tell an engine to leave in good order: nothing new, running steps end, then it goes')
    .argument('<engine>', 'its name, its incarnation, or the first 8 or more characters of that')
    .action(async (engine: string, _own: object, command: Command) => {
      const options = command.optsWithGlobals<GlobalOptions>();
      const told = await withHouse(cli, options, (house) => house.drain(engine));
      const sentence = `engine ${safeText(told.engineId)} is told to leave; \`millrace cluster\` shows when it has`;
      printResult(cli, options.json, { ...told, draining: true }, () => [sentence]);
    });
}
