import type { DefinitionDocument } from '../core/dag/definition.ts';
import type { AnyWorkflow } from '../core/workflow/workflow.ts';

/**
 * Makes a workflow of a definition, as a part of the program: register it like one that is code.
 * @param given - YAML 1.2 or JSON text, or the document itself.
 * @param options - `file`: what problems are said to be in.
 * @throws INVALID_DEFINITION with all problems.
 * @example await definition(await readFile('order.yaml', 'utf8'), { file: 'order.yaml' })
 */
export async function definition(
  given: DefinitionDocument | string,
  options: { readonly file?: string | undefined } = {},
): Promise<AnyWorkflow> {
  // Loaded with the first definition: a program without one does not pay for their readers.
  const [{ readDocument }, { definitionWorkflow }] = await Promise.all([
    import('./acts/document.ts'),
    import('../flows/dag/definition-workflow.ts'),
  ]);
  return definitionWorkflow(readDocument(given, options.file).definition);
}
