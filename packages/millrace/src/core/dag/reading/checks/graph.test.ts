import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { checkDocument } from '../read-definition.ts';
import type { Problem } from '../problem.ts';
import { strayMentions } from './ancestors.ts';
import { walkGraph, type Graph } from './graph.ts';

/** Nodes and what they need, each only of those before it. */
const sound = fc
  .integer({ min: 2, max: 40 })
  .chain((count) =>
    fc.tuple(
      ...Array.from({ length: count }, (_, at) =>
        at === 0 ? fc.constant([]) : fc.uniqueArray(fc.integer({ min: 0, max: at - 1 }), { maxLength: 4 }),
      ),
    ),
  );

/** The order in which nodes are written is no order of the graph. */
function problemsOf(needs: readonly (readonly number[])[], seed: number): readonly Problem[] {
  const order = needs.map((_, at) => at).toSorted((a, b) => ((a * seed) % 101) - ((b * seed) % 101));
  const nodes = order.map((at) => [`n${at}`, { value: 1, needs: needs[at]?.map((need) => `n${need}`) }]);
  const read = checkDocument({ workflow: 'a', version: 1, nodes: Object.fromEntries(nodes) });
  return 'problems' in read ? read.problems : [];
}

/** Everything that a node needs, through others too. */
function ancestorsOf(needs: readonly (readonly number[])[], node: number): ReadonlySet<number> {
  const found = new Set<number>();
  const open = [...(needs[node] ?? [])];
  for (let next = open.pop(); next !== undefined; next = open.pop()) {
    if (found.has(next)) continue;
    found.add(next);
    open.push(...(needs[next] ?? []));
  }
  return found;
}

function graphOf(needs: readonly (readonly number[])[]): Graph {
  return { ids: needs.map((_, at) => `n${at}`), needs, isPartial: needs.map(() => false) };
}

describe('any graph', () => {
  it('without a cycle has no problem', () => {
    fc.assert(
      fc.property(sound, fc.integer({ min: 1, max: 100 }), (needs, seed) => {
        expect(problemsOf(needs, seed)).toEqual([]);
      }),
    );
  });

  it('with a need that closes cycles has each printed once, as a way that is there, through that need', () => {
    const planted = fc.tuple(sound, fc.integer({ min: 1, max: 100 }), fc.nat());
    fc.assert(
      fc.property(planted, ([needs, seed, pick]) => {
        const pairs = needs.flatMap((_, node) =>
          [...ancestorsOf(needs, node)].map((above) => [above, node] as const),
        );
        fc.pre(pairs.length > 0);
        const [above, node] = pairs[pick % pairs.length] as readonly [number, number];
        const cyclic = needs.map((all, at) => (at === above ? [...all, node] : all));
        const ways = problemsOf(cyclic, seed).map(
          ({ message }) => message.split(': ')[1]?.split(' → ') ?? [],
        );
        expect(ways.length).toBeGreaterThan(0);
        expect(new Set(ways.map((way) => way.join(' '))).size).toBe(ways.length);
        for (const way of ways) {
          expect(way.at(-1)).toBe(way[0]);
          const edges = way
            .slice(1)
            .map((id, at) => [Number(way[at]?.slice(1)), Number(id.slice(1))] as const);
          for (const [from, to] of edges) expect(cyclic[from]).toContain(to);
          expect(edges).toContainEqual([above, node]);
        }
      }),
    );
  });

  it('tells what is an ancestor as a search for each pair does', () => {
    fc.assert(
      fc.property(sound, (needs) => {
        const mentions = needs.flatMap((_, speaker) => needs.map((__, of) => ({ speaker, of })));
        const { order } = walkGraph(graphOf(needs));
        const stray = new Set(strayMentions(graphOf(needs), order, mentions));
        for (const mention of mentions) {
          expect(stray.has(mention)).toBe(!ancestorsOf(needs, mention.speaker).has(mention.of));
        }
      }),
    );
  });

  it('is walked with each node behind what it needs', () => {
    fc.assert(
      fc.property(sound, (needs) => {
        const { order } = walkGraph(graphOf(needs));
        const places = new Map(order.map((node, place) => [node, place]));
        expect(places.size).toBe(needs.length);
        for (const [node, all] of needs.entries()) {
          for (const need of all) expect(places.get(need)).toBeLessThan(places.get(node) as number);
        }
      }),
    );
  });
});

describe('what a check may cost', () => {
  it('is bounded: what lies beyond is found when the run comes to it', () => {
    const needs = Array.from({ length: 400 }, (_, at) => (at === 0 ? [] : [at - 1]));
    needs.push([]);
    // The last one needs nothing, and speaks of all.
    const mentions = needs.slice(1).map((_, of) => ({ speaker: 400, of }));
    const { order } = walkGraph(graphOf(needs));
    expect(strayMentions(graphOf(needs), order, mentions)).toHaveLength(400);
    expect(strayMentions(graphOf(needs), order, mentions, 1000).length).toBeLessThan(200);
  });
});
