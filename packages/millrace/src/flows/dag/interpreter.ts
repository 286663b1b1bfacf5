import type { Definition, NodeDefinition } from '../../core/dag/definition.ts';
import { evaluate } from '../../core/dag/expression/evaluate.ts';
import type { Scope } from '../../core/dag/expression/template.ts';
import { Graph } from '../../core/dag/graph/graph.ts';
import { NOTHING, RECORD, SLOT, type Layout } from '../../core/dag/graph/layout.ts';
import { errorOf, failureOf } from '../../core/failure.ts';
import type { Context } from '../../core/workflow/context.ts';
import { Items } from './items.ts';
import { nodeFailure, type NodeFailure } from './node-failure.ts';
import { doneScope, itemScope, runScope } from './run-scope.ts';
import { compensateNode, computeNode, isWanted, itemsOf, startNode } from './start-node.ts';

/** What all runs of a definition share. */
export interface Program {
  readonly definition: Definition;
  readonly layout: Layout;
  /** Nodes that nothing needs. */
  readonly leaves: readonly number[];
}

/** Records of one turn go into one commit: so many at most, then the run waits until they are durable. */
const RECORDS_AT_ONCE = 256;
/** No node has such an id. */
const COMMIT = 'commit records';

/**
 * One run of a definition: begins nodes as commands of the context, and tells the graph how they ended.
 *
 * Owns slots, items and the way in which the run ends; who may begin is the graph's business.
 *   D1  Whatever it does follows from the input and from outcomes in their order, so that replay does the same.
 *   D2  At most `concurrency` nodes and items hold a slot. Waits and records hold none.
 *   D3  When a node has failed for good, nothing begins; the run fails when no slot is held any more. What waits for a
 *       signal or an instant is left.
 */
export class Interpreter {
  readonly graph: Graph;
  private readonly ctx: Context;
  private readonly program: Program;
  private readonly scope: Scope;
  private readonly items: Map<number, Items> = new Map();
  private readonly end = Promise.withResolvers<unknown>();
  private busy = 0;
  private records = RECORDS_AT_ONCE;
  private committing = false;
  private failure: NodeFailure | undefined;
  private over = false;

  constructor(ctx: Context, program: Program, input: unknown) {
    this.ctx = ctx;
    this.program = program;
    this.graph = new Graph(program.layout);
    this.scope = runScope(ctx, this.graph, input);
  }

  /** Resolves to the output of the run. Called once. */
  run(): Promise<unknown> {
    this.proceed();
    return this.end.promise;
  }

  private proceed(): void {
    const { graph } = this;
    if (this.over) return;
    for (let node = graph.take(this.open); node !== -1; node = graph.take(this.open)) this.begin(node);
    if (this.failure !== undefined) {
      if (this.busy === 0) this.refuse(this.failure.toError());
    } else if (graph.isOver) this.complete();
    else if (this.records === 0 && !this.committing && graph.hasReady(RECORD)) this.commit();
  }

  /** What nodes may take that begin now. */
  private get open(): number {
    const record = this.records > 0 ? RECORD : 0;
    return NOTHING | record | (this.busy < this.program.definition.concurrency ? SLOT : 0);
  }

  private begin(at: number): void {
    const node = this.nodeAt(at);
    try {
      if (node.forEach !== undefined) this.beginItem(at, node);
      else if (isWanted(node, this.scope)) this.beginNode(at, node);
      else this.graph.skip(at);
    } catch (error) {
      this.failNode(at, nodeFailure(node.id, error));
    }
  }

  private beginNode(at: number, node: NodeDefinition): void {
    const { id } = node;
    const done = (output: unknown): void => this.completeNode(at, node, output);
    const failed = (error: unknown): void => this.failNode(at, nodeFailure(id, error));
    if (this.perform(at, { name: id, scope: this.scope, done, failed })) this.graph.run(at);
    else if (this.program.layout.takes[at] === NOTHING) this.graph.wait(at);
  }

  private beginItem(at: number, node: NodeDefinition): void {
    const items = this.items.get(at) ?? this.openItems(at, node);
    if (items === undefined || !items.hasMore) return;
    const index = items.begin();
    if (items.hasMore) this.graph.again(at);
    const item = items.items[index];
    const name = `${node.id}[${index}]`;
    const scope = itemScope(this.scope, item, index);
    const failed = (error: unknown): void => this.failItem(at, items, index, nodeFailure(name, error));
    const done = (output: unknown): void => {
      compensateNode(this.ctx, node, name, doneScope(scope, node.id, output));
      items.complete(index, output);
      this.continueItems(at, items);
    };
    try {
      this.perform(at, { name, scope, done, failed });
    } catch (error) {
      failed(error);
    }
  }

