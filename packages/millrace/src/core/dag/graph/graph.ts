import type { NodeScope } from '../expression/template.ts';
import { at } from './cells.ts';
import { NOTHING, RECORD, SLOT, type Layout } from './layout.ts';
import { ReadySet } from './ready-set.ts';

/**
 * `pending`: it has not begun. `waiting`: for a signal or an instant. `running`: its executor, child or items do.
 * `failed` says nothing of the run: a node whose failure is accepted is `failed` too.
 */
export const NODE_STATUSES = [
  ...(['pending', 'waiting', 'running', 'completed', 'failed', 'skipped', 'cancelled'] as const),
] as const;
export type NodeStatus = (typeof NODE_STATUSES)[number];

const PENDING = 0;
const WAITING = 1;
const RUNNING = 2;
const COMPLETED = 3;
const FAILED = 4;
const SKIPPED = 5;
const CANCELLED = 6;

// What a node knows of those it needs.
const SAW_COMPLETED = 1;
const SAW_SKIPPED = 2;
/** It may begin, or has begun. */
const CALLED = 4;

/** How many items a node has, and how they ended. */
export interface ItemCounts {
  readonly total: number;
  readonly completed: number;
  readonly failed: number;
}

export type NodeError = NonNullable<NodeScope['error']>;

/**
 * The state of one run of a graph: a fold over what its interpreter reports.
 *
 * Owns who may begin, who is skipped and what is left; knows no time and evaluates nothing.
 *   I1  A node begins once, after its needs have ended as its join says; of those that may begin the first by turn
 *       does.
 *   I2  A node is skipped when all that it needs has ended, so that its expressions could have spoken of all of it.
 *   I3  After a failure for good nothing begins.
 *   I4  All of it costs O(nodes + edges), and nothing recurs.
 */
export class Graph {
  readonly layout: Layout;
  /** The node whose failure is the run's. */
  failure: number | undefined;
  /** Hears each change of a node. When it happened, only the listener may know. */
  onChange: ((node: number, status: NodeStatus) => void) | undefined;
  /** Of nodes that go through items, how far they are. */
  readonly items: Map<number, ItemCounts> = new Map();

  private readonly status: Uint8Array;
  private readonly saw: Uint8Array;
  private readonly left: Int32Array;
  private readonly counts: Int32Array = new Int32Array(NODE_STATUSES.length);
  private readonly outputs: unknown[];
  private readonly errors: Map<number, NodeError> = new Map();
  private readonly failures: Map<number, readonly unknown[]> = new Map();
  private readonly ready: { readonly takes: number; readonly set: ReadySet }[];

  constructor(layout: Layout) {
    const size = layout.nodes.length;
    this.layout = layout;
    this.status = new Uint8Array(size);
    this.saw = new Uint8Array(size);
    this.left = layout.needs.slice();
    this.outputs = new Array<unknown>(size).fill(null);
    this.ready = [NOTHING, RECORD, SLOT].map((takes) => ({ takes, set: new ReadySet(size) }));
    this.counts[PENDING] = size;
    for (let node = 0; node < size; node++) if (at(this.left, node) === 0) this.call(node);
  }

  // --- what readers ask

  statusOf(node: number): NodeStatus {
    return NODE_STATUSES[at(this.status, node)] as NodeStatus;
  }
  outputOf(node: number): unknown {
    return this.outputs[node];
  }
  errorOf(node: number): NodeError | undefined {
    return this.errors.get(node);
  }
  /** How many nodes are in this status. */
  count(status: NodeStatus): number {
    return at(this.counts, NODE_STATUSES.indexOf(status));
  }
  /** Every node has ended. */
  get isOver(): boolean {
    return at(this.counts, PENDING) + at(this.counts, WAITING) + at(this.counts, RUNNING) === 0;
  }
  /** As expressions see it; undefined: it has not ended. */
  scopeOf(node: number): NodeScope | undefined {
    const status = at(this.status, node);
    if (status !== COMPLETED && status !== FAILED && status !== SKIPPED) return undefined;
    return {
      status: status === COMPLETED ? 'completed' : status === FAILED ? 'failed' : 'skipped',
      output: this.outputs[node],
      error: this.errors.get(node) ?? null,
      failures: this.failures.get(node),
    };
  }

