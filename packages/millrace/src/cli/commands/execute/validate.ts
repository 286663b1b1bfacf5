import type { Command } from 'commander';
import { printResult, type Cli, type GlobalOptions } from '../../cli.ts';
import { EXIT } from '../../exit.ts';
import { importModule } from '../../modules/import-module.ts';
import { inspectExports } from '../../modules/inspect-exports.ts';
import { problemLine, type ModuleProblem } from '../../modules/module-problem.ts';
import { safeText } from '../../output/safe-text.ts';
import type { Terminal } from '../../terminal.ts';

/** `validate FILE…`: everything that is wrong with modules. */
export function addValidate(program: Command, cli: Cli): void {
  program
    .command('validate')
    .description('list everything that is wrong with modules of workflows and executors; loads them')
    .argument('<files...>', 'modules: TypeScript or JavaScript')
    .action(async (files: readonly string[], _own: object, command: Command) => {
      const options = command.optsWithGlobals<GlobalOptions>();
      const problems: ModuleProblem[] = [];
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

async function problemsOf(file: string): Promise<readonly ModuleProblem[]> {
  const imported = await importModule(file);
  return 'problem' in imported ? [imported.problem] : inspectExports(file, imported.exports).problems;
}

function problemLines({ outStyle: style }: Terminal, problem: ModuleProblem): string[] {
  const value = problem.value === null ? '' : ` (${problem.value})`;
  return [
    `${style('red', problem.code)} ${safeText(problemLine(problem) + value)}`,
    `  ${safeText(problem.remedy)}`,
  ];
}
