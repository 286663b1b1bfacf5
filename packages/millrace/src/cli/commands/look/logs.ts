import { setTimeout as pause } from 'node:timers/promises';
import { Option, type Command } from 'commander';
import type { LogPage, LogPageOptions } from '../../../api/lines/log-page.ts';
import { MillraceError, show } from '../../../core/errors.ts';
import { plainJson } from '../../../core/json/plain-json.ts';
import { LOG_LEVELS, type LogLevel, type RunLogLine } from '../../../core/lines/line.ts';
import { printResult, type Cli, type GlobalOptions } from '../../cli.ts';
import { withHouse } from '../../connect/open-house.ts';
import { EXIT } from '../../exit.ts';
import type { House, HouseRun } from '../../house/house.ts';
import { isOutage } from '../../house/outage.ts';
import { runLine } from '../../output/run-line.ts';
import { safeLines } from '../../output/safe-text.ts';
import { watchStopSignals } from '../execute/stop-signals.ts';

interface Options extends GlobalOptions {
  readonly follow?: true;
  readonly tail?: number;
  readonly level?: LogLevel;
  readonly step?: string;
}

const PAGE = 1_000;
const WAIT = '20s';
const OUTAGE_PAUSE_MS = 1_000;

/** `logs RUN`: what a run has said, and with `--follow` what it says. */
export function addLogs(program: Command, cli: Cli): void {
  program
    .command('logs')
    .description('show what a run and its steps have said by ctx.log and step.log')
    .argument('<run>', 'runId, its first 8 or more characters, or key:KEY')
    .option('--follow', 'go on until the run has ended, also as another one; with --json a line for each')
    .option('--tail <n>', 'only the last so many lines', readTail)
    .addOption(new Option('--level <level>', 'the least important lines to show').choices(LOG_LEVELS))
    .option('--step <name>', 'only what this step says')
    .action(async (argument: string, _own: object, command: Command) => {
      const options = command.optsWithGlobals<Options>();
      await withHouse(cli, options, async (house) => {
        const { runId } = await house.findRun(argument);
        await (options.follow === true ? follow : list)(cli, options, house, runId);
      });
    });
}

async function list(cli: Cli, options: Options, house: House, runId: string): Promise<void> {
  const items: RunLogLine[] = [];
  let dropped = 0;
  for (let from: LogPageOptions | undefined = { tail: options.tail }; from !== undefined;) {
    // oxlint-disable-next-line no-await-in-loop -- each page begins where the one before ended
    const page: LogPage = await house.run(runId).logPage({ ...wishOf(options), ...from });
    items.push(...page.items);
    ({ dropped } = page);
    from = page.more ? { after: page.last } : undefined;
  }
  const { outStyle: style } = cli.terminal;
  printResult(cli, options.json, { items, nextCursor: null, dropped }, () =>
    items.map((line) => runLine(style, line)),
  );
  if (options.json !== true && items.length === 0) cli.terminal.tell('it has said nothing');
  tellDropped(cli, dropped);
}

async function follow(cli: Cli, options: Options, house: House, first: string): Promise<void> {
  using stop = watchStopSignals();
  const over = new AbortController();
  void stop.asked.then(() => over.abort());
  let runId: string | undefined = first;
  for (let { tail } = options; runId !== undefined; tail = undefined) {
    const run = house.run(runId);
    // oxlint-disable-next-line no-await-in-loop -- one run after the other
    await followOne(cli, options, run, { tail, signal: over.signal });
    // oxlint-disable-next-line no-await-in-loop
    const ended = await outlast(cli, over.signal, () => run.standing());
    runId = ended?.successorRunId ?? undefined;
    if (runId !== undefined) cli.terminal.tell(`it goes on as run ${runId}`);
  }
  const signal = stop.received();
  if (signal !== undefined) cli.exitCode = EXIT[signal];
}

async function followOne(
  cli: Cli,
  options: Options,
  run: Pick<HouseRun, 'logPage'>,
  { signal, tail }: { readonly signal: AbortSignal; readonly tail: number | undefined },
): Promise<void> {
  const { outStyle: style, out } = cli.terminal;
  const wish: LogPageOptions = { ...wishOf(options), wait: WAIT, signal };
  for (let from: LogPageOptions | undefined = { tail }; from !== undefined;) {
    const where: LogPageOptions = from;
    // oxlint-disable-next-line no-await-in-loop -- each page begins where the one before ended
    const page = await outlast(cli, signal, () => run.logPage({ ...wish, ...where }));
    if (page === undefined) return;
    for (const line of page.items) out(options.json === true ? plainJson(line) : runLine(style, line));
    from = page.more || page.open ? { after: page.last } : undefined;
    if (from === undefined) tellDropped(cli, page.dropped);
  }
}

/** Asks again while nobody answers. Undefined: whoever asked has been told to stop. */
async function outlast<T>(
  { terminal }: Cli,
  signal: AbortSignal,
  ask: () => Promise<T>,
): Promise<T | undefined> {
  for (let told = false; !signal.aborted; told = true) {
    try {
      // oxlint-disable-next-line no-await-in-loop -- until somebody answers
      return await ask();
    } catch (error) {
      if (signal.aborted) break;
      if (!isOutage(error)) throw error;
      if (!told) terminal.tell(safeLines(error.message));
      // oxlint-disable-next-line no-await-in-loop -- the pause is the point
      await pause(OUTAGE_PAUSE_MS, undefined, { signal }).catch(() => {});
    }
  }
  return undefined;
}

function wishOf({ level, step }: Options): LogPageOptions {
  return { level, step, limit: PAGE };
}

function tellDropped({ terminal }: Cli, dropped: number): void {
  if (dropped === 0) return;
  const lines = dropped === 1 ? '1 line more was' : `${dropped} lines more were`;
  terminal.tell(`${lines} said and not stored: the log of the run was full`);
}

function readTail(text: string): number {
  if (/^\d{1,6}$/.test(text) && Number(text) > 0) return Number(text);
  throw new MillraceError('INVALID_ARGUMENT', `--tail is ${show(text)}`, {
    remedy: 'Give a whole number from 1 to 999999.',
  });
}
