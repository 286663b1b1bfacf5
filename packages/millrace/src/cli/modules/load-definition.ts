import { readFileSync } from 'node:fs';
import { readDefinition } from '../../core/dag/reading/read-definition.ts';
import { MillraceError } from '../../core/errors.ts';
import type { AnyWorkflow } from '../../core/workflow/workflow.ts';
import { definitionWorkflow } from '../../flows/dag/definition-workflow.ts';

/** The workflow of the definition in a file. @throws UNKNOWN_WORKFLOW, INVALID_DEFINITION with all that is wrong. */
export function loadDefinition(file: string): AnyWorkflow {
  const read = readDefinition(textOf(file), file);
  if ('definition' in read) return definitionWorkflow(read.definition);
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
