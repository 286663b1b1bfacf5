import type { Definition } from '../../core/dag/definition.ts';
import type { Graph } from '../../core/dag/graph/graph.ts';
import { layoutOf, leavesOf } from '../../core/dag/graph/layout.ts';
import { inputSchemaOf } from '../../core/dag/reading/input-schema.ts';
import { defineWorkflow, type AnyWorkflow } from '../../core/workflow/workflow.ts';
import { Interpreter, type Program } from './interpreter.ts';
import { termsIn } from './terms.ts';

/** Of each node: its outcome, a retry or a record beside it, and one to spare; and of all that is no node. */
const EVENTS_PER_NODE = 3;
const EVENTS_BESIDE = 10_000;

/**
 * The workflow that a definition describes, on the context that authors have: what is durable of a run is its history.
 * @param watch - is given the live state of the graph of each run when it begins, and when it is replayed.
 */
export function definitionWorkflow(definition: Definition, watch?: (graph: Graph) => void): AnyWorkflow {
  const { name, version, timeoutMs: timeout, nodes } = definition;
  const maxEvents = EVENTS_PER_NODE * nodes.length + EVENTS_BESIDE;
  let program: Program | undefined;
  const options = { version, timeout, maxEvents, input: inputSchemaOf(definition.input) };
  const workflow = defineWorkflow(name, options, (ctx, input: unknown) => {
    // Large graphs cost something, and most engines run few of the definitions that they have.
    program ??= programOf(definition);
    const interpreter = new Interpreter(ctx, program, input);
    watch?.(interpreter.graph);
    return interpreter.run();
  });
  return Object.freeze({ ...workflow, terms: (input: unknown) => termsIn(definition, input) });
}

function programOf(definition: Definition): Program {
  const layout = layoutOf(definition.nodes);
  return { definition, layout, leaves: leavesOf(layout) };
}
