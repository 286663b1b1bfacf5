import type { Command } from 'commander';
import type { Cli } from '../../cli.ts';
import { actOnRun, addBulkOptions } from './act-on-run.ts';
import type { BulkOptions } from './bulk.ts';

/** `retry RUN`: lets a run that ended badly, or is blocked, go on from where it failed, or from a step. */
export function addRetry(program: Command, cli: Cli): void {
  const command = program
    .command('retry')
    .description(
      'let a failed, cancelled, timed-out or blocked run go on from its failure; it keeps its runId',
    )
    .usage('[options] <run>  |  --where <filters>')
    .argument('[run]', 'runId, its first 8 or more characters, or key:KEY')
    .option('--from <step>', 'do this step or node, and all that was asked for after it, again');
  addBulkOptions(command).action(async (run: string | undefined) => {
    const options = command.optsWithGlobals<BulkOptions & { from?: string }>();
    const { from } = options;
    await actOnRun(cli, options, run, {
      verb: 'retry',
      statuses: ['failed', 'cancelled', 'timed-out', 'blocked'],
      perform: (subject) => subject.retry({ from }),
      result: ({ runId, workflow }) => ({
        json: { status: 'queued' },
        sentence: `run ${runId} is queued again, for an engine with workflow "${workflow}"`,
      }),
    });
  });
}
