import type { Command } from 'commander';
import { OPEN_STATUSES } from '../../../core/status.ts';
import type { Cli } from '../../cli.ts';
import { actOnRun, addBulkOptions } from './act-on-run.ts';
import type { BulkOptions } from './bulk.ts';

/** `cancel RUN`: asks a run to end. */
export function addCancel(program: Command, cli: Cli): void {
  const command = program
    .command('cancel')
    .description('ask a run to end; its compensations run first')
    .usage('[options] <run>  |  --where <filters>')
    .argument('[run]', 'runId, its first 8 or more characters, or key:KEY')
    .option('--reason <text>', 'recorded with the run');
  addBulkOptions(command).action(async (run: string | undefined) => {
    const options = command.optsWithGlobals<BulkOptions & { reason?: string }>();
    const { reason } = options;
    await actOnRun(cli, options, run, {
      verb: 'cancel',
      statuses: OPEN_STATUSES,
      perform: (subject) => subject.cancel(reason),
      result: ({ runId }) => ({ json: { reason: reason ?? null }, sentence: `run ${runId} is asked to end` }),
    });
  });
}
