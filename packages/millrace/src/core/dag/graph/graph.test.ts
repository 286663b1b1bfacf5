import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { sampleGraph, sampleNode, type SampleNode } from '../../../../testbed/samples/graph.ts';
import { Graph, NODE_STATUSES, type NodeStatus } from './graph.ts';
import { NOTHING, RECORD, SLOT, layoutOf, leavesOf } from './layout.ts';

const ALL = NOTHING | RECORD | SLOT;

function graphOf(...nodes: SampleNode[]): Graph {
  return new Graph(layoutOf(sampleGraph(nodes)));
}

/** All that may begin now, in the order in which they would. */
function takeAll(graph: Graph, open = ALL): string[] {
  const ids: string[] = [];
  for (let node = graph.take(open); node !== -1; node = graph.take(open)) {
    ids.push(graph.layout.nodes[node]?.id ?? '');
    graph.run(node);
  }
  return ids;
}

function statuses(graph: Graph): string {
  return graph.layout.nodes.map(({ id }, node) => `${id} ${graph.statusOf(node)}`).join(', ');
}

describe('who may begin', () => {
  it('is who needs nothing, in the order of the document', () => {
    expect(takeAll(graphOf({ id: 'c' }, { id: 'b', needs: ['c'] }, { id: 'a' }))).toEqual(['c', 'a']);
  });

  it('is limited to those for whom there is room', () => {
    const graph = graphOf({ id: 'work' }, { id: 'value', kind: 'value' }, { id: 'nap', kind: 'sleep' });
    expect(takeAll(graph, NOTHING)).toEqual(['nap']);
    expect(graph.hasReady(RECORD)).toBe(true);
    expect(takeAll(graph, NOTHING | RECORD)).toEqual(['value']);
    expect(graph.hasReady(RECORD)).toBe(false);
    expect(takeAll(graph)).toEqual(['work']);
  });

  it('is a node once more that has more to begin', () => {
    const graph = graphOf({ id: 'a' }, { id: 'b' });
    expect(graph.take(ALL)).toBe(0);
    graph.run(0);
    graph.again(0);
    expect(takeAll(graph)).toEqual(['a', 'b']);
  });

  it('is nobody after a failure for good; what is left is cancelled', () => {
    const graph = graphOf({ id: 'a' }, { id: 'b' }, { id: 'c', needs: ['a'] });
    graph.fail(graph.take(ALL), { code: 'BROKEN', message: 'broken' });
    graph.fail(1, { code: 'LATER', message: 'later' });
    expect(graph.failure).toBe(0);
    expect(takeAll(graph)).toEqual([]);
    expect(graph.isOver).toBe(false);
    graph.cancelLeft();
    expect(statuses(graph)).toBe('a failed, b failed, c cancelled');
    expect(graph.isOver).toBe(true);
    expect(graph.scopeOf(2)).toBeUndefined();
  });
});

describe('a reader', () => {
  it('sees what expressions see of what has ended', () => {
    const graph = graphOf({ id: 'a' }, { id: 'b', onError: 'continue' }, { id: 'c' }, { id: 'd' });
    graph.complete(0, 17, [{ index: 1 }]);
    graph.fail(1, { code: 'X', message: 'x' });
    graph.skip(2);
    graph.wait(3);
    expect([0, 1, 2, 3].map((node) => graph.scopeOf(node))).toEqual([
      { status: 'completed', output: 17, error: null, failures: [{ index: 1 }] },
      { status: 'failed', output: null, error: { code: 'X', message: 'x' }, failures: undefined },
      { status: 'skipped', output: null, error: null, failures: undefined },
      undefined,
    ]);
    expect([graph.outputOf(0), graph.errorOf(1), graph.errorOf(0)]).toEqual([
      17,
      { code: 'X', message: 'x' },
      undefined,
    ]);
    expect(NODE_STATUSES.map((status) => graph.count(status))).toEqual([0, 1, 0, 1, 1, 1, 0]);
  });

  it('knows which nodes nothing needs', () => {
    const layout = layoutOf(sampleGraph([{ id: 'a' }, { id: 'b', needs: ['a'] }, { id: 'c' }]));
    expect(leavesOf(layout)).toEqual([1, 2]);
    expect(layout.positions.get('c')).toBe(2);
  });
});

it.each([
  ['an executor', {}, SLOT],
  ['a child', { kind: 'workflow', workflow: 'w' }, SLOT],
  ['a signal', { kind: 'signal', signal: 's' }, NOTHING],
  ['a sleep', { kind: 'sleep' }, NOTHING],
  ['a value', { kind: 'value' }, RECORD],
  ['noop', { executor: 'noop' }, RECORD],
  ['noop with input', { executor: 'noop', input: '${ input }' }, RECORD],
  ['noop with a secret', { executor: 'noop', input: '${ secrets.A }' }, SLOT],
  ['noop with labels', { executor: 'noop', requires: ['gpu'] }, SLOT],
  ['noop in a region', { executor: 'noop', region: 'eu' }, SLOT],
  ['noop with an affinity', { executor: 'noop', affinity: 'a' }, SLOT],
])('%s takes what it needs to begin', (_, node, takes) => {
  expect(layoutOf([sampleNode({ id: 'a', ...node } as SampleNode, () => 0)]).takes).toEqual(
    new Uint8Array([takes]),
  );
});

