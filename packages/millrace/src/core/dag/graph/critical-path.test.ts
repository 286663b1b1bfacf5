import { expect, it } from 'vitest';
import { sampleGraph, type SampleNode } from '../../../../testbed/samples/graph.ts';
import { criticalPath } from './critical-path.ts';
import { layoutOf } from './layout.ts';

const DIAMOND: SampleNode[] = [
  { id: 'end', needs: ['left', 'right'] },
  { id: 'left', needs: ['begin'] },
  { id: 'right', needs: ['begin'] },
  { id: 'begin' },
  { id: 'alone' },
];

function path(durations: Readonly<Record<string, number>>): [string[], number] {
  const layout = layoutOf(sampleGraph(DIAMOND));
  const idOf = (node: number): string => layout.nodes[node]?.id ?? '';
  const { nodes, ms } = criticalPath(layout, (node) => durations[idOf(node)]);
  return [nodes.map(idOf), ms];
}

it('the critical path is the chain that has taken longest', () => {
  expect(path({ begin: 5, left: 1, right: 2, end: 10, alone: 9 })).toEqual([['begin', 'right', 'end'], 17]);
  expect(path({ begin: 5, left: 3, right: 2, end: 10, alone: 19 })).toEqual([['alone'], 19]);
});

it('goes through what has ended only', () => {
  expect(path({ begin: 5, left: 1 })).toEqual([['begin', 'left'], 6]);
  expect(path({ begin: 5, left: 1, end: 7 }), 'a join that did not wait for the other').toEqual([
    ['begin', 'left', 'end'],
    13,
  ]);
  expect(path({ left: 1, end: 7 })).toEqual([['left', 'end'], 8]);
  expect(path({})).toEqual([[], 0]);
});
