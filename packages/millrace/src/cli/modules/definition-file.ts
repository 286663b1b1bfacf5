import { extname } from 'node:path';
import type { Definition, DefinitionDocument } from '../../core/dag/definition.ts';
import { problemLine } from '../../core/dag/reading/problem.ts';
import { MillraceError } from '../../core/errors.ts';
import type { Terminal } from '../terminal.ts';

const ENDINGS = ['.yaml', '.yml', '.json'];

/** Whether an argument names a definition, by its ending. */
export function namesDefinition(argument: string): boolean {
  return ENDINGS.includes(extname(argument));
}

/** @throws INVALID_DEFINITION with a line for each problem, UNKNOWN_WORKFLOW for a file that is not there. */
export async function readDefinitionFile(
  terminal: Pick<Terminal, 'readFile'>,
  file: string,
): Promise<{ document: DefinitionDocument; definition: Definition }> {
  // Commands that have nothing to do with definitions do not wait for their reader to be loaded.
  const { readDefinition } = await import('../../core/dag/reading/read-definition.ts');
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
