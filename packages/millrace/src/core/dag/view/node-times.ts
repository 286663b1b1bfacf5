import type { PlacedEvent } from '../../run/event.ts';
import type { Graph, NodeStatus } from '../graph/graph.ts';

/**
 * When the nodes of a run began and ended, heard while the run is rehearsed: history records outcomes, and what a node
 * waited for is the event at which it began.
 */
export class NodeTimes {
  private readonly started: Map<number, number> = new Map();
  private readonly ended: Map<number, number> = new Map();
  private readonly engines: Map<number, string> = new Map();
  private at: number;
  private engine: string | undefined;

  /** @param from - when the run began to execute, ms. */
  constructor(from: number) {
    this.at = from;
  }

  /** From here on until the next event, what happens happened then. */
  readonly observe = ({ event, at, engine }: PlacedEvent): void => {
    // Before its first turn a run has waited for an engine.
    this.at = Math.max(this.at, at);
    this.engine = 'engine' in event && event.engine !== undefined ? event.engine : engine;
  };

  readonly watch = (graph: Graph): void => {
    graph.onChange = (node, status) => this.note(node, status);
  };

  startedAt(node: number): number | undefined {
    return this.started.get(node);
  }
  endedAt(node: number): number | undefined {
    return this.ended.get(node);
  }
  /** Name of the engine that made its last attempt, or computed it. */
  engineOf(node: number): string | undefined {
    return this.engines.get(node);
  }

  private note(node: number, status: NodeStatus): void {
    const begins = status === 'running' || status === 'waiting';
    if (!begins) this.ended.set(node, this.at);
    // What is skipped or cancelled before it begins never began.
    if (status === 'skipped' || status === 'cancelled') return;
    if (!this.started.has(node)) this.started.set(node, this.at);
    if (!begins && this.engine !== undefined) this.engines.set(node, this.engine);
  }
}
