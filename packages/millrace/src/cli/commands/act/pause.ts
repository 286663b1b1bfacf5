import type { Command } from 'commander';
import type { Cli } from '../../cli.ts';
import { who } from '../../connect/who.ts';
import { actOnRun, addBulkOptions } from './act-on-run.ts';
import type { BulkOptions } from './bulk.ts';

const RUN = 'runId, its first 8 or more characters, or key:KEY';

/** `pause RUN`: nothing of it begins any more until it is resumed. */
export function addPause(program: Command, cli: Cli): void {
  const command = program
    .command('pause')
    .description('begin nothing of a run any more until it is resumed; steps that run may end')
    .usage('[options] <run>  |  --where <filters>')
    .argument('[run]', RUN)
    .option('--reason <text>', 'shown by why');
  addBulkOptions(command).action(async (run: string | undefined) => {
    const options = command.optsWithGlobals<BulkOptions & { reason?: string }>();
    const { reason } = options;
    await actOnRun(cli, options, run, {
      verb: 'pause',
      statuses: ['queued', 'running', 'waiting', 'blocked'],
      atOnce: true,
      perform: (subject) => subject.pause({ reason, by: who(cli.terminal) }),
      result: ({ runId }) => ({
        json: { status: 'paused', reason: reason ?? null },
        sentence: `run ${runId} is paused; go on with: millrace resume ${runId}`,
      }),
    });
  });
}

/** `resume RUN`: a paused run goes on where it stood. */
export function addResume(program: Command, cli: Cli): void {
  const command = program
    .command('resume')
    .description('let a paused run go on where it stood')
    .usage('[options] <run>  |  --where <filters>')
    .argument('[run]', RUN);
  addBulkOptions(command).action(async (run: string | undefined) => {
    const options = command.optsWithGlobals<BulkOptions>();
    await actOnRun(cli, options, run, {
      verb: 'resume',
      statuses: ['paused'],
      perform: (subject) => subject.resume(),
      result: ({ runId }) => ({ json: {}, sentence: `run ${runId} goes on` }),
    });
  });
}
