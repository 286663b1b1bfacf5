import { extname } from 'node:path';
import type { AnyWorkflow } from '../../core/workflow/workflow.ts';
import { loadModule, mergeContents } from './load-modules.ts';

const DEFINITIONS = ['.yaml', '.yml', '.json'];

/**
 * All workflows that a build registers.
 * @param files - modules and definitions.
 * @throws INVALID_ARGUMENT, UNKNOWN_WORKFLOW, INVALID_DEFINITION, DUPLICATE_REGISTRATION.
 */
export async function loadBuild(files: readonly string[]): Promise<readonly AnyWorkflow[]> {
  const parts = await Promise.all(
    files.map(async (file) => {
      if (!DEFINITIONS.includes(extname(file))) return loadModule(file, 'run');
      // Loaded when asked for: who names modules only does not pay for readers of definitions.
      const { loadDefinition } = await import('./load-definition.ts');
      return { workflows: [loadDefinition(file)], executors: {} };
    }),
  );
  return mergeContents(parts).workflows;
}
