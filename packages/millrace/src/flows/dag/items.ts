import type { ForEach } from '../../core/dag/definition.ts';
import type { ItemCounts, NodeError } from '../../core/dag/graph/graph.ts';
import type { NodeFailure } from './node-failure.ts';

/** An item that failed for good and was skipped. */
export interface ItemFailure {
  readonly index: number;
  readonly item: unknown;
  readonly error: NodeError;
  /** How often it was tried; 0: it was refused before. */
  readonly attempts: number;
  /** ISO 8601, store time. */
  readonly timestamp: string;
}

/**
 * The items of one node of one run: which have begun, and what came of them.
 *
 *   J1  Outputs stand in the order of the items, whatever the order in which they end; of a skipped one it is null.
 *   J2  After an item has failed the node, none begins; the node ends with the last of those that run.
 */
export class Items implements ItemCounts {
  readonly items: readonly unknown[];
  readonly outputs: unknown[];
  /** What the node fails with. */
  failure: NodeFailure | undefined;
  completed = 0;
  failed = 0;
  private readonly skipped: ItemFailure[] | undefined;
  private readonly limit: number;
  private next = 0;
  private running = 0;

  constructor(items: readonly unknown[], { concurrency, onItemError }: ForEach) {
    this.items = items;
    this.outputs = new Array<unknown>(items.length).fill(null);
    this.limit = concurrency ?? Number.POSITIVE_INFINITY;
    this.skipped = onItemError === 'skip' ? [] : undefined;
  }

  get total(): number {
    return this.items.length;
  }
  get hasMore(): boolean {
    return this.failure === undefined && this.next < this.items.length && this.running < this.limit;
  }
  get isOver(): boolean {
    return this.running === 0 && (this.failure !== undefined || this.next === this.items.length);
  }
  /** Whether an item that fails is left out, instead of failing the node. */
  get skips(): boolean {
    return this.skipped !== undefined;
  }
  /** Of the items that were left out, in their order; undefined where none may be. */
  get failures(): readonly ItemFailure[] | undefined {
    return this.skipped?.toSorted((a, b) => a.index - b.index);
  }

  /** The next item begins. */
  begin(): number {
    this.running++;
    return this.next++;
  }
  complete(index: number, output: unknown): void {
    this.running--;
    this.completed++;
    this.outputs[index] = output;
  }
  skip(failure: ItemFailure): void {
    this.running--;
    this.failed++;
    this.skipped?.push(failure);
  }
  fail(failure: NodeFailure): void {
    this.running--;
    this.failed++;
    this.failure ??= failure;
  }
}
