import type { Definition } from '../../src/core/dag/definition.ts';
import type { Graph, NodeStatus } from '../../src/core/dag/graph/graph.ts';
import { readDefinition } from '../../src/core/dag/reading/read-definition.ts';
import { decodeValue } from '../../src/core/json.ts';
import type { Failure } from '../../src/core/failure.ts';
import type { StepCommand } from '../../src/core/run/command.ts';
import { definitionWorkflow } from '../../src/flows/dag/definition-workflow.ts';
import { play, type Play } from './play.ts';

/** A definition from its text; `workflow` and `version` may be left out. */
export function definitionOf(text: string): Definition {
  const head = /^workflow:/m.test(text) ? '' : 'workflow: flow\nversion: 1\n';
  const read = readDefinition(head + text, 'flow.yaml');
  if ('definition' in read) return read.definition;
  throw new Error(read.problems.map(({ path, message }) => `${path}: ${message}`).join('\n'));
}

/** A run of a definition, played by hand. */
export interface FlowPlay {
  readonly run: Play;
  readonly graph: Graph;
  /** The statuses of all nodes, by id. */
  statuses(): Readonly<Record<string, NodeStatus>>;
  /** What an executor was given under this name. */
  inputOf(name: string): unknown;
  failure(): Failure;
}

export async function playDefinition(
  text: string,
  options: Parameters<typeof play>[1] = {},
): Promise<FlowPlay> {
  const definition = definitionOf(text);
  const graphs: Graph[] = [];
  const run = await play(
    definitionWorkflow(definition, (graph) => graphs.push(graph)),
    options,
  );
  const graph = graphs[0] as Graph; // every run shows one
  return {
    run,
    graph,
    statuses: () => Object.fromEntries(definition.nodes.map(({ id }, at) => [id, graph.statusOf(at)])),
    inputOf(name) {
      const step = [...run.execution.pending.values()].find(
        (pending): pending is StepCommand => pending.kind === 'step' && pending.name === name,
      );
      return step?.work.kind === 'executor' ? decodeValue(step.work.input) : undefined;
    },
    failure() {
      const { standing } = run.turn;
      if (standing.kind === 'open' || !('payload' in standing))
        throw new Error(`the run is ${standing.kind}`);
      return decodeValue(standing.payload) as Failure;
    },
  };
}
