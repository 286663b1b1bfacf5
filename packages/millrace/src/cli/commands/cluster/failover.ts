import type { Command } from 'commander';
import { printResult, type Cli, type GlobalOptions } from '../../cli.ts';
import { withHouse } from '../../connect/open-house.ts';
import { safeText } from '../../output/safe-text.ts';

/** `failover ENGINE`: declares it dead, so that others go on with its runs at once. */
export function addFailover(program: Command, cli: Cli): void {
  program
    .command('failover')
    .description('declare an engine dead: its runs are queued again, and what it still writes is refused')
    .argument('<engine>', 'its name, its incarnation, or the first 8 or more characters of that')
    .action(async (engine: string, _own: object, command: Command) => {
      const options = command.optsWithGlobals<GlobalOptions>();
      const done = await withHouse(cli, options, (house) => house.failover(engine));
      const runs = done.requeued === 1 ? '1 run is' : `${done.requeued} runs are`;
      const sentence = `engine ${safeText(done.engineId)} is declared dead; ${runs} queued again`;
      printResult(cli, options.json, done, () => [sentence]);
    });
}
