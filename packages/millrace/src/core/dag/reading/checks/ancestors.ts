import type { Graph } from './graph.ts';

/** That an expression of one node speaks of another, by position. */
export interface Mention {
  readonly speaker: number;
  readonly of: number;
}

/** Edges that one check may follow: about a second. What is left is found when the run comes to it. */
const BUDGET = 300_000_000;
/** Nodes that one sweep follows at once: the bits of a number. */
const AT_ONCE = 32;

/**
 * Mentions of nodes that are not among what the speaker needs, directly or through others: they may not have ended yet
 * when it begins. Nodes whose needs are wrong, and all that need them, are not judged.
 * @param order - each node behind what it needs.
 */
export function strayMentions(
  graph: Graph,
  order: readonly number[],
  mentions: readonly Mention[],
  budget = BUDGET,
): readonly Mention[] {
  const places = new Int32Array(order.length);
  for (const [place, node] of order.entries()) places[node] = place;
  const doubtful = doubtfulNodes(graph, order);
  const judged = mentions.filter(({ speaker }) => doubtful[speaker] === 0);
  const open = judged.filter(({ speaker, of }) => speaker !== of && !graph.needs[speaker]?.includes(of));
  const placeOf = (node: number): number => places[node] as number; // all positions are inside
  const ofTarget = Map.groupBy(
    open.toSorted((a, b) => placeOf(a.of) - placeOf(b.of)),
    ({ of }) => of,
  );
  const targets = [...ofTarget.keys()];
  const sweep: Sweep = { graph, order, places, masks: new Int32Array(order.length), steps: 0 };
  const stray = judged.filter(({ speaker, of }) => speaker === of);
  for (let at = 0; at < targets.length && sweep.steps < budget; at += AT_ONCE) {
    const batch = targets.slice(at, at + AT_ONCE);
    const spoken = batch.flatMap((target) => ofTarget.get(target) as Mention[]);
    descend(sweep, batch, lastOf(spoken, places));
    const bits = new Map(batch.map((target, bit) => [target, 1 << bit]));
    const from = placeOf(batch[0] as number); // no batch is empty
    for (const mention of spoken) {
      const place = placeOf(mention.speaker);
      const mask = place < from ? 0 : (sweep.masks[place] as number);
      if ((mask & (bits.get(mention.of) as number)) === 0) stray.push(mention);
    }
  }
  return stray;
}

function lastOf(mentions: readonly Mention[], places: Int32Array): number {
  return mentions.reduce((last, { speaker }) => Math.max(last, places[speaker] as number), 0);
}

interface Sweep {
  readonly graph: Graph;
  readonly order: readonly number[];
  readonly places: Int32Array;
  /** By place: which of the batch the node is, or needs. */
  readonly masks: Int32Array;
  steps: number;
}

/** Hands the marks of a batch on to all that need it, up to the last place that is asked for. */
function descend(sweep: Sweep, batch: readonly number[], last: number): void {
  const { graph, order, places, masks } = sweep;
  const from = places[batch[0] as number] as number; // no batch is empty
  const marks = new Map(batch.map((target, bit) => [target, 1 << bit]));
  for (let place = from; place <= last; place++) {
    const node = order[place] as number;
    const needs = graph.needs[node] as readonly number[];
    let mask = marks.get(node) ?? 0;
    for (const need of needs) {
      const other = places[need] as number;
      // A need that closes a cycle lies behind: its node is not judged.
      if (other >= from && other < place) mask |= masks[other] as number;
    }
    masks[place] = mask;
    sweep.steps += needs.length + 1;
  }
}

/** 1 for nodes with wrong needs, and for all that need them. */
function doubtfulNodes({ needs, isPartial }: Graph, order: readonly number[]): Uint8Array {
  const doubtful = new Uint8Array(order.length);
  const seen = new Uint8Array(order.length);
  for (const node of order) {
    const all = needs[node] as readonly number[];
    const isDoubtful = isPartial[node] || all.some((need) => doubtful[need] === 1 || seen[need] === 0);
    if (isDoubtful) doubtful[node] = 1;
    seen[node] = 1;
  }
  return doubtful;
}
