import type { GraphView, NodeDescription } from '../../../dag/view/view-graph.ts';
import { instant } from '../../../reading/instant.ts';
import type { ReadableRun } from '../../../reading/readable-run.ts';
import type { Reason } from '../reason.ts';

/** More than a person reads. */
const TOLD = 10;

/**
 * Which nodes of a run have not begun because of which: one reason for each node that others wait for and that waits for
 * none itself. What holds that one up is told by the run's other reasons.
 */
export function nodeReasons(run: ReadableRun, { nodes }: GraphView): readonly Reason[] {
  const waiting = waitersOf(nodes);
  return [...waiting].slice(0, TOLD).map(([awaited, waiters]) => {
    const { status, startedAt } = nodes[awaited] as NodeDescription; // `waitsFor` names nodes of the same graph
    const [node] = waiters as [string, ...string[]];
    const others = waiters.length - 1;
    const more = others === 0 ? '' : `, and so ${others === 1 ? 'does 1 other' : `do ${others} others`}`;
    return {
      code: 'WAITING_NODE',
      message: `node "${node}" waits for node "${awaited}", which is ${status}${more}`,
      since: startedAt ?? instant(run.createdAt),
      refs: { node, waitsFor: awaited, status, waiting: waiters.length },
      remedy: {
        message: `It begins when "${awaited}" has ended: see what the run's other reasons say of that.`,
        command: `millrace show ${run.runId}`,
      },
    };
  });
}

/** Of each node that waits for no other: the nodes that wait for it, in the order of the document. */
function waitersOf(nodes: GraphView['nodes']): Map<string, string[]> {
  const waiters = new Map<string, string[]>();
  for (const [id, { waitsFor }] of Object.entries(nodes)) {
    for (const awaited of waitsFor) {
      if (nodes[awaited]?.status === 'pending') continue;
      const known = waiters.get(awaited);
      if (known === undefined) waiters.set(awaited, [id]);
      else known.push(id);
    }
  }
  return waiters;
}
