import type { Plan } from './plan.ts';

/** What an expression may speak of. */
export type Root = 'input' | 'nodes' | 'item' | 'index' | 'run' | 'secrets';

export const ROOTS: readonly Root[] = ['input', 'nodes', 'item', 'index', 'run', 'secrets'];

/**
 * A value of a definition with the expressions in it compiled: text such as `${ input.id }`, or lists and objects that
 * hold such texts at any depth.
 */
export interface Template {
  /** As it stands in the document. */
  readonly source: unknown;
  /** It has no expression: its value is `constant`. */
  readonly isConstant: boolean;
  readonly constant: unknown;
  /** Ids of the nodes that its expressions speak of, each once. */
  readonly nodes: readonly string[];
  readonly roots: ReadonlySet<Root>;
  /** For `evaluate` alone. */
  readonly plan: Plan;
}

/** What expressions see. */
export interface Scope {
  readonly input: unknown;
  /** Undefined: there is no such node, or it has not ended. */
  node(id: string): NodeScope | undefined;
  readonly run: {
    readonly id: string;
    readonly key: string | null;
    readonly startedAt: string;
    readonly attempt: number;
  };
  /** Of a forEach. */
  readonly each?: { readonly item: unknown; readonly index: number } | undefined;
}

export interface NodeScope {
  readonly status: 'completed' | 'failed' | 'skipped';
  readonly output: unknown;
  readonly error: { readonly code: string; readonly message: string } | null;
  /** Of a forEach whose failing items are skipped. */
  readonly failures?: readonly unknown[] | undefined;
}
