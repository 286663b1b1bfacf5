import type { DefinitionDocument } from '../core/dag/definition.ts';
import type { AnyWorkflow } from '../core/workflow/workflow.ts';
import { definitionWorkflow } from '../flows/dag/definition-workflow.ts';
import { readDocument } from './catalogue/language.ts';

/**
 * Makes a workflow of a definition, as a part of the program: register it like one that is code.
 * @param given - YAML 1.2 or JSON text, or the document itself.
 * @param options - `file`: what problems are said to be in.
 * @throws INVALID_DEFINITION with all problems.
 * @example definition(await readFile('order.yaml', 'utf8'), { file: 'order.yaml' })
 */
export function definition(
  given: DefinitionDocument | string,
  options: { readonly file?: string | undefined } = {},
): AnyWorkflow {
  return definitionWorkflow(readDocument(given, options.file).definition);
}
