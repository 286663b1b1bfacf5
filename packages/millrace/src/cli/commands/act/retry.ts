import { Option, type Command } from 'commander';
import { MillraceError } from '../../../core/errors.ts';
import type { Cli } from '../../cli.ts';
import { actOnRun, addBulkOptions } from './act-on-run.ts';
import type { BulkOptions } from './bulk.ts';

/** `retry RUN`: lets a run that ended badly, or is blocked, go on from where it failed. */
export function addRetry(program: Command, cli: Cli): void {
  const command = program
    .command('retry')
    .description(
      'let a failed, cancelled, timed-out or blocked run go on from its failure; it keeps its runId',
    )
    .usage('[options] <run>  |  --where <filters>')
    .argument('[run]', 'runId, its first 8 or more characters, or key:KEY')
    .addOption(new Option('--from <step>', 'from this step on').hideHelp());
  addBulkOptions(command).action(async (run: string | undefined) => {
    const options = command.optsWithGlobals<BulkOptions & { from?: string }>();
    if (options.from !== undefined) {
      throw new MillraceError('INVALID_ARGUMENT', 'retry --from: this version cannot choose the step', {
        remedy: 'Leave --from out: the run goes on from its failure, and what succeeded stays.',
      });
    }
    await actOnRun(cli, options, run, {
      verb: 'retry',
      statuses: ['failed', 'cancelled', 'timed-out', 'blocked'],
      perform: (subject) => subject.retry(),
      result: ({ runId, workflow }) => ({
        json: { status: 'queued' },
        sentence: `run ${runId} is queued again, for an engine with workflow "${workflow}"`,
      }),
    });
  });
}
