import type { Command } from 'commander';
import type { Cause, Reason, Why } from '../../../core/policy/why.ts';
import type { StepTime } from '../../../core/reading/time/step-times.ts';
import { printResult, type Cli, type GlobalOptions } from '../../cli.ts';
import { withHouse } from '../../connect/open-house.ts';
import { paintStatus, shortInstant, span } from '../../output/run-words.ts';
import { safeText } from '../../output/safe-text.ts';
import type { Style, Terminal } from '../../terminal.ts';

/** `why RUN`: what holds a run up, from itself to the cause, and what can be done about each link. */
export function addWhy(program: Command, cli: Cli): void {
  program
    .command('why')
    .description('say what holds a run up, link by link to the cause, and what frees each')
    .argument('<run>', 'runId, its first 8 or more characters, or key:KEY')
    .action(async (argument: string, _own: object, command: Command) => {
      const options = command.optsWithGlobals<GlobalOptions>();
      const report = await withHouse(cli, options, async (house) => {
        const { runId } = await house.findRun(argument);
        return house.run(runId).why();
      });
      printResult(cli, options.json, report, () => whyLines(cli.terminal, report));
    });
}

function whyLines(terminal: Terminal, report: Why): string[] {
  const { outStyle: style } = terminal;
  const { runId, at, status, reasons, time, timeBySteps, complete } = report;
  const look = { style, at };
  const total = Object.entries(time).flatMap(([part, ms]: [string, number]) => partOf(part, ms));
  return [
    `${style('bold', runId)} is ${paintStatus(style, status)}`,
    ...(reasons.length === 0 ? ['It has ended.'] : []),
    ...reasons.flatMap((reason) => ['', ...reasonLines(look, reason)]),
    ...(complete ? [] : ['', 'The chain goes on: ask further with the commands above.']),
    '',
    `${style('dim', 'time')} ${total.length === 0 ? 'none yet' : total.join(', ')}`,
    ...timeBySteps.slice(0, STEPS_SHOWN).map((step) => `${style('dim', 'step')} ${stepText(step)}`),
  ];
}

/** The others are in the JSON. */
const STEPS_SHOWN = 5;
const INDENT = '  ';

interface Look {
  readonly style: Style;
  /** When everything stood so. */
  readonly at: string;
}

/** A reason, what to do about it, and below them the runs that it leads to. */
function reasonLines(look: Look, { code, message, since, remedy, causes = [] }: Reason): string[] {
  const { style, at } = look;
  const sinceText = `(since ${shortInstant(since)}, ${span(Date.parse(at) - Date.parse(since))})`;
  const command = remedy.command === null ? '' : `  ${style('cyan', `$ ${safeText(remedy.command)}`)}`;
  return [
    `${style('yellow', code)}  ${safeText(message)} ${style('dim', sinceText)}`,
    `${INDENT}${safeText(remedy.message)}${command}`,
    ...causes.flatMap((cause) => causeLines(look, cause)).map((line) => `${INDENT}${line}`),
  ];
}

function causeLines(look: Look, { runId, workflow, status, engineId, told, reasons }: Cause): string[] {
  const { style } = look;
  const owner = engineId === null || status !== 'running' ? '' : ` on ${safeText(engineId)}`;
  const head = `${style('bold', runId)} (${safeText(workflow)}) is ${paintStatus(style, status)}${owner}`;
  if (told) return [`${head}, as told elsewhere here`];
  return [head, ...reasons.flatMap((reason) => reasonLines(look, reason)).map((line) => `${INDENT}${line}`)];
}

function stepText({ name, attempts, queuedMs, runningMs, backoffMs }: StepTime): string {
  const parts = [
    ...partOf('queued', queuedMs),
    ...partOf('running', runningMs),
    ...partOf('backoff', backoffMs),
  ];
  return [safeText(name), ...parts, `${attempts} attempt${attempts === 1 ? '' : 's'}`].join(', ');
}

function partOf(part: string, ms: number): string[] {
  return ms === 0 ? [] : [`${part.replace('Ms', '')} ${span(ms)}`];
}
