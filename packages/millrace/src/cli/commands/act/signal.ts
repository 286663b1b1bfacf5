import type { Command } from 'commander';
import { MillraceError } from '../../../core/errors.ts';
import { checkName } from '../../../core/names.ts';
import { OPEN_STATUSES } from '../../../core/status.ts';
import type { Cli } from '../../cli.ts';
import { readJsonArgument } from '../../read-json.ts';
import { actOnRun, addBulkOptions } from './act-on-run.ts';
import type { BulkOptions } from './bulk.ts';

/** `signal RUN NAME [JSON]`: sends a signal to a run. */
export function addSignal(program: Command, cli: Cli): void {
  const command = program
    .command('signal')
    .description('send a signal to a run')
    .usage('[options] <run> <name> [json]  |  --where <filters> <name> [json]')
    .argument('[run]', 'runId, its first 8 or more characters, or key:KEY')
    .argument('[name]', 'name of the signal')
    .argument('[json]', 'payload: JSON, @FILE or @- for standard input')
    .option('--id <id>', 'the same id twice is one signal');
  addBulkOptions(command).action(async (...given: (string | undefined | object)[]) => {
    const options = command.optsWithGlobals<BulkOptions & { id?: string }>();
    const texts = given.slice(0, 3).filter((text) => typeof text === 'string');
    const [run, name, json] = options.where === undefined ? texts : [undefined, ...texts];
    if (name === undefined) {
      throw new MillraceError('INVALID_ARGUMENT', 'signal: no name is given', {
        remedy: "Write: millrace signal RUN NAME '{…}'.",
      });
    }
    checkName('signal', name);
    const payload = json === undefined ? undefined : await readJsonArgument(cli.terminal, 'payload', json);
    const { id } = options;
    await actOnRun(cli, options, run, {
      verb: `signal ${name}`,
      statuses: OPEN_STATUSES,
      perform: (subject) => subject.signal(name, payload, id === undefined ? {} : { id }),
      result: ({ runId }) => ({ json: { signal: name }, sentence: `signal ${name} is with run ${runId}` }),
    });
  });
}
