import { Option, type Command } from 'commander';
import { MillraceError } from '../../../core/errors.ts';
import { printResult, type Cli } from '../../cli.ts';
import type { FoundRun, House } from '../../house/house.ts';
import { withHouse } from '../../connect/open-house.ts';
import { actOnMany, type Act, type BulkOptions } from './bulk.ts';

/** An engine that has not been heard for this long is no help. */
const SILENT_MS = 10_000;

export function addBulkOptions(command: Command): Command {
  return command
    .addOption(
      new Option('--where <filters>', "all runs of 'status=…&workflow=…&tag=…&key=…' instead of one"),
    )
    .option('--yes', 'with --where: do not ask');
}

/**
 * Does something to the run that is named, or to all that `--where` selects.
 * @param result - what is printed of it, as JSON and as a sentence.
 */
export async function actOnRun(
  cli: Cli,
  options: BulkOptions,
  argument: string | undefined,
  act: Act & { readonly result: (run: FoundRun) => { readonly json: object; readonly sentence: string } },
): Promise<void> {
  checkChoice(options, argument, act.verb);
  await withHouse(cli, options, async (house) => {
    if (argument === undefined) {
      if ((await actOnMany(cli, house, options, act)) === 0) return;
    } else {
      const run = await house.findRun(argument);
      await act.perform(house.run(run.runId));
      const { json, sentence } = act.result(run);
      printResult(cli, options.json, { runId: run.runId, ...json }, () => [sentence]);
    }
    if (act.atOnce !== true) await warnWithoutEngine(cli, house);
  });
}

function checkChoice({ where }: BulkOptions, argument: string | undefined, verb: string): void {
  if (argument === undefined && where === undefined) {
    throw new MillraceError('INVALID_ARGUMENT', `${verb}: no run is named`, {
      remedy: "Name one, or select several with --where 'status=…&workflow=…'.",
    });
  }
  if (argument !== undefined && where !== undefined) {
    throw new MillraceError('INVALID_ARGUMENT', `${verb}: both a run and --where are given`, {
      remedy: 'Give one of the two.',
    });
  }
}

/** What was asked for is durable; somebody must be there to do it. */
async function warnWithoutEngine({ terminal }: Cli, house: House): Promise<void> {
  // The act is done: that nobody can be asked about engines does not undo it.
  const cluster = await house.cluster().catch(() => undefined);
  if (cluster === undefined) return;
  const { engines } = cluster;
  if (
    engines.some(
      ({ status, lastBeatAt }) => status !== 'dead' && Date.now() - Date.parse(lastBeatAt) < SILENT_MS,
    )
  )
    return;
  terminal.tell(
    `${terminal.tellStyle('yellow', 'note:')} no engine is alive; it takes effect when one starts`,
  );
}
