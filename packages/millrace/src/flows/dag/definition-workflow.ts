import type { StandardSchemaV1 } from '@standard-schema/spec';
import type { Definition } from '../../core/dag/definition.ts';
import type { Graph } from '../../core/dag/graph/graph.ts';
import { layoutOf, leavesOf } from '../../core/dag/graph/layout.ts';
import { inputSchemaOf } from '../../core/dag/reading/input-schema.ts';
import { defineWorkflow, type AnyWorkflow, type Terms } from '../../core/workflow/workflow.ts';
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
  const options = { version, timeout, maxEvents, input: schemaOf(definition.input) };
  const workflow = defineWorkflow(name, options, (ctx, input: unknown) => {
    // Large graphs cost something, and most engines run few of the definitions that they have.
    program ??= programOf(definition);
    const interpreter = new Interpreter(ctx, program, input);
    watch?.(interpreter.graph);
    return interpreter.run();
  });
  const terms = (input: unknown): Terms => termsIn(definition, input);
  return Object.freeze({ ...workflow, usualEvents: nodes.length, terms });
}

/** Compiled when the first input comes: that takes longer than all the rest, and most engines start few of them. */
function schemaOf(schema: unknown): StandardSchemaV1 | undefined {
  if (schema === undefined) return undefined;
  let compiled: StandardSchemaV1 | undefined;
  return {
    '~standard': {
      version: 1,
      vendor: 'millrace',
      validate: (value) => {
        compiled ??= inputSchemaOf(schema);
        return compiled === undefined ? { value } : compiled['~standard'].validate(value);
      },
    },
  };
}

function programOf(definition: Definition): Program {
  const layout = layoutOf(definition.nodes);
  return { definition, layout, leaves: leavesOf(layout) };
}
