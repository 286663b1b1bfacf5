import { readFileSync } from 'node:fs';
import { extname } from 'node:path';
import type { Definition } from '../../core/dag/definition.ts';
import { readDefinition } from '../../core/dag/reading/read-definition.ts';
import { MillraceError } from '../../core/errors.ts';
import { definitionWorkflow } from '../../flows/dag/definition-workflow.ts';
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
    files.map((file) => {
      if (!DEFINITIONS.includes(extname(file))) return loadModule(file, 'run');
      return { workflows: [definitionWorkflow(loadDefinition(file))], executors: {} };
    }),
  );
  return mergeContents(parts).workflows;
}

/** The definition in a file. @throws UNKNOWN_WORKFLOW, INVALID_DEFINITION with all that is wrong. */
function loadDefinition(file: string): Definition {
  const read = readDefinition(textOf(file), file);
  if ('definition' in read) return read.definition;
  const { problems } = read;
  const lines = problems.map(({ line, column, path, message }) => {
    const place = line === null ? file : `${file}:${line}:${column ?? 1}`;
    return `${place}${path === '' ? '' : ` ${path}`}: ${message}`;
  });
  const remedy = problems[0]?.remedy;
  throw new MillraceError('INVALID_DEFINITION', lines.join('\n       '), { remedy, details: { problems } });
}

function textOf(file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch (cause) {
    const isMissing = (cause as NodeJS.ErrnoException).code === 'ENOENT';
    const what = isMissing ? `there is no file ${file}` : `${file} cannot be read: ${String(cause)}`;
    const remedy = 'Correct the path.';
    throw new MillraceError(isMissing ? 'UNKNOWN_WORKFLOW' : 'INVALID_ARGUMENT', what, { cause, remedy });
  }
}
