import type { Command } from 'commander';
import { problemLine, type Problem } from '../../../core/dag/reading/problem.ts';
import { printResult, type Cli, type GlobalOptions } from '../../cli.ts';
import { EXIT } from '../../exit.ts';
import { namesDefinition } from '../../modules/definition-file.ts';
import { importModule } from '../../modules/import-module.ts';
import { inspectExports } from '../../modules/inspect-exports.ts';
import { safeText } from '../../output/safe-text.ts';
import type { Terminal } from '../../terminal.ts';

/** `validate FILE…`: everything that is wrong with definitions and modules. */
export function addValidate(program: Command, cli: Cli): void {
  program
    .command('validate')
    .description('list everything that is wrong with definitions, and with modules, which it loads')
    .argument('<files...>', 'definitions in YAML or JSON; modules in TypeScript or JavaScript')
    .action(async (files: readonly string[], _own: object, command: Command) => {
      const options = command.optsWithGlobals<GlobalOptions>();
      const problems: Problem[] = [];
      // oxlint-disable-next-line no-await-in-loop -- in order, because loading runs code
      for (const file of files) problems.push(...(await problemsOf(file)));
      printResult(cli, options.json, problems, () =>
        problems.flatMap((problem) => problemLines(cli.terminal, problem)),
      );
      if (problems.length > 0) cli.exitCode = EXIT.usage;
      const subject = files.length === 1 ? '1 file' : `${files.length} files`;
      const found = problems.length === 1 ? '1 problem' : `${problems.length} problems`;
      cli.terminal.tell(`${subject}, ${problems.length === 0 ? 'no problems' : found}`);
    });
}

async function problemsOf(file: string): Promise<readonly Problem[]> {
  if (namesDefinition(file)) {
    const { definitionProblems } = await import('../../modules/check-definition.ts');
    return definitionProblems(file);
  }
  const imported = await importModule(file);
  return 'problem' in imported ? [imported.problem] : inspectExports(file, imported.exports).problems;
}

function problemLines({ outStyle: style }: Terminal, problem: Problem): string[] {
  const value = problem.value === null ? '' : ` (${problem.value})`;
  return [
    `${style('red', problem.code)} ${safeText(problemLine(problem) + value)}`,
    `  ${safeText(problem.remedy)}`,
  ];
}
