import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { sampleGraph } from '../../../../testbed/samples/graph.ts';
import { layoutOf } from './layout.ts';

/** By the needs of each node, which are before it. */
function turnsIn(needs: readonly (readonly number[])[]): number[] {
  const { byTurn, turns } = layoutOf(
    sampleGraph(needs.map((own, at) => ({ id: `n${at}`, needs: own.map((need) => `n${need}`) }))),
  );
  expect([...byTurn].map((node) => turns[node])).toEqual(needs.map((_, turn) => turn));
  return [...byTurn];
}

describe('the turns of nodes', () => {
  it('are those of the longest chain behind them, then those of the document', () => {
    // 0 → 3 → 4 → 5 and 1 → 5; 2 stands alone.
    expect(turnsIn([[], [], [], [0], [3], [4, 1]])).toEqual([0, 3, 1, 4, 2, 5]);
    expect(turnsIn([[], [], []])).toEqual([0, 1, 2]);
    expect(turnsIn([])).toEqual([]);
  });

  it('come out like those of a plain search', () => {
    const graphs = fc
      .array(fc.array(fc.nat(30), { maxLength: 4 }), { maxLength: 30 })
      .map((all) => all.map((own, at) => (at === 0 ? [] : [...new Set(own.map((need) => need % at))])));
    fc.assert(
      fc.property(graphs, (needs) => {
        const behind = (node: number): number =>
          Math.max(0, ...needs.flatMap((own, at) => (own.includes(node) ? [behind(at) + 1] : [])));
        const wanted = needs.map((_, node) => node).toSorted((a, b) => behind(b) - behind(a) || a - b);
        expect(turnsIn(needs)).toEqual(wanted);
      }),
    );
  });
});
