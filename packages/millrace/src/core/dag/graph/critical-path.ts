import { at } from './cells.ts';
import type { Layout } from './layout.ts';

/** The chain of nodes that has taken longest so far. */
export interface CriticalPath {
  /** Positions, from the first node on. */
  readonly nodes: readonly number[];
  readonly ms: number;
}

/**
 * The longest chain of nodes that have ended, each needing the one before it.
 * @param durationMs - of a node, from its beginning to its end; undefined: it has not ended.
 */
export function criticalPath(layout: Layout, durationMs: (node: number) => number | undefined): CriticalPath {
  const { nodes, firstOf, dependents, needs } = layout;
  const left = needs.slice();
  const total = new Float64Array(nodes.length);
  const before = new Int32Array(nodes.length).fill(-1);
  const order: number[] = [];
  for (let node = 0; node < nodes.length; node++) if (at(left, node) === 0) order.push(node);
  let last = -1;
  for (const node of order) {
    const own = durationMs(node);
    // A chain through what has not ended begins anew behind it.
    total[node] = own === undefined ? 0 : at(total, node) + own;
    if (own !== undefined && (last === -1 || at(total, node) > at(total, last))) last = node;
    for (let edge = at(firstOf, node); edge < at(firstOf, node + 1); edge++) {
      const next = at(dependents, edge);
      if (own !== undefined && at(total, node) >= at(total, next)) {
        total[next] = at(total, node);
        before[next] = node;
      }
      left[next] = at(left, next) - 1;
      if (at(left, next) === 0) order.push(next);
    }
  }
  const path: number[] = [];
  for (let node = last; node !== -1; node = at(before, node)) path.push(node);
  return { nodes: path.toReversed(), ms: last === -1 ? 0 : at(total, last) };
}
