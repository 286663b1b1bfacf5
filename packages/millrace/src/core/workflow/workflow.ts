import type { StandardSchemaV1 } from '@standard-schema/spec';
import { MillraceError, checkOptions } from '../errors.ts';
import { durationMs, type Duration } from '../duration.ts';
import type { KeyLimit } from '../limits/limit.ts';
import { checkWorkflowName, resolveVersion } from '../names.ts';
import type { Priority } from '../status.ts';
import type { Context } from './context.ts';

/** What `workflow()` accepts besides name and function. */
export interface WorkflowOptions<I = unknown> {
  /** A running run stays on the version it started on. Positive integer or short string; default 1. */
  version?: number | string | undefined;
  /** Any Standard Schema (zod, valibot, arktype, …): input that it refuses never becomes a run. */
  input?: StandardSchemaV1<unknown, I> | undefined;
  /** From start to end; the run then ends `timed-out`. Default: none. */
  timeout?: Duration | undefined;
  /** Events that a run may append before it is refused with HISTORY_LIMIT. Default 50,000. */
  maxEvents?: number | undefined;
}

export type WorkflowFunction<I, O> = (ctx: Context, input: I) => Promise<O> | O;

/** A named, versioned program. Made by `workflow()`. */
export interface Workflow<I = unknown, O = unknown> {
  readonly name: string;
  readonly version: string;
  readonly inputSchema: StandardSchemaV1<unknown, I> | undefined;
  readonly timeoutMs: number | undefined;
  readonly maxEvents: number;
  /** As many events as a run has that meets nothing unusual, where that is known: those are no reason to warn. */
  readonly usualEvents?: number | undefined;
  readonly run: WorkflowFunction<I, O>;
  /** What a start with this input has where it says nothing itself. */
  readonly terms?: ((input: unknown) => Terms) | undefined;
}

/** Of a start: what its options say wins. */
export interface Terms {
  readonly queue?: string | undefined;
  readonly priority?: Priority | undefined;
  readonly limits?: readonly KeyLimit[] | undefined;
  readonly timeoutMs?: number | undefined;
}

// A workflow of any input is only ever handed around, never called through this type.
// oxlint-disable-next-line typescript/no-explicit-any
export type AnyWorkflow = Workflow<any, any>;
/**
 * A workflow by name, as another engine has it registered: enough to start it, nothing is known of its types.
 */
export interface NamedWorkflow {
  readonly name: string;
  readonly version: string;
}
/** Enough to start it, and what is known of it. */
export type StartableWorkflow = NamedWorkflow & Partial<Pick<Workflow, 'timeoutMs' | 'terms'>>;

/** What a start of this workflow has by default. @throws what its terms do with this input: EXPRESSION. */
export function termsOf({ timeoutMs, terms }: StartableWorkflow, input: unknown): Terms {
  return { timeoutMs, ...terms?.(input) };
}

export type InputOf<W> = W extends { readonly run: (ctx: never, input: infer I) => unknown } ? I : unknown;
export type OutputOf<W> = W extends { readonly run: (ctx: never, input: never) => infer R }
  ? Awaited<R>
  : unknown;

const DEFAULT_MAX_EVENTS = 50_000;
const MIN_MAX_EVENTS = 10;

/**
 * Defines a workflow: a plain async function that survives crashes.
 * @param name - letters, digits, `.`, `_`, `-`; what runs are stored under, so keep it stable.
 * @throws INVALID_ARGUMENT, UNKNOWN_OPTION, INVALID_DURATION.
 * @example workflow('order', { version: 1 }, async (ctx, input: Order) => { … })
 */
export function workflow<I, O>(
  name: string,
  options: WorkflowOptions<I>,
  run: WorkflowFunction<I, O>,
): Workflow<I, O>;
export function workflow<I, O>(name: string, run: WorkflowFunction<I, O>): Workflow<I, O>;
export function workflow<I, O>(
  name: string,
  second: WorkflowOptions<I> | WorkflowFunction<I, O>,
  third?: WorkflowFunction<I, O>,
): Workflow<I, O> {
  const options = typeof second === 'function' ? {} : second;
  const run = typeof second === 'function' ? second : third;
  checkWorkflowName(name);
  return defineWorkflow(name, options, run);
}

/** A workflow under a name that has been checked, or that no author can give. */
export function defineWorkflow<I, O>(
  name: string,
  options: WorkflowOptions<I>,
  run: WorkflowFunction<I, O> | undefined,
): Workflow<I, O> {
  const where = `workflow "${name}"`;
  checkOptions(where, options, ['version', 'input', 'timeout', 'maxEvents']);
  if (typeof run !== 'function') {
    throw new MillraceError('INVALID_ARGUMENT', `${where} got ${typeof run} instead of a function`, {
      remedy: `Pass a function: workflow("${name}", { version: 1 }, async (ctx, input) => …).`,
    });
  }
  checkSchema(where, options.input);
  return Object.freeze({
    name,
    version: resolveVersion(options.version ?? 1, where),
    inputSchema: options.input,
    timeoutMs: options.timeout === undefined ? undefined : durationMs(options.timeout, `${where}, timeout`),
    maxEvents: checkMaxEvents(where, options.maxEvents ?? DEFAULT_MAX_EVENTS),
    run,
  });
}

function checkSchema(where: string, schema: unknown): void {
  if (schema === undefined) return;
  const standard = typeof schema === 'object' || typeof schema === 'function' ? schema : null;
  if (standard !== null && '~standard' in standard) return;
  throw new MillraceError('INVALID_ARGUMENT', `${where}: input is not a Standard Schema`, {
    remedy: 'Pass a schema of zod, valibot, arktype or any other library that implements Standard Schema.',
  });
}

function checkMaxEvents(where: string, maxEvents: number): number {
  if (Number.isInteger(maxEvents) && maxEvents >= MIN_MAX_EVENTS) return maxEvents;
  throw new MillraceError('INVALID_ARGUMENT', `${where}: maxEvents is ${String(maxEvents)}`, {
    remedy: `Pass a whole number of at least ${MIN_MAX_EVENTS}.`,
  });
}
