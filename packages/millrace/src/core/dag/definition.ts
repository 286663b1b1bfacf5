import type { RetryOptions } from '../policy/retry.ts';
import type { Priority } from '../status.ts';
import type { Template } from './expression/template.ts';

/**
 * A definition as engines run it: checked, times in ms, references as positions, expressions compiled. `document` is
 * what it was made of; that is what is stored and hashed.
 */
export interface Definition {
  readonly name: string;
  readonly version: string;
  readonly document: DefinitionDocument;
  /** JSON Schema of the input. */
  readonly input: unknown;
  readonly queue: string | undefined;
  readonly priority: Priority | undefined;
  readonly timeoutMs: number | undefined;
  readonly limits: readonly { readonly key: Template; readonly max: number }[];
  /** How many nodes and items run at once. Default 64. */
  readonly concurrency: number;
  /** In the order of the document. */
  readonly nodes: readonly NodeDefinition[];
  /** Undefined: what the nodes give that nothing needs. */
  readonly output: Template | undefined;
}

/** A definition as it was written: plain JSON. */
export interface DefinitionDocument {
  readonly workflow: string;
  readonly version: number | string;
  readonly nodes: Readonly<Record<string, Readonly<Record<string, unknown>>>>;
  readonly [key: string]: unknown;
}

export type NodeDefinition = NodeCommon &
  (
    | { readonly kind: 'executor'; readonly executor: string }
    | { readonly kind: 'signal'; readonly signal: string }
    /** A duration: a constant has been checked, an expression is read when the node starts. */
    | { readonly kind: 'sleep'; readonly sleep: Template }
    | { readonly kind: 'workflow'; readonly workflow: string }
    | { readonly kind: 'value'; readonly value: Template }
  );

interface NodeCommon {
  readonly id: string;
  /** Positions in `nodes`, each once. */
  readonly needs: readonly number[];
  /** Which ends of what it needs let it begin. Default `completed`. */
  readonly join: 'completed' | 'settled' | 'any';
  readonly when: Template | undefined;
  /** What its executor or child is given. */
  readonly input: Template | undefined;
  readonly forEach: ForEach | undefined;
  /** Undefined: that of the engine. */
  readonly retry: RetryOptions | number | false | undefined;
  /** Of an executor per attempt; of a signal, how long it is waited for; of a child, from its start to its end. */
  readonly timeoutMs: number | undefined;
  /** `continue`: a failure for good counts as completed for what needs it, with output null and `error` set. */
  readonly onError: 'fail' | 'continue';
  readonly compensate: Compensation | undefined;
  readonly requires: readonly string[];
  readonly region: Template | undefined;
  readonly affinity: Template | undefined;
}

export interface ForEach {
  readonly items: Template;
  /** Of this node's items at once. Undefined: the workflow's. */
  readonly concurrency: number | undefined;
  readonly onItemError: 'fail' | 'skip';
}

export interface Compensation {
  readonly executor: string;
  readonly input: Template | undefined;
  readonly retry: RetryOptions | number | false | undefined;
  readonly timeoutMs: number | undefined;
}
