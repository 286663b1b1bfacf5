import type { NodeScope, Scope } from '../../core/dag/expression/template.ts';
import type { Graph } from '../../core/dag/graph/graph.ts';
import type { Context } from '../../core/workflow/context.ts';

/** What the expressions of a run see. */
export function runScope(ctx: Context, graph: Graph, input: unknown): Scope {
  const { positions } = graph.layout;
  return {
    input,
    node(id) {
      const position = positions.get(id);
      return position === undefined ? undefined : graph.scopeOf(position);
    },
    run: {
      id: ctx.runId,
      key: ctx.key ?? null,
      startedAt: new Date(ctx.startedAt).toISOString(),
      // A record, made when it is looked at: a retry must not change what was decided before.
      get attempt() {
        return ctx.attempt();
      },
    },
  };
}

/** What the expressions of an item see. */
export function itemScope(scope: Scope, item: unknown, index: number): Scope {
  return { input: scope.input, node: scope.node, run: scope.run, each: { item, index } };
}

/** What the compensation of an item sees: its node is what the item gave. */
export function doneScope(scope: Scope, id: string, output: unknown): Scope {
  const own: NodeScope = { status: 'completed', output, error: null };
  return { ...scope, node: (other) => (other === id ? own : scope.node(other)), run: scope.run };
}
