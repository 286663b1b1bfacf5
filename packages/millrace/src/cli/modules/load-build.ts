import { readFileSync } from 'node:fs';
import type { AnyWorkflow } from '../../core/workflow/workflow.ts';
import { namesDefinition, readDefinitionFile } from './definition-file.ts';
import { loadModule, mergeContents } from './load-modules.ts';

/**
 * All workflows that a build registers.
 * @param files - modules and definitions.
 * @throws INVALID_ARGUMENT, UNKNOWN_WORKFLOW, INVALID_DEFINITION, DUPLICATE_REGISTRATION.
 */
export async function loadBuild(files: readonly string[]): Promise<readonly AnyWorkflow[]> {
  const parts = await Promise.all(
    files.map(async (file) => {
      if (!namesDefinition(file)) return loadModule(file, 'run');
      const { definition } = await readDefinitionFile({ readFile: readText }, file);
      const { definitionWorkflow } = await import('../../flows/dag/definition-workflow.ts');
      return { workflows: [definitionWorkflow(definition)], executors: {} };
    }),
  );
  return mergeContents(parts).workflows;
}

function readText(path: string): string {
  return readFileSync(path, 'utf8');
}
