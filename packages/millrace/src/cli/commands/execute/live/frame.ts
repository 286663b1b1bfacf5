import { NODE_STATUSES, type NodeStatus } from '../../../../core/dag/graph/graph.ts';
import { span } from '../../../output/run-words.ts';
import { table, type Column } from '../../../output/table.ts';
import type { Format, Style } from '../../../terminal.ts';
import type { RunView } from '../../../../core/dag/view/view-run.ts';

type Node = RunView['nodes'][string];

interface NodeRow extends Node {
  readonly id: string;
}

type Look = readonly [mark: string, colour: Format];

const LOOKS: Readonly<Record<NodeStatus, Look>> = {
  pending: ['·', 'dim'],
  waiting: ['◷', 'cyan'],
  running: ['▸', 'blue'],
  completed: ['✓', 'green'],
  failed: ['✗', 'red'],
  skipped: ['–', 'dim'],
  cancelled: ['■', 'yellow'],
};

/** What somebody who watches wants to see first, where not all fit. */
const ORDER: readonly NodeStatus[] = [
  ...(['failed', 'running', 'waiting', 'cancelled', 'pending', 'completed', 'skipped'] as const),
];

export interface FrameSize {
  readonly rows: number;
  readonly columns: number;
  /** Store time, ms. */
  readonly now: number;
}

/** Lines that are no nodes: the head, the titles, what is left out, and the line below. */
const BESIDE = 4;

/** The nodes as lines, no more than fit; what does not is summed up. */
export function frame(view: Pick<RunView, 'nodes'>, style: Style, size: FrameSize): string[] {
  const nodes = Object.entries(view.nodes).map(([id, node]): NodeRow => ({ ...node, id }));
  const room = Math.max(1, size.rows - BESIDE);
  const shown = choose(nodes, room);
  const isShown = new Set(shown);
  const left = nodes.length > shown.length ? nodes.filter((node) => !isShown.has(node)) : [];
  const done = nodes.filter(({ status }) => ENDED.has(status)).length;
  return [
    style('bold', `${done} of ${nodes.length} nodes have ended`),
    ...table(columnsOf(style, size.now), shown, { style, columns: size.columns }),
    ...(left.length === 0 ? [] : [style('dim', `… and ${left.length} more: ${countsOf(left)}`)]),
  ];
}

const ENDED: ReadonlySet<NodeStatus> = new Set(['completed', 'failed', 'skipped', 'cancelled']);

/** Those that matter most, in the order of the document. */
function choose(nodes: readonly NodeRow[], room: number): readonly NodeRow[] {
  if (nodes.length <= room) return nodes;
  const chosen = new Set<NodeRow>();
  for (const status of ORDER) {
    const those = nodes.filter((node) => node.status === status);
    // Of what has ended the latest, of all else the first.
    const wanted = ENDED.has(status)
      ? those.toSorted((a, b) => instantOf(b.endedAt) - instantOf(a.endedAt))
      : those;
    for (const node of wanted.slice(0, room - chosen.size)) chosen.add(node);
  }
  return nodes.filter((node) => chosen.has(node));
}

function countsOf(nodes: readonly NodeRow[]): string {
  return NODE_STATUSES.flatMap((status) => {
    const count = nodes.filter((node) => node.status === status).length;
    return count === 0 ? [] : [`${count} ${status}`];
  }).join(', ');
}

function columnsOf(style: Style, now: number): readonly Column<NodeRow>[] {
  return [
    { title: ' ', of: ({ status }) => LOOKS[status][0], paint: paintBy(style) },
    { title: 'NODE', of: ({ id }) => id, shrinks: true },
    { title: 'STATUS', of: ({ status }) => status, paint: paintBy(style) },
    { title: 'TRIES', of: ({ attempts }) => (attempts > 1 ? String(attempts) : ''), align: 'right' },
    { title: 'ITEMS', of: ({ items }) => (items === undefined ? '' : itemsText(items)), align: 'right' },
    { title: 'TIME', of: (node) => timeOf(node, now), align: 'right' },
  ];
}

function paintBy(style: Style): NonNullable<Column<NodeRow>['paint']> {
  return ({ status }, cell) => style(LOOKS[status][1], cell);
}

function itemsText({ completed, failed, total }: NonNullable<NodeRow['items']>): string {
  return `${completed + failed}/${total}`;
}

function timeOf({ startedAt, endedAt, status }: NodeRow, now: number): string {
  if (startedAt === null) return '';
  if (endedAt === null && ENDED.has(status)) return '';
  return span(Math.round((endedAt === null ? now : instantOf(endedAt)) - instantOf(startedAt)));
}

function instantOf(at: string | null): number {
  return at === null ? 0 : Date.parse(at);
}
