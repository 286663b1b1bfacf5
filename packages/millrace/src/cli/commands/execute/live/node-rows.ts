import type { Definition } from '../../../../core/dag/definition.ts';
import type { Graph, NodeStatus } from '../../../../core/dag/graph/graph.ts';
import type { PlacedEvent } from '../../../../core/run/event.ts';

/** A node as somebody who watches a run sees it. */
export interface NodeRow {
  readonly id: string;
  readonly status: NodeStatus;
  /** Of its executor; 0: none is recorded. */
  readonly attempts: number;
  /** Items that have ended, of a forEach. */
  readonly items: number | undefined;
  /** When all that it needs had ended; undefined: it has not begun, or never will. Store time, ms. */
  readonly startedAt: number | undefined;
  /** Undefined: it has not ended, or no event says when. */
  readonly endedAt: number | undefined;
}

interface Seen {
  attempts: number;
  items: number;
  endedAt: number | undefined;
}

const BEGUN: readonly NodeStatus[] = ['waiting', 'running', 'completed', 'failed'];

/**
 * The nodes of a run: how they stand is the graph's word, when and how often the history's.
 * @param history - from the start of the run.
 */
export function nodeRows(definition: Definition, graph: Graph, history: readonly PlacedEvent[]): NodeRow[] {
  const seen = seenIn(definition, history);
  const beganAt = history[0]?.at;
  return definition.nodes.map(({ id, needs, forEach }, at): NodeRow => {
    const status = graph.statusOf(at);
    const { attempts = 0, items = 0, endedAt } = seen.get(id) ?? {};
    const ends = needs.map((need) => seen.get(definition.nodes[need]?.id ?? '')?.endedAt ?? beganAt ?? 0);
    const isOver = status !== 'running' && status !== 'waiting';
    return {
      ...{ id, status, attempts },
      items: forEach === undefined ? undefined : items,
      startedAt: BEGUN.includes(status) ? Math.max(beganAt ?? 0, ...ends) : undefined,
      endedAt: isOver ? endedAt : undefined,
    };
  });
}

function seenIn({ nodes }: Definition, history: readonly PlacedEvent[]): ReadonlyMap<string, Seen> {
  const seen = new Map<string, Seen>(
    nodes.map(({ id }) => [id, { attempts: 0, items: 0, endedAt: undefined }]),
  );
  const signals = new Map<string, string[]>();
  for (const node of nodes) {
    if (node.kind === 'signal') signals.set(node.signal, [...(signals.get(node.signal) ?? []), node.id]);
  }
  for (const { at, event } of history) {
    if (!('name' in event)) continue;
    if (event.type === 'signal-received') {
      for (const id of signals.get(event.name) ?? []) note(seen.get(id), at);
      continue;
    }
    const own = seen.get(event.name) ?? seen.get(event.name.replace(/\[\d+\]$/, ''));
    if (own === undefined) continue;
    if ('attempt' in event) own.attempts = Math.max(own.attempts, attemptOf(event));
    if (ENDS.has(event.type)) note(own, at);
  }
  return seen;
}

/** After a failed attempt the next one is under way, or waited for. */
function attemptOf({ type, attempt }: { type: string; attempt: number }): number {
  return type === 'step-retrying' ? attempt + 1 : attempt;
}

const ENDS: ReadonlySet<string> = new Set([
  ...['step-completed', 'step-failed', 'timer-fired', 'child-closed', 'recorded'],
]);

function note(own: Seen | undefined, at: number): void {
  if (own === undefined) return;
  own.endedAt = at;
  own.items++;
}
