import type { Command } from 'commander';
import { setTimeout as pause } from 'node:timers/promises';
import type { Cli, GlobalOptions } from '../cli.ts';
import { withHouse } from '../connect/open-house.ts';
import { watchStopSignals } from '../commands/execute/stop-signals.ts';
import { EXIT } from '../exit.ts';
import type { House } from '../house/house.ts';
import { isOutage } from '../house/outage.ts';
import { safeLines } from './safe-text.ts';

/** Options of a command that looks, once or again and again. */
export type LookOptions = GlobalOptions & { readonly watch?: true };

const PERIOD_MS = 1_000;
const CLEAR = '\u001b[H\u001b[2J';

export function addWatch(command: Command): Command {
  return command.option('--watch', 'look again and again until Ctrl-C; on a terminal it is drawn anew');
}

/**
 * Looks and prints, with `--watch` whenever something has changed, until a signal ends it.
 * @param print - what was seen, to the terminal of the Cli that it is given.
 */
export async function look<T>(
  cli: Cli,
  options: LookOptions,
  read: (house: House) => Promise<T>,
  print: (cli: Cli, seen: T) => void,
): Promise<void> {
  if (options.watch !== true) return print(cli, await withHouse(cli, options, read));
  using stop = watchStopSignals();
  let shown: string | undefined;
  await withHouse(cli, options, async (house) => {
    while (stop.received() === undefined) {
      // oxlint-disable-next-line no-await-in-loop -- one look after the other
      const text = await printed(cli, () => read(house), print);
      if (text !== shown) draw(cli, options, text);
      shown = text;
      // oxlint-disable-next-line no-await-in-loop -- the pause is the point
      await Promise.race([pause(PERIOD_MS), stop.asked]);
    }
  });
  const signal = stop.received();
  if (signal !== undefined) cli.exitCode = EXIT[signal];
}

/** What would be printed, or why nothing can be seen at present. */
async function printed<T>(
  cli: Cli,
  read: () => Promise<T>,
  print: (cli: Cli, seen: T) => void,
): Promise<string> {
  const lines: string[] = [];
  const out = (line: string): void => void lines.push(line);
  const terminal = { ...cli.terminal, out, tell: out };
  try {
    print({ ...cli, terminal }, await read());
  } catch (error) {
    if (!isOutage(error)) throw error;
    return safeLines(error.message);
  }
  return lines.join('\n');
}

/** Where nobody can see it drawn anew, one state is set apart from the next. */
function draw({ terminal }: Cli, { json }: LookOptions, text: string): void {
  const isDrawn = terminal.columns !== undefined && json !== true;
  if (isDrawn) terminal.out(`${CLEAR}${text}`);
  else terminal.out(json === true ? text : `${text}\n`);
}
