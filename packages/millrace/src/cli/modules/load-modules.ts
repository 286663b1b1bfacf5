import { MillraceError } from '../../core/errors.ts';
import type { AnyWorkflow } from '../../core/workflow/workflow.ts';
import { importModule } from './import-module.ts';
import { inspectExports, type ModuleContents } from './inspect-exports.ts';
import { problemLine, type ModuleProblem } from './module-problem.ts';

/**
 * Loads a module for use: all its problems together are one error.
 * @param purpose - how a missing file is reported: one that is to be run is not found, one that is an option
 *   is wrong.
 * @throws INVALID_ARGUMENT, UNKNOWN_WORKFLOW.
 */
export async function loadModule(file: string, purpose: 'run' | 'option'): Promise<ModuleContents> {
  const imported = await importModule(file);
  if ('problem' in imported) throw refusal([imported.problem], imported.missing && purpose === 'run');
  const { contents, problems } = inspectExports(file, imported.exports);
  if (problems.length > 0) throw refusal(problems, false);
  return contents;
}

function refusal(problems: readonly ModuleProblem[], isMissing: boolean): MillraceError {
  const [first] = problems;
  const lines = problems.map(problemLine);
  const code = isMissing ? 'UNKNOWN_WORKFLOW' : (first?.code ?? 'INVALID_ARGUMENT');
  return new MillraceError(code, lines.join('\n       '), { remedy: first?.remedy, details: { problems } });
}

/**
 * What several modules offer together.
 * @throws DUPLICATE_REGISTRATION for two different workflows or executors of one name.
 */
export function mergeContents(all: readonly ModuleContents[]): ModuleContents {
  const workflows = new Map<string, AnyWorkflow>();
  const executors = new Map<string, ModuleContents['executors'][string]>();
  for (const contents of all) {
    for (const workflow of contents.workflows) {
      put(workflows, `workflow "${workflow.name}" version ${workflow.version}`, workflow);
    }
    for (const [name, executor] of Object.entries(contents.executors)) put(executors, name, executor);
  }
  return { workflows: [...workflows.values()], executors: Object.fromEntries(executors) };
}

function put<T>(known: Map<string, T>, name: string, value: T): void {
  const other = known.get(name);
  if (other !== undefined && other !== value) {
    throw new MillraceError('DUPLICATE_REGISTRATION', `two modules have ${name}`);
  }
  known.set(name, value);
}