  /** Undefined: there is nothing to do. */
  private openItems(at: number, node: NodeDefinition): Items | undefined {
    const { forEach } = node;
    if (forEach === undefined || !isWanted(node, this.scope)) {
      this.graph.skip(at);
      return undefined;
    }
    const items = new Items(itemsOf(forEach.items, this.scope), forEach);
    this.graph.run(at);
    // It stays there when it is over: whoever is called once more finds that there is nothing left to begin.
    this.items.set(at, items);
    this.graph.items.set(at, items);
    if (items.isOver) this.continueItems(at, items);
    return items;
  }

  private continueItems(at: number, items: Items): void {
    if (items.hasMore) return this.graph.again(at);
    if (!items.isOver) return;
    const { failure, outputs, failures } = items;
    if (failure === undefined) this.graph.complete(at, outputs, failures);
    else this.failNode(at, failure);
  }

  private failItem(at: number, items: Items, index: number, failure: NodeFailure): void {
    if (items.skips) {
      const timestamp = new Date(this.ctx.now()).toISOString();
      items.skip({
        index,
        item: items.items[index],
        error: failure.error,
        attempts: failure.attempts,
        timestamp,
      });
    } else items.fail(failure);
    this.continueItems(at, items);
  }

  /** Begins the work of a node or an item. True: it holds a slot. @throws what refuses it. */
  private perform(at: number, work: Work): boolean {
    const node = this.nodeAt(at);
    const takes = this.program.layout.takes[at];
    if (takes === RECORD) {
      this.records--;
      work.done(computeNode(this.ctx, node, work.name, work.scope));
      return false;
    }
    const outcome = startNode(this.ctx, node, work.name, work.scope);
    const slots = takes === SLOT ? 1 : 0;
    this.busy += slots;
    outcome.then(
      (output) => this.settle(slots, () => this.finish(work, output ?? null)),
      (error: unknown) => {
        if (this.ctx.signal.aborted) this.refuse(this.ctx.signal.reason);
        else this.settle(slots, () => work.failed(error));
      },
    );
    return slots > 0;
  }

  private finish({ done, failed }: Work, output: unknown): void {
    try {
      done(output);
    } catch (error) {
      failed(error);
    }
  }

  private settle(slots: number, tell: () => void): void {
    if (this.over) return;
    this.busy -= slots;
    tell();
    this.proceed();
  }

  private completeNode(at: number, node: NodeDefinition, output: unknown): void {
    compensateNode(this.ctx, node, node.id, doneScope(this.scope, node.id, output));
    this.graph.complete(at, output);
  }

  private failNode(at: number, failure: NodeFailure): void {
    this.graph.fail(at, failure.error);
    if (this.graph.failure === at) this.failure ??= failure;
  }

  /** So that a commit stays small, however many nodes are computed in a row. */
  private commit(): void {
    this.committing = true;
    this.ctx.step(COMMIT, nothing).then(
      () => this.committed(),
      (error: unknown) => this.refuse(error),
    );
  }

  private committed(): void {
    this.committing = false;
    this.records = RECORDS_AT_ONCE;
    this.proceed();
  }

  private complete(): void {
    this.over = true;
    const { definition, leaves } = this.program;
    const { output } = definition;
    try {
      this.end.resolve(output === undefined ? this.outputsOf(leaves) : evaluate(output, this.scope));
    } catch (error) {
      const failure = failureOf(error);
      this.end.reject(errorOf({ ...failure, message: `output: ${failure.message}` }));
    }
  }

  private outputsOf(nodes: readonly number[]): Readonly<Record<string, unknown>> {
    return Object.fromEntries(nodes.map((at) => [this.nodeAt(at).id, this.graph.outputOf(at)]));
  }

  /** The run ends without an output: failed, cancelled or late. */
  private refuse(error: unknown): void {
    if (this.over) return;
    this.over = true;
    this.graph.cancelLeft();
    this.end.reject(error);
  }

  private nodeAt(at: number): NodeDefinition {
    return this.program.definition.nodes[at] as NodeDefinition; // positions are the graph's
  }
}

/** What is to be done for a node or an item, and whom its end is told. */
interface Work {
  readonly name: string;
  readonly scope: Scope;
  /** May throw: then it has failed. */
  done(output: unknown): void;
  failed(error: unknown): void;
}

function nothing(): void {}
