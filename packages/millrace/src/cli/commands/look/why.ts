import type { Command } from 'commander';
import type { Why } from '../../../core/policy/why.ts';
import { printResult, type Cli, type GlobalOptions } from '../../cli.ts';
import { findRun } from '../../connect/find-run.ts';
import { withClient } from '../../connect/open-client.ts';
import { paintStatus, shortInstant, span } from '../../output/run-words.ts';
import { safeText } from '../../output/safe-text.ts';
import type { Terminal } from '../../terminal.ts';

/** `why RUN`: what holds a run up, and what can be done about it. */
export function addWhy(program: Command, cli: Cli): void {
  program
    .command('why')
    .description('say why a run does not make progress, and what to do about it')
    .argument('<run>', 'runId, its first 8 or more characters, or key:KEY')
    .action(async (argument: string, _own: object, command: Command) => {
      const options = command.optsWithGlobals<GlobalOptions>();
      const report = await withClient(cli, options, async (millrace) => {
        const { runId } = await findRun(millrace, argument);
        return millrace.run(runId).why();
      });
      printResult(cli, options.json, report, () => whyLines(cli.terminal, report));
    });
}

function whyLines(terminal: Terminal, report: Why): string[] {
  const { outStyle: style } = terminal;
  const { runId, status, reasons, time } = report;
  const parts = Object.entries(time).flatMap(([part, ms]: [string, number]) =>
    ms === 0 ? [] : [`${part.replace('Ms', '')} ${span(ms)}`],
  );
  const idle = status === 'running' ? 'It is executing; nothing holds it up.' : 'It has ended.';
  return [
    `${style('bold', runId)} is ${paintStatus(style, status)}`,
    ...(reasons.length === 0 ? [idle] : []),
    ...reasons.flatMap(({ code, message, since, remedy }) => [
      '',
      `${style('yellow', code)}  ${safeText(message)}`,
      `  ${style('dim', 'since')} ${shortInstant(since)}`,
      `  ${safeText(remedy.message)}`,
      ...(remedy.command === null ? [] : [`  ${style('cyan', `$ ${safeText(remedy.command)}`)}`]),
    ]),
    '',
    `${style('dim', 'time')} ${parts.length === 0 ? 'none yet' : parts.join(', ')}`,
  ];
}
