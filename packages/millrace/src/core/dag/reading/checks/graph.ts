/** What the checks know of a graph: edges that are sound, by position. */
export interface Graph {
  readonly ids: readonly string[];
  /** Of each node the nodes that it needs, each once, none of them itself. */
  readonly needs: readonly (readonly number[])[];
  /** It has needs that are not in `needs`, because they are wrong. */
  readonly isPartial: readonly boolean[];
}

/** A walk over a graph, from each node to what it needs. */
export interface Walk {
  /** All positions, each behind what it needs; needs that close a cycle are passed over. */
  readonly order: readonly number[];
  /** What closes a cycle: a need, and the way from what is needed back to who needs it. */
  readonly cycles: readonly Cycle[];
}

export interface Cycle {
  readonly node: number;
  readonly need: number;
  /** From `need` to `node`, each needing the next: its first few and its last few. */
  readonly first: readonly number[];
  readonly last: readonly number[];
  /** How many are between them. */
  readonly hidden: number;
}

/** Of a long cycle, this many at either end are shown. */
const SHOWN = 20;

/**
 * Walks in the order of the document, without recursion, each edge once. Each need that leads back into the way to its
 * own node closes a cycle of its own, so that all of them are gone when those that are listed are.
 */
export function walkGraph({ needs }: Graph): Walk {
  const order: number[] = [];
  const cycles: Cycle[] = [];
  /** Position in `way`, from 1; 0: not seen yet; -1: done. */
  const state = new Int32Array(needs.length);
  const next = new Int32Array(needs.length);
  const way: number[] = [];
  const enter = (node: number): void => {
    way.push(node);
    state[node] = way.length;
  };
  for (let start = 0; start < needs.length; start++) {
    if (state[start] === 0) enter(start);
    for (let node = way.at(-1); node !== undefined; node = way.at(-1)) {
      const step = next[node] as number; // all positions are inside
      const need = needs[node]?.[step];
      next[node] = step + 1;
      if (need === undefined) {
        way.pop();
        state[node] = -1;
        order.push(node);
        continue;
      }
      const seen = state[need] as number;
      if (seen === 0) enter(need);
      else if (seen > 0) cycles.push(cycleOf(way, seen - 1, need));
    }
  }
  return { order, cycles };
}

function cycleOf(way: readonly number[], from: number, need: number): Cycle {
  const length = way.length - from;
  const hidden = Math.max(0, length - 2 * SHOWN);
  const middle = hidden === 0 ? way.length : from + SHOWN;
  return {
    node: way.at(-1) as number, // the walk stands on it
    need,
    first: way.slice(from, middle),
    last: way.slice(middle + hidden),
    hidden,
  };
}
