import type { NodeDefinition } from '../../src/core/dag/definition.ts';
import { compileTemplate } from '../../src/core/dag/expression/compile-template.ts';

/** A node as tests write it; it is a call of `work` unless it says more. */
export interface SampleNode {
  readonly id: string;
  readonly needs?: readonly string[];
  readonly join?: NodeDefinition['join'];
  readonly kind?: NodeDefinition['kind'];
  readonly executor?: string;
  readonly onError?: NodeDefinition['onError'];
  readonly requires?: readonly string[];
  readonly input?: unknown;
  readonly region?: string;
  readonly affinity?: string;
}

export function sampleGraph(nodes: readonly SampleNode[]): NodeDefinition[] {
  const positions = new Map(nodes.map(({ id }, at) => [id, at]));
  return nodes.map((node) => sampleNode(node, (id) => positions.get(id) as number));
}

export function sampleNode(node: SampleNode, positionOf: (id: string) => number): NodeDefinition {
  const { id, needs = [], join = 'completed', kind = 'executor', executor = 'work', onError = 'fail' } = node;
  const { requires = [], input, region, affinity } = node;
  const common = {
    ...{ id, needs: needs.map(positionOf), join, onError, requires },
    ...{ when: undefined, forEach: undefined, retry: undefined, timeoutMs: undefined, compensate: undefined },
    input: input === undefined ? undefined : compileTemplate(input),
    region: region === undefined ? undefined : compileTemplate(region),
    affinity: affinity === undefined ? undefined : compileTemplate(affinity),
  };
  switch (kind) {
    case 'executor':
      return { ...common, kind, executor };
    case 'signal':
      return { ...common, kind, signal: id };
    case 'sleep':
      return { ...common, kind, sleep: compileTemplate('1h') };
    case 'workflow':
      return { ...common, kind, workflow: id };
    case 'value':
      return { ...common, kind, value: compileTemplate(id) };
  }
}
