import { compileDefinition } from '../../core/dag/compile.ts';
import type { Definition, DefinitionDocument } from '../../core/dag/definition.ts';
import type { AnyWorkflow } from '../../core/workflow/workflow.ts';
import { definitionWorkflow } from '../../flows/dag/definition-workflow.ts';

/** What a stored definition is for an engine. */
export interface Interpreted {
  readonly workflow: AnyWorkflow;
  readonly definition: Definition;
  /** Names of the workflows that it starts as children. */
  readonly children: readonly string[];
}

/** @param body - as it was stored. @throws where this version of the program cannot read it. */
export function interpret(body: Uint8Array): Interpreted {
  // What is stored was checked before.
  const definition = compileDefinition(JSON.parse(new TextDecoder().decode(body)) as DefinitionDocument);
  const children = definition.nodes.flatMap((node) => (node.kind === 'workflow' ? [node.workflow] : []));
  return { workflow: definitionWorkflow(definition), definition, children: [...new Set(children)] };
}
