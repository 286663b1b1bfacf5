import { durationMs } from '../duration.ts';
import { isMillraceError, MillraceError } from '../errors.ts';
import { resolvePriority, resolveVersion } from '../names.ts';
import type { RetryOptions } from '../policy/retry.ts';
import type { Compensation, Definition, DefinitionDocument, ForEach, NodeDefinition } from './definition.ts';
import type { Template } from './expression/template.ts';
import { templateOf, type Templates } from './reading/checks/templates.ts';

const DEFAULT_CONCURRENCY = 64;

/**
 * A stored definition as engines run it. It was checked when it was stored, so that nothing is checked here.
 * @throws INVALID_DEFINITION for a body that no version of this package stored.
 */
export function compileDefinition(document: DefinitionDocument): Definition {
  return compileWith(document, new Map());
}

/** @param templates - those that are compiled already. @throws INVALID_DEFINITION. */
export function compileWith(document: DefinitionDocument, templates: Templates): Definition {
  try {
    return definitionOf(document, templates);
  } catch (cause) {
    if (!isMillraceError(cause) && !(cause instanceof TypeError)) throw cause;
    const { workflow, version } = (document ?? {}) as Partial<DefinitionDocument>;
    const what = `definition ${String(workflow)} version ${String(version)} is broken: ${cause.message}`;
    throw new MillraceError('INVALID_DEFINITION', what, { cause, remedy: 'Deploy it again.' });
  }
}

/** What stands in a document; types are those of the format. */
type Fields = Readonly<Record<string, unknown>>;

function definitionOf(document: DefinitionDocument, templates: Templates): Definition {
  const ids = new Map(Object.keys(document.nodes).map((id, position) => [id, position]));
  const { workflow: name, version, input, queue, priority, timeout, limits = [], concurrency } = document;
  const read: Read = {
    template: (source) => (source === undefined ? undefined : templateOf(source, templates)),
    positions: (needs = []) => needs.map((id) => positionOf(ids, id)),
  };
  return {
    name,
    version: resolveVersion(version, `workflow "${name}"`),
    document,
    input,
    queue: queue as string | undefined,
    priority: priority === undefined ? undefined : resolvePriority(priority, `workflow "${name}"`),
    timeoutMs: timeout === undefined ? undefined : durationMs(timeout),
    limits: (limits as readonly { readonly key: string; readonly max: number }[]).map(({ key, max }) => ({
      key: templateOf(key, templates),
      max,
    })),
    concurrency: (concurrency as number | undefined) ?? DEFAULT_CONCURRENCY,
    nodes: Object.entries(document.nodes).map(([id, node]) => nodeOf(id, node, read)),
    output: read.template(document['output']),
  };
}

interface Read {
  template(source: unknown): Template | undefined;
  positions(needs: readonly string[] | undefined): readonly number[];
}

function positionOf(ids: ReadonlyMap<string, number>, id: string): number {
  const position = ids.get(id);
  if (position === undefined) throw new TypeError(`there is no node "${id}"`);
  return position;
}

function nodeOf(id: string, node: Fields, read: Read): NodeDefinition {
  const { timeout, forEach, compensate } = node;
  return {
    id,
    ...workOf(id, node, read),
    needs: read.positions(node['needs'] as readonly string[] | undefined),
    join: (node['join'] as NodeDefinition['join'] | undefined) ?? 'completed',
    when: read.template(node['when']),
    input: read.template(node['with']),
    forEach: forEach === undefined ? undefined : eachOf(node, read),
    retry: node['retry'] as RetryOptions | number | false | undefined,
    timeoutMs: timeout === undefined ? undefined : durationMs(timeout),
    onError: (node['onError'] as NodeDefinition['onError'] | undefined) ?? 'fail',
    compensate: compensate === undefined ? undefined : compensationOf(compensate as Fields, read),
    requires: (node['requires'] as readonly string[] | undefined) ?? [],
    region: read.template(node['region']),
    affinity: read.template(node['affinity']),
  };
}

function workOf(id: string, node: Fields, read: Read): Work {
  const { executor, signal, workflow } = node as Readonly<Record<string, string | undefined>>;
  if (executor !== undefined) return { kind: 'executor', executor };
  if (signal !== undefined) return { kind: 'signal', signal };
  if (workflow !== undefined) return { kind: 'workflow', workflow };
  const sleep = read.template(node['sleep']);
  if (sleep !== undefined) return { kind: 'sleep', sleep };
  const value = read.template(node['value']);
  if (value !== undefined) return { kind: 'value', value };
  throw new TypeError(`node "${id}" does not say what it does`);
}

/** The kind of a node with the key that is named like it. */
type Work = { [K in Kind]: Pick<NodeOf<K>, 'kind' | (K & keyof NodeOf<K>)> }[Kind];
type Kind = NodeDefinition['kind'];
type NodeOf<K> = Extract<NodeDefinition, { readonly kind: K }>;

function eachOf(node: Fields, read: Read): ForEach {
  return {
    items: read.template(node['forEach']) as Template, // it is there
    concurrency: node['concurrency'] as number | undefined,
    onItemError: (node['onItemError'] as ForEach['onItemError'] | undefined) ?? 'fail',
  };
}

function compensationOf({ executor, with: input, retry, timeout }: Fields, read: Read): Compensation {
  return {
    executor: executor as string,
    input: read.template(input),
    retry: retry as Compensation['retry'],
    timeoutMs: timeout === undefined ? undefined : durationMs(timeout),
  };
}