  // --- what its interpreter tells

  /** Takes the first node of the document that may begin with what there is; -1: there is none. */
  take(open: number): number {
    const first = this.peek(open);
    if (first !== -1) this.setOf(first).delete(at(this.layout.turns, first));
    return first;
  }
  /** Whether there is one that `take` would give. */
  hasReady(open: number): boolean {
    return this.peek(open) !== -1;
  }
  /** A node that was taken has more to begin: items. */
  again(node: number): void {
    this.setOf(node).add(at(this.layout.turns, node));
  }
  run(node: number): void {
    this.become(node, RUNNING);
  }
  wait(node: number): void {
    this.become(node, WAITING);
  }
  complete(node: number, output: unknown, failures?: readonly unknown[]): void {
    this.outputs[node] = output;
    if (failures !== undefined) this.failures.set(node, failures);
    this.become(node, COMPLETED);
    this.tell(node);
  }
  skip(node: number): void {
    this.become(node, SKIPPED);
    this.tell(node);
  }
  /** It failed for good. Unless its definition accepts that, so does the run, and nothing begins any more (I3). */
  fail(node: number, error: NodeError): void {
    this.errors.set(node, error);
    this.become(node, FAILED);
    if (this.layout.nodes[node]?.onError === 'continue') this.tell(node);
    else this.failure ??= node;
  }
  /** The run ends: what has not ended does not count any more. */
  cancelLeft(): void {
    for (let node = 0; node < this.status.length; node++) {
      if (at(this.status, node) <= RUNNING) this.become(node, CANCELLED);
    }
  }

  private become(node: number, status: number): void {
    const before = at(this.status, node);
    this.counts[before] = at(this.counts, before) - 1;
    this.counts[status] = at(this.counts, status) + 1;
    this.status[node] = status;
    this.onChange?.(node, NODE_STATUSES[status] as NodeStatus);
  }

  private peek(open: number): number {
    let first = -1;
    if (this.failure !== undefined) return first;
    for (const { takes, set } of this.ready) {
      if ((takes & open) === 0) continue;
      const candidate = set.first();
      if (candidate !== -1 && (first === -1 || candidate < first)) first = candidate;
    }
    return first === -1 ? first : at(this.layout.byTurn, first);
  }

  private setOf(node: number): ReadySet {
    const takes = at(this.layout.takes, node);
    return (this.ready[takes >>> 1] as { set: ReadySet }).set; // 1, 2 and 4 are at 0, 1 and 2
  }

  private call(node: number): void {
    this.saw[node] = at(this.saw, node) | CALLED;
    this.setOf(node).add(at(this.layout.turns, node));
  }

  /** Those that need it learn that it has ended; some of them end by that. */
  private tell(node: number): void {
    const { firstOf, dependents } = this.layout;
    const ended = [node];
    for (const need of ended) {
      const end = at(firstOf, need + 1);
      for (let edge = at(firstOf, need); edge < end; edge++) {
        const dependent = at(dependents, edge);
        if (!this.hear(dependent, at(this.status, need))) continue;
        this.become(dependent, SKIPPED);
        ended.push(dependent);
      }
    }
  }

  /** True: it will never begin. */
  private hear(node: number, ended: number): boolean {
    const news = ended === COMPLETED ? SAW_COMPLETED : ended === SKIPPED ? SAW_SKIPPED : 0;
    const saw = at(this.saw, node) | news;
    const left = at(this.left, node) - 1;
    this.saw[node] = saw;
    this.left[node] = left;
    if ((saw & CALLED) !== 0) return false;
    const join = this.layout.nodes[node]?.join;
    const isEnough = join === 'any' ? (saw & SAW_COMPLETED) !== 0 : left === 0;
    if (isEnough && (join !== 'completed' || (saw & SAW_SKIPPED) === 0)) {
      this.call(node);
      return false;
    }
    return left === 0;
  }
}
