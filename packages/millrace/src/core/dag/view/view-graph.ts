import type { ErrorDescription } from '../../reading/describe-error.ts';
import { instantOrNull } from '../../reading/instant.ts';
import type { NodeDefinition } from '../definition.ts';
import { criticalPath } from '../graph/critical-path.ts';
import type { Graph, ItemCounts, NodeError, NodeStatus } from '../graph/graph.ts';
import type { Layout } from '../graph/layout.ts';
import type { NodeTimes } from './node-times.ts';

/** A node of a run as every surface shows it. Instants are ISO 8601 in UTC; what is not there is null. */
export interface NodeDescription {
  readonly status: NodeStatus;
  /** How often it was begun to be tried; of several items, the one that took most. */
  readonly attempts: number;
  readonly startedAt: string | null;
  readonly endedAt: string | null;
  /** Name of the engine that made its last attempt. */
  readonly engineId: string | null;
  readonly output: unknown;
  /** Why it failed for good; of one that is tried again, its last attempt. */
  readonly error: NodeError | null;
  /** When it is tried again. */
  readonly retryAt: string | null;
  /** Of a node that has not begun: what it needs and has not ended. At most 20. */
  readonly waitsFor: readonly string[];
  /** Of a node that goes through items. */
  readonly items?: ItemCounts;
}

/** How far the nodes of a run are. */
export interface Progress {
  readonly total: number;
  readonly completed: number;
  readonly failed: number;
  readonly skipped: number;
  readonly running: number;
  /** For a signal or an instant. */
  readonly waiting: number;
}

/** Ids of two nodes: `to` needs `from`. */
export interface Edge {
  readonly from: string;
  readonly to: string;
}

export interface GraphView {
  /** By id, in the order of the document. */
  readonly nodes: Readonly<Record<string, NodeDescription>>;
  readonly progress: Progress;
  /** Ids of the chain of nodes that has taken longest so far, in order. */
  readonly criticalPath: readonly string[];
}

/** With what needs what, in the order of the document. */
export interface DrawnGraph extends GraphView {
  readonly edges: readonly Edge[];
}

/** What is known of a node's attempts. */
export interface Tries {
  attempts: number;
  retryAt: number | undefined;
  error: ErrorDescription | undefined;
  /** Who has it now, as far as that is known. */
  engine: string | undefined;
}

/** What a graph is looked at with. */
export interface Look {
  readonly times: NodeTimes;
  readonly triesOf: (id: string) => Tries | undefined;
  /** The run has ended: what has not, ended with it. */
  readonly closed: boolean;
  /** Store time, ms. */
  readonly now: number;
}

/** The state of a run's graph, for readers. */
export function viewGraph(graph: Graph, look: Look): DrawnGraph {
  const { layout } = graph;
  const statuses = layout.nodes.map((_, node) => statusOf(graph, node, look.closed));
  const nodes = layout.nodes.map(({ id }, node): [string, NodeDescription] => [
    id,
    describeNode(graph, node, statuses, look),
  ]);
  const count = (status: NodeStatus): number => statuses.filter((own) => own === status).length;
  const path = criticalPath(layout, (node) => durationMs(node, statuses, look));
  return {
    nodes: Object.fromEntries(nodes),
    edges: layout.nodes.flatMap(({ id, needs }) =>
      needs.map((need) => ({ from: nodeAt(layout, need).id, to: id })),
    ),
    progress: {
      total: statuses.length,
      completed: count('completed'),
      failed: count('failed'),
      skipped: count('skipped'),
      running: count('running'),
      waiting: count('waiting'),
    },
    criticalPath: path.nodes.map((node) => nodeAt(layout, node).id),
  };
}

function statusOf(graph: Graph, node: number, closed: boolean): NodeStatus {
  const status = graph.statusOf(node);
  return closed && OPEN.has(status) ? 'cancelled' : status;
}

const OPEN: ReadonlySet<NodeStatus> = new Set(['pending', 'waiting', 'running']);

function describeNode(
  graph: Graph,
  node: number,
  statuses: readonly NodeStatus[],
  { times, triesOf }: Look,
): NodeDescription {
  const status = statuses[node] as NodeStatus; // one of each node
  const tries = triesOf(nodeAt(graph.layout, node).id);
  const items = graph.items.get(node);
  const begun = times.startedAt(node) !== undefined;
  const goesOn = status === 'running';
  return {
    status,
    attempts: tries?.attempts ?? (begun ? 1 : 0),
    startedAt: instantOrNull(times.startedAt(node)),
    endedAt: instantOrNull(times.endedAt(node)),
    engineId: times.engineOf(node) ?? tries?.engine ?? null,
    output: graph.outputOf(node) ?? null,
    error: graph.errorOf(node) ?? (goesOn ? errorIn(tries) : null),
    retryAt: instantOrNull(goesOn ? tries?.retryAt : undefined),
    waitsFor: status === 'pending' ? waitsFor(graph, node, statuses) : [],
    ...(items === undefined ? {} : { items: countsOf(items) }),
  };
}

function errorIn(tries: Tries | undefined): NodeError | null {
  return tries?.error === undefined ? null : { code: tries.error.code, message: tries.error.message };
}

/** A copy: what the interpreter counts with has more to it. */
function countsOf({ total, completed, failed }: ItemCounts): ItemCounts {
  return { total, completed, failed };
}

const SHOWN = 20;

function waitsFor({ layout }: Graph, node: number, statuses: readonly NodeStatus[]): string[] {
  const left = nodeAt(layout, node).needs.filter((need) => OPEN.has(statuses[need] as NodeStatus));
  return left.slice(0, SHOWN).map((need) => nodeAt(layout, need).id);
}

function durationMs(node: number, statuses: readonly NodeStatus[], { times, now }: Look): number | undefined {
  const started = times.startedAt(node);
  if (started === undefined) return undefined;
  const ended = times.endedAt(node);
  if (ended !== undefined) return ended - started;
  return OPEN.has(statuses[node] as NodeStatus) ? Math.max(0, now - started) : undefined;
}

function nodeAt({ nodes }: Layout, node: number): NodeDefinition {
  return nodes[node] as NodeDefinition; // positions are the layout's
}
