import { readFileSync, statSync } from 'node:fs';
import { problemsOf, type Problem } from '../../core/dag/reading/problem.ts';
import { readDefinition } from '../../core/dag/reading/read-definition.ts';
import { MAX_DOCUMENT_BYTES, TOO_LONG } from '../../core/dag/reading/source/caps.ts';
import { missingFile } from './import-module.ts';
import { problemIn, type ModuleProblem } from './module-problem.ts';

/** Everything that is wrong with a file that holds a definition. Never throws. */
export function definitionProblems(file: string): readonly Problem[] {
  const stats = statSync(file, { throwIfNoEntry: false });
  if (stats === undefined) return [missingFile(file)];
  if (!stats.isFile()) return [unreadable(file, 'it is not a file', 'Name the files in it.')];
  if (stats.size > MAX_DOCUMENT_BYTES) return problemsOf([TOO_LONG], file, () => undefined);
  try {
    const read = readDefinition(UTF8.decode(readFileSync(file)), file);
    return 'problems' in read ? read.problems : [];
  } catch (error) {
    if (error instanceof TypeError) return [unreadable(file, 'it is not UTF-8 text', 'Save it as UTF-8.')];
    return [unreadable(file, `it cannot be read: ${(error as Error).message}`, 'Correct its permissions.')];
  }
}

const UTF8 = new TextDecoder('utf-8', { fatal: true });

function unreadable(file: string, message: string, remedy: string): ModuleProblem {
  return problemIn(file, { path: '', code: 'INVALID_ARGUMENT', message, value: file, remedy });
}
