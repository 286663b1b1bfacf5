import type { Command } from 'commander';
import { durationMs } from '../../../core/duration.ts';
import { MillraceError, show } from '../../../core/errors.ts';
import type { GuardOptions } from '../../../core/versions/guard.ts';
import { printResult, type Cli, type GlobalOptions } from '../../cli.ts';
import { withHouse } from '../../connect/open-house.ts';
import { definitionLines } from './tables.ts';

type Options = GlobalOptions & { guard?: string | boolean; minRuns?: string; window?: string };

/** `rollout NAME 2=10%`: parts of the new runs get other versions. */
export function addRollout(program: Command, cli: Cli): void {
  program
    .command('rollout')
    .description('let parts of the new runs of a workflow get other versions, drawn by their keys')
    .argument('<name>', 'the workflow')
    .argument('<version=percent...>', 'such as 2=10%; the active version gets the rest, 0% takes one out')
    .option('--guard [percent]', 'take a version back by itself when more of its runs fail; default 10%')
    .option('--no-guard', 'end the guard of this roll-out')
    .option('--min-runs <n>', 'of fewer closed runs the guard concludes nothing; default 20')
    .option('--window <duration>', 'the guard looks only at runs that began so lately; default: all')
    .action(async (name: string, parts: readonly string[], _own: object, command: Command) => {
      const options = command.optsWithGlobals<Options>();
      const weights = readWeights(parts);
      const guard = readGuard(options);
      const found = await withHouse(cli, options, (house) => house.rollout(name, weights, { guard }));
      printResult(cli, options.json, found, () => definitionLines(cli.terminal, found));
    });
}

function readWeights(parts: readonly string[]): Readonly<Record<string, number>> {
  const weights: Record<string, number> = {};
  for (const part of parts) {
    const [, version, percent] = /^([^=]+)=(\d+(?:\.\d+)?)%?$/.exec(part) ?? [];
    if (version === undefined || percent === undefined) throw unclear(`${show(part)} is no part`);
    if (Object.hasOwn(weights, version)) throw unclear(`version ${version} is there twice`);
    weights[version] = Number(percent);
  }
  return weights;
}

function readGuard({ guard, minRuns, window }: Options): GuardOptions | boolean | undefined {
  const more: GuardOptions = {
    minRuns: minRuns === undefined ? undefined : Number(minRuns),
    window: window === undefined ? undefined : durationMs(window, '--window'),
  };
  const isMore = minRuns !== undefined || window !== undefined;
  if (guard === false && isMore) throw unclear('it says both --no-guard and what the guard is');
  if (guard === undefined || guard === false) return isMore ? more : guard;
  if (guard === true) return more;
  const [, percent] = /^(\d+(?:\.\d+)?)%?$/.exec(String(guard)) ?? [];
  if (percent === undefined) throw unclear(`--guard is ${show(guard)}`);
  return { ...more, maxErrorRate: Number(percent) / 100 };
}

function unclear(what: string): MillraceError {
  const remedy =
    'Use `rollout NAME VERSION=PERCENT… [--guard [PERCENT]] [--min-runs N] [--window DURATION]`.';
  return new MillraceError('INVALID_ARGUMENT', `rollout: ${what}`, { remedy });
}
