import type { Command } from 'commander';
import type { StrategyDescription } from '../../../api/cluster/strategy.ts';
import { MillraceError } from '../../../core/errors.ts';
import { parseStrategy } from '../../../core/placement/strategy.ts';
import { printResult, type Cli, type GlobalOptions } from '../../cli.ts';
import { withHouse } from '../../connect/open-house.ts';
import { safeText } from '../../output/safe-text.ts';
import { shortInstant } from '../../output/run-words.ts';

type Options = GlobalOptions & { shadow?: string; queue: readonly string[]; reset?: true };

/** `strategy [NAME]`: shows by which strategy runs are placed, or sets it for all engines. */
export function addStrategy(program: Command, cli: Cli): void {
  program
    .command('strategy')
    .description('show by which strategy runs are placed; with a name, set it for all engines')
    .argument('[name]', 'the strategy: round-robin, least-load, load-balanced, adaptive, …')
    .option('--shadow <name>', 'another one, to be compared with it')
    .option('--queue <queue=name>', 'the strategy of one queue; may be repeated', collect, [])
    .option('--reset', 'each engine goes by its own ASSIGNMENT_STRATEGY again')
    .action(async (name: string | undefined, _own: object, command: Command) => {
      const options = command.optsWithGlobals<Options>();
      const { shadow, reset, queue, json } = options;
      const queues = Object.fromEntries(queue.map(readQueue));
      const more = shadow !== undefined || queue.length > 0;
      if (name === undefined && more) throw unclear('no strategy is named');
      if (name !== undefined && reset === true) throw unclear('it says both a strategy and --reset');
      const strategy = await withHouse(cli, options, (house) => {
        if (reset === true) return house.setStrategy(null);
        if (name === undefined) return house.strategy();
        return house.setStrategy(parseStrategy(name, 'strategy'), { shadow, queues });
      });
      printResult(cli, json, strategy, () => strategyLines(strategy));
    });
}

function collect(value: string, before: readonly string[]): readonly string[] {
  return [...before, value];
}

function readQueue(given: string): [string, string] {
  const at = given.lastIndexOf('=');
  if (at > 0) return [given.slice(0, at), given.slice(at + 1)];
  throw unclear(`--queue is "${given}"`);
}

function unclear(what: string): MillraceError {
  const remedy = 'Use `strategy NAME [--shadow NAME] [--queue QUEUE=NAME]`, or `strategy --reset`.';
  return new MillraceError('INVALID_ARGUMENT', `strategy: ${what}`, { remedy });
}

function strategyLines(description: StrategyDescription): string[] {
  const { strategy, since, queues, adaptive, shadow, comparison } = description;
  const origin =
    since === null ? 'as each engine is configured' : `set for all engines at ${shortInstant(since)}`;
  return [
    `${strategy}, ${origin}`,
    ...Object.entries(queues).map(([queue, name]) => `queue ${safeText(queue)}: ${name}`),
    ...(adaptive === null ? [] : [`adaptive follows ${adaptive.strategy}: ${safeText(adaptive.reason)}`]),
    ...(shadow === null || comparison === null ? [] : [`shadow: ${shadow}, ${comparisonText(comparison)}`]),
  ];
}

function comparisonText(comparison: NonNullable<StrategyDescription['comparison']>): string {
  const { placed, agreement, waitMs, shadowWaitMs } = comparison;
  if (agreement === null || waitMs === null || shadowWaitMs === null) return 'nothing compared yet';
  const share = `agrees on ${Math.round(agreement * 100)} % of ${placed}`;
  return `${share}; predicted wait ${shadowWaitMs.toFixed(1)} ms instead of ${waitMs.toFixed(1)} ms`;
}