/** How each node of a random graph ends. */
type End = 'completes' | 'fails' | 'skips';

interface Case {
  readonly nodes: readonly (SampleNode & { readonly end: End })[];
  readonly picks: readonly number[];
}

/** Needs go to nodes anywhere in the document, but never in a circle. */
const CASES: fc.Arbitrary<Case> = fc.integer({ min: 1, max: 40 }).chain((size) =>
  fc.record({
    nodes: fc
      .record({
        order: fc.shuffledSubarray(
          Array.from({ length: size }, (_, n) => n),
          { minLength: size },
        ),
        shapes: fc.array(
          fc.record({
            needs: fc.array(fc.nat(), { maxLength: 4 }),
            join: fc.constantFrom('completed' as const, 'settled' as const, 'any' as const),
            end: fc.constantFrom<End>('completes', 'completes', 'completes', 'fails', 'skips'),
            kind: fc.constantFrom('executor' as const, 'value' as const, 'sleep' as const),
          }),
          { minLength: size, maxLength: size },
        ),
      })
      .map(({ order, shapes }) => {
        const nodes = shapes.map(({ needs, ...shape }, place) => {
          const earlier = order.slice(0, place);
          const chosen = needs.flatMap((need) => earlier[need % Math.max(1, place)] ?? []);
          const onError = 'continue' as const;
          return {
            ...shape,
            onError,
            id: `n${order[place]}`,
            needs: [...new Set(chosen)].map((n) => `n${n}`),
          };
        });
        return nodes.toSorted((a, b) => Number(a.id.slice(1)) - Number(b.id.slice(1)));
      }),
    picks: fc.array(fc.nat(), { minLength: size, maxLength: size }),
  }),
);

/** What a node's join says of these ends of what it needs; undefined: nothing yet. */
function verdict(join: string | undefined, needs: readonly NodeStatus[]): 'begins' | 'skipped' | undefined {
  const ended = needs.filter(
    (status) => status === 'completed' || status === 'failed' || status === 'skipped',
  );
  const all = ended.length === needs.length;
  if (needs.length === 0) return 'begins';
  if (join === 'any' && ended.includes('completed')) return 'begins';
  if (!all) return undefined;
  if (join === 'any') return 'skipped';
  return join === 'completed' && ended.includes('skipped') ? 'skipped' : 'begins';
}

it('every graph ends, whatever becomes of its nodes; each begins when its join says so and never before', () => {
  fc.assert(
    fc.property(CASES, ({ nodes, picks }) => {
      const graph = graphOf(...nodes);
      const faults: string[] = [];
      const running: number[] = [];
      const begun = new Set<number>();
      const needsOf = (node: number): NodeStatus[] =>
        (graph.layout.nodes[node]?.needs ?? []).map((need) => graph.statusOf(need));
      const begin = (): void => {
        let last = -1;
        const turnOf = (node: number): number => graph.layout.turns[node] ?? -1;
        for (let node = graph.take(ALL); node !== -1; node = graph.take(ALL)) {
          if (begun.has(node)) faults.push(`${node} began twice`);
          if (turnOf(node) < turnOf(last)) faults.push(`${node} began behind ${last}`);
          if (verdict(nodes[node]?.join, needsOf(node)) !== 'begins') faults.push(`${node} began too early`);
          last = node;
          begun.add(node);
          graph.run(node);
          running.push(node);
        }
        for (let node = 0; node < nodes.length; node++) {
          const expected = verdict(nodes[node]?.join, needsOf(node));
          const isPending = graph.statusOf(node) === 'pending';
          if (isPending && expected !== undefined) faults.push(`${node} is held up`);
          if (!begun.has(node) && graph.statusOf(node) === 'skipped' && expected !== 'skipped')
            faults.push(`${node} was skipped too early`);
        }
      };
      begin();
      for (const pick of picks) {
        const [node] = running.splice(pick % Math.max(1, running.length), 1);
        if (node === undefined) break;
        const { end } = nodes[node] as { end: End };
        if (end === 'completes') graph.complete(node, node);
        else if (end === 'skips') graph.skip(node);
        else graph.fail(node, { code: 'X', message: '' });
        begin();
      }
      expect(faults).toEqual([]);
      expect(graph.isOver).toBe(true);
      const total = NODE_STATUSES.reduce((sum, status) => sum + graph.count(status), 0);
      expect(total).toBe(nodes.length);
    }),
    { numRuns: 300 },
  );
});

it('a chain of a hundred thousand that is skipped is no recursion', () => {
  const size = 100_000;
  const nodes = Array.from({ length: size }, (_, n) => ({
    id: `n${n}`,
    needs: n === 0 ? [] : [`n${n - 1}`],
  }));
  const graph = graphOf(...nodes);
  graph.skip(graph.take(ALL));
  expect(graph.count('skipped')).toBe(size);
});
