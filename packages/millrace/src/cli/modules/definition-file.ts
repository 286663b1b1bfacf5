import { extname } from 'node:path';
import type { Definition, DefinitionDocument } from '../../core/dag/definition.ts';
import { problemLine } from '../../core/dag/reading/problem.ts';
import { readDefinition } from '../../core/dag/reading/read-definition.ts';
import { MillraceError } from '../../core/errors.ts';
import type { Terminal } from '../terminal.ts';

const ENDINGS = ['.yaml', '.yml', '.json'];

/** Whether an argument names a definition, by its ending. */
export function namesDefinition(argument: string): boolean {
  return ENDINGS.includes(extname(argument));
}

/** @throws INVALID_DEFINITION with a line for each problem, UNKNOWN_WORKFLOW for a file that is not there. */
export function readDefinitionFile(
  terminal: Pick<Terminal, 'readFile'>,
  file: string,
): { document: DefinitionDocument; definition: Definition } {
  const read = readDefinition(textOf(terminal, file), file);
  if ('definition' in read) return read;
  const { problems } = read;
  const lines = problems.map(problemLine).join('\n       ');
  throw new MillraceError('INVALID_DEFINITION', lines, {
    remedy: problems[0]?.remedy,
    details: { problems },
  });
}

function textOf({ readFile }: Pick<Terminal, 'readFile'>, file: string): string {
  try {
    return readFile(file);
  } catch (cause) {
    const isMissing = (cause as NodeJS.ErrnoException).code === 'ENOENT';
    const what = isMissing ? `there is no file ${file}` : `${file} cannot be read: ${String(cause)}`;
    const remedy = 'Correct the path.';
    throw new MillraceError(isMissing ? 'UNKNOWN_WORKFLOW' : 'INVALID_ARGUMENT', what, { cause, remedy });
  }
}
