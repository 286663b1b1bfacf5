import { extname } from 'node:path';
import type { Definition, DefinitionDocument } from '../../core/dag/definition.ts';
import { MillraceError } from '../../core/errors.ts';
import { readDocument } from '../../versions/catalogue/language.ts';
import type { Terminal } from '../terminal.ts';

const ENDINGS = ['.yaml', '.yml', '.json'];

/** Whether an argument names a definition, by its ending. */
export function namesDefinition(argument: string): boolean {
  return ENDINGS.includes(extname(argument));
}

/** @throws INVALID_DEFINITION with all problems, UNKNOWN_WORKFLOW for a file that is not there. */
export function readDefinitionFile(
  { readFile }: Terminal,
  file: string,
): { document: DefinitionDocument; definition: Definition } {
  let text: string;
  try {
    text = readFile(file);
  } catch (cause) {
    const what = `${file} cannot be read: ${(cause as Error).message}`;
    throw new MillraceError('UNKNOWN_WORKFLOW', what, { remedy: 'Correct the path.', cause });
  }
  return readDocument(text, file);
}
