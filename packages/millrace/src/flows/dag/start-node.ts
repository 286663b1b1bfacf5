import type { NodeDefinition } from '../../core/dag/definition.ts';
import { evaluate } from '../../core/dag/expression/evaluate.ts';
import { evaluateSealed } from '../../core/dag/expression/seal.ts';
import type { Scope, Template } from '../../core/dag/expression/template.ts';
import { MillraceError, show } from '../../core/errors.ts';
import type { CallOptions, ChildOptions, Context } from '../../core/workflow/context.ts';
import { textOf } from './terms.ts';

/** Gives the command of a node, or of an item of it, under its name. @throws what refuses it. */
export function startNode(ctx: Context, node: NodeDefinition, name: string, scope: Scope): Promise<unknown> {
  switch (node.kind) {
    case 'executor':
      return ctx.call(node.executor, sealed(node.input, scope), callOptions(node, name, scope));
    case 'workflow':
      return ctx.child(node.workflow, valueOf(node.input, scope), childOptions(node, name, scope));
    case 'signal':
      return ctx.waitForSignal(node.signal, { timeout: node.timeoutMs });
    case 'sleep':
      return ctx.sleep(durationIn(evaluate(node.sleep, scope)), { name });
    case 'value':
      throw new Error('a value is computed, not started');
  }
}

/** The output of a node without an effect, recorded. @throws EXPRESSION. */
export function computeNode(ctx: Context, node: NodeDefinition, name: string, scope: Scope): unknown {
  const template = node.kind === 'value' ? node.value : node.input;
  if (template === undefined) return ctx.record(name, giveNull);
  // What speaks of the run may record something itself, which a record must not do within.
  if (!template.roots.has('run')) return ctx.record(name, () => evaluate(template, scope) ?? null);
  const value = evaluate(template, scope) ?? null;
  return ctx.record(name, () => value);
}

function giveNull(): null {
  return null;
}

/** Announces what undoes a node, or an item of it, that has completed. @throws EXPRESSION. */
export function compensateNode(ctx: Context, node: NodeDefinition, name: string, scope: Scope): void {
  const { compensate } = node;
  if (compensate === undefined) return;
  const { executor: call, retry, timeoutMs: timeout } = compensate;
  ctx.compensate(name, { call, input: sealed(compensate.input, scope), options: { retry, timeout } });
}

/** Whether a node is wanted at all. @throws EXPRESSION. */
export function isWanted({ when }: NodeDefinition, scope: Scope): boolean {
  if (when === undefined) return true;
  const value = evaluate(when, scope);
  if (typeof value === 'boolean') return value;
  throw new MillraceError('EXPRESSION', `when gave ${show(value)}, neither true nor false`);
}

/** The items of a node. @throws EXPRESSION. */
export function itemsOf(items: Template, scope: Scope): readonly unknown[] {
  const value = evaluate(items, scope);
  if (Array.isArray(value)) return value;
  throw new MillraceError('EXPRESSION', `forEach gave ${show(value)}, not a list`);
}

function sealed(template: Template | undefined, scope: Scope): unknown {
  return template === undefined ? undefined : evaluateSealed(template, scope);
}

function valueOf(template: Template | undefined, scope: Scope): unknown {
  return template === undefined ? undefined : evaluate(template, scope);
}

/** Only what the node says: every option is checked with every call. */
function callOptions(node: NodeDefinition, name: string, scope: Scope): CallOptions {
  const { retry, timeoutMs, requires, region, affinity } = node;
  const options: CallOptions = { name };
  if (retry !== undefined) options.retry = retry;
  if (timeoutMs !== undefined) options.timeout = timeoutMs;
  if (requires.length > 0) options.requires = requires;
  if (region !== undefined) options.region = textOf(evaluate(region, scope));
  if (affinity !== undefined) options.affinity = textOf(evaluate(affinity, scope));
  return options;
}

function childOptions(
  { timeoutMs, requires, region }: NodeDefinition,
  name: string,
  scope: Scope,
): ChildOptions {
  const options: ChildOptions = { name };
  if (timeoutMs !== undefined) options.timeout = timeoutMs;
  if (requires.length > 0) options.requires = requires;
  if (region !== undefined) options.region = textOf(evaluate(region, scope));
  return options;
}

/** What it says is checked by who sleeps. */
function durationIn(value: unknown): number {
  return value as number;
}
