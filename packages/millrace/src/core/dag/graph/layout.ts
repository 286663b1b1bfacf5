import type { NodeDefinition } from '../definition.ts';
import { at } from './cells.ts';
import { turnsOf, type Turns } from './turns.ts';

/** What a node must get before it may begin, besides the ends of what it needs. */
export const NOTHING = 1;
/** Room for a record in this turn: it is computed there. */
export const RECORD = 2;
/** One of the slots that bound what runs at once. */
export const SLOT = 4;

/** The shape of a graph: the same for all of its runs. */
export interface Layout extends Turns {
  readonly nodes: readonly NodeDefinition[];
  readonly positions: ReadonlyMap<string, number>;
  /** What needs node n: `dependents` from `firstOf[n]` to `firstOf[n + 1]`, in document order. */
  readonly firstOf: Int32Array;
  readonly dependents: Int32Array;
  /** How many nodes each needs. */
  readonly needs: Int32Array;
  /** `NOTHING`, `RECORD` or `SLOT` of each. */
  readonly takes: Uint8Array;
}

export function layoutOf(nodes: readonly NodeDefinition[]): Layout {
  const needs = Int32Array.from(nodes, (node) => node.needs.length);
  const firstOf = new Int32Array(nodes.length + 1);
  for (const node of nodes) for (const need of node.needs) firstOf[need + 1] = at(firstOf, need + 1) + 1;
  for (let n = 0; n < nodes.length; n++) firstOf[n + 1] = at(firstOf, n + 1) + at(firstOf, n);
  const next = firstOf.slice();
  const dependents = new Int32Array(at(firstOf, nodes.length));
  for (const [n, node] of nodes.entries()) {
    for (const need of node.needs) {
      const place = at(next, need);
      dependents[place] = n;
      next[need] = place + 1;
    }
  }
  const positions = new Map(nodes.map(({ id }, n) => [id, n]));
  const shape = { nodes, positions, firstOf, dependents, needs, takes: Uint8Array.from(nodes, takenBy) };
  return { ...shape, ...turnsOf(shape) };
}

/** Nodes that nothing needs, in document order. */
export function leavesOf({ nodes, firstOf }: Layout): number[] {
  const leaves: number[] = [];
  for (let n = 0; n < nodes.length; n++) if (at(firstOf, n) === at(firstOf, n + 1)) leaves.push(n);
  return leaves;
}

function takenBy(node: NodeDefinition): number {
  switch (node.kind) {
    case 'signal':
    case 'sleep':
      return NOTHING;
    case 'value':
      return RECORD;
    case 'executor':
      return isNoop(node) ? RECORD : SLOT;
    case 'workflow':
      return SLOT;
  }
}

/** An executor that gives back its input; where it is to be made at a certain place, it is a call like any other. */
function isNoop(node: NodeDefinition & { kind: 'executor' }): boolean {
  const { executor, requires, region, affinity, input } = node;
  if (executor !== 'noop' || requires.length > 0 || region !== undefined || affinity !== undefined)
    return false;
  return input === undefined || !input.roots.has('secrets');
}
