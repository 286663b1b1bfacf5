import type { Definition, DefinitionDocument } from '../../core/dag/definition.ts';
import { differencesOf } from '../../core/dag/reading/canonical.ts';
import { invalidDefinition, showValue, type Problem } from '../../core/dag/reading/problem.ts';
import { checkDocument, readDefinition } from '../../core/dag/reading/read-definition.ts';

/** A definition that has been checked. @throws INVALID_DEFINITION with all problems. */
export function readDocument(
  given: DefinitionDocument | string,
  file: string | undefined,
): { document: DefinitionDocument; definition: Definition } {
  const read =
    typeof given === 'string' ? readDefinition(given, file ?? 'definition') : checkDocument(given, file);
  if ('problems' in read) throw invalidDefinition(read.problems);
  return read;
}

/** All that is wrong with it. @param file - undefined: it comes from none. */
export function definitionProblems(
  given: DefinitionDocument | string,
  file: string | undefined,
): readonly Problem[] {
  const read = typeof given === 'string' ? readDefinition(given, file ?? null) : checkDocument(given, file);
  return 'problems' in read ? read.problems : [];
}

/** What differs, a line each: `nodes.charge.retry: 3, now 5`. */
export function differenceLines(before: DefinitionDocument, after: DefinitionDocument): readonly string[] {
  return differencesOf(before, after).map(({ path, was, is }) => `${path}: ${seen(was)}, now ${seen(is)}`);
}

function seen(value: unknown): string {
  return value === undefined ? 'nothing' : showValue(value);
}
