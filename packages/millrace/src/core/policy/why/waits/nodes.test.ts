import { describe, expect, it } from 'vitest';
import { T0 } from '../../../../../testbed/samples/history.ts';
import type { GraphView, NodeDescription } from '../../../dag/view/view-graph.ts';
import { instant } from '../../../reading/instant.ts';
import type { ReadableRun } from '../../../reading/readable-run.ts';
import { nodeReasons } from './nodes.ts';

const RUN = { runId: '01938bd1-0000-7000-8000-000000000000', createdAt: T0 } as ReadableRun;

function viewOf(nodes: Readonly<Record<string, Partial<NodeDescription>>>): GraphView {
  const whole = Object.entries(nodes).map(([id, node]) => [
    id,
    { status: 'pending', waitsFor: [], startedAt: null, ...node },
  ]);
  return { nodes: Object.fromEntries(whole) } as GraphView;
}

describe('why nodes have not begun', () => {
  it('is told of each node that others wait for, with the first of them and how many', () => {
    const view = viewOf({
      charge: { status: 'running', startedAt: instant(T0 + 5) },
      ship: { waitsFor: ['charge'] },
      invoice: { waitsFor: ['charge', 'approved'] },
      thank: { waitsFor: ['ship', 'charge'] },
      approved: { status: 'waiting' },
    });
    expect(nodeReasons(RUN, view)).toMatchObject([
      {
        code: 'WAITING_NODE',
        message: 'node "ship" waits for node "charge", which is running, and so do 2 others',
        since: instant(T0 + 5),
        refs: { node: 'ship', waitsFor: 'charge', waiting: 3 },
      },
      {
        message: 'node "invoice" waits for node "approved", which is waiting',
        since: instant(T0),
        refs: { waiting: 1 },
      },
    ]);
  });

  it('is told in the singular of one other', () => {
    const view = viewOf({ a: { status: 'running' }, b: { waitsFor: ['a'] }, c: { waitsFor: ['a'] } });
    expect(nodeReasons(RUN, view)[0]?.message).toMatch(/and so does 1 other$/);
  });

  it('is told of the first ten', () => {
    const pairs = Array.from({ length: 20 }, (_, at) => [
      [`a${at}`, { status: 'running' }] as const,
      [`b${at}`, { waitsFor: [`a${at}`] }] as const,
    ]);
    expect(nodeReasons(RUN, viewOf(Object.fromEntries(pairs.flat())))).toHaveLength(10);
  });
});
