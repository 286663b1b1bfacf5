import type { Command } from 'commander';
import type { LimitTarget, QueueChange } from '../../../api/limits/change.ts';
import { MillraceError, show } from '../../../core/errors.ts';
import type { LimitDescription, QueueDescription } from '../../../core/limits/describe-queue.ts';
import { printResult, type Cli, type GlobalOptions } from '../../cli.ts';
import { withHouse } from '../../connect/open-house.ts';
import type { House } from '../../house/house.ts';
import { addWatch, look, type LookOptions } from '../../output/watch.ts';
import { addDead } from './dead.ts';
import { limitTable, queueTable } from './tables.ts';

type TargetOptions = GlobalOptions & { all?: boolean; workflow?: boolean; key?: boolean };
type LimitOptions = TargetOptions & { max?: string; rate?: string; depth?: string };

interface Found {
  readonly queues: readonly QueueDescription[];
  readonly limits: readonly LimitDescription[];
}

/** `queues`: how they stand, and what changes how they are worked on. */
export function addQueues(program: Command, cli: Cli): void {
  const queues = program
    .command('queues')
    .description('show the queues and limits; pause, resume and limit them; list their dead letters');
  addWatch(queues).action(async () => {
    const options = queues.optsWithGlobals<LookOptions>();
    await look(cli, options, readAll, (shown, found) => {
      const { queues: items, limits } = found;
      printResult(shown, options.json, { items, limits }, () => lines(shown, found));
      if (options.json !== true && items.length === 0) shown.terminal.tell('no queues');
    });
  });
  addPause(queues, cli, 'pause');
  addPause(queues, cli, 'resume');
  addLimit(queues, cli);
  addDead(queues, cli);
}

async function readAll(house: House): Promise<Found> {
  return { queues: await house.queues(), limits: await house.limits() };
}

function addPause(queues: Command, cli: Cli, verb: 'pause' | 'resume'): void {
  const description =
    verb === 'pause' ? 'let nothing new begin; what has begun goes on' : 'let runs begin again';
  addTarget(queues.command(verb).description(description)).action(
    async (name: string | undefined, _own: object, command: Command) => {
      const options = command.optsWithGlobals<TargetOptions>();
      await change(cli, options, targetOf(verb, name, options), { paused: verb === 'pause' });
    },
  );
}

function addLimit(queues: Command, cli: Cli): void {
  addTarget(queues.command('limit').description('change how much is worked on at once, and how fast'))
    .option('--max <n|none>', 'how many runs hold a grant at once, from their first turn to their end')
    .option('--rate <n|none>', 'how many may begin in a second')
    .option('--depth <n|none>', 'how many may be queued before starts are refused (queues)')
    .action(async (name: string | undefined, _own: object, command: Command) => {
      const { max, rate, depth, ...options } = command.optsWithGlobals<LimitOptions>();
      if (max === undefined && rate === undefined && depth === undefined) {
        const remedy = 'Give --max, --rate or --depth; none takes a limit away.';
        throw new MillraceError('INVALID_ARGUMENT', 'queues limit: nothing is to be changed', { remedy });
      }
      await change(cli, options, targetOf('limit', name, options), {
        maxConcurrent: readNumber('--max', max),
        ratePerSecond: readNumber('--rate', rate),
        maxDepth: readNumber('--depth', depth),
      });
    });
}

function addTarget(command: Command): Command {
  return command
    .argument('[name]', 'the queue')
    .option('--workflow', 'NAME is a workflow')
    .option('--key', 'NAME is a key that starts bring along')
    .option('--all', 'everything instead of a name');
}

/** @throws INVALID_ARGUMENT. */
function targetOf(
  verb: string,
  name: string | undefined,
  { all, workflow, key }: TargetOptions,
): LimitTarget {
  const kinds = [all, workflow, key].filter((given) => given === true).length;
  if (kinds > 1 || (name === undefined) !== (all === true)) {
    const remedy = 'Name one queue, one workflow with --workflow, one key with --key, or give --all alone.';
    throw new MillraceError('INVALID_ARGUMENT', `queues ${verb}: it is not clear what is meant`, { remedy });
  }
  if (name === undefined) return 'all';
  if (workflow === true) return { workflow: name };
  return key === true ? { key: name } : { queue: name };
}

/** @throws INVALID_ARGUMENT. */
function readNumber(option: string, text: string | undefined): number | null | undefined {
  if (text === undefined) return undefined;
  if (text === 'none') return null;
  const value = Number(text);
  if (text.trim() !== '' && Number.isFinite(value)) return value;
  const remedy = 'Give a number, or none to take the limit away.';
  throw new MillraceError('INVALID_ARGUMENT', `${option} is ${show(text)}`, { remedy });
}

async function change(cli: Cli, options: GlobalOptions, target: LimitTarget, to: QueueChange): Promise<void> {
  await withHouse(cli, options, async (house) => {
    if (target !== 'all' && 'queue' in target) {
      const queue = await house.setQueue(target.queue, to);
      printResult(cli, options.json, queue, () => queueTable(cli.terminal, [queue]));
      return;
    }
    const limit = await house.setLimit(target, to);
    printResult(cli, options.json, limit, () =>
      limit === null ? ['nothing is limited there any more'] : limitTable(cli.terminal, [limit]),
    );
  });
}

function lines({ terminal }: Cli, { queues, limits }: Found): string[] {
  const others = limits.filter(({ kind }) => kind !== 'queue');
  const gap = queues.length > 0 && others.length > 0 ? [''] : [];
  return [...queueTable(terminal, queues), ...gap, ...limitTable(terminal, others)];
}
