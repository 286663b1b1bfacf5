import type { DefinitionDocument } from '../../core/dag/definition.ts';
import type { AnyWorkflow } from '../../core/workflow/workflow.ts';

/** What a body is, and which workflows it starts as children. */
export interface Interpreted {
  readonly workflow: AnyWorkflow;
  readonly children: readonly string[];
}
export function interpret(body: Uint8Array): Interpreted {
  throw new Error('pending');
}
export declare function documentOf(
  given: DefinitionDocument | string,
  file: string | undefined,
): DefinitionDocument;
export function canonicalText(document: DefinitionDocument): string {
  throw new Error('pending');
}
export function differencesOf(a: DefinitionDocument, b: DefinitionDocument): readonly string[] {
  throw new Error('pending');
}
