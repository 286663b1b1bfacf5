import { LRUCache } from 'lru-cache';
import { splitVersion } from '../core/cluster/demands.ts';
import type { Definition, DefinitionDocument } from '../core/dag/definition.ts';
import { viewRun, type RunView } from '../core/dag/view/view-run.ts';
import type { ReadableRun } from '../core/reading/readable-run.ts';
import type { PlacedEvent } from '../core/run/event.ts';
import type { DefinitionRef, DefinitionStore } from '../store/port/definitions.ts';

/** The definition of this name and version; undefined: there is none, the workflow is code. */
export type DefinitionOf = (ref: DefinitionRef) => Promise<Definition | undefined>;

/** The nodes of a run; undefined: it is no run of a definition that can be found. */
export type ReadNodes = (
  run: ReadableRun,
  history: readonly PlacedEvent[],
  now: number,
) => Promise<RunView | undefined>;

/** @param drained - resolves when every microtask that is due has run. */
export function nodeReader(definitionOf: DefinitionOf, drained: () => Promise<void>): ReadNodes {
  return async (run, history, now) => {
    const { namespace, workflow: name } = run;
    const { version } = splitVersion(run.workflowVersion);
    const definition = await definitionOf({ namespace, name, version });
    if (definition === undefined) return undefined;
    const { definitionWorkflow } = await import('../flows/dag/definition-workflow.ts');
    return viewRun((watch) => definitionWorkflow(definition, watch), run, history, { drained, now });
  };
}

/** Of compiled ones: who looks at a run looks at it again. */
const KEPT = 8;

/** The definitions that a store has. @throws INVALID_DEFINITION for one that this version cannot read. */
export function storedDefinitions(store: Pick<DefinitionStore, 'readDefinitions'>): DefinitionOf {
  const kept = new LRUCache<string, Definition>({ max: KEPT });
  return async (ref) => {
    const [stored] = await store.readDefinitions([ref]);
    if (stored === undefined) return undefined;
    const { hash, body } = stored;
    // A draft may be replaced: only its content says what it is.
    const found = kept.get(hash);
    if (found !== undefined) return found;
    const { compileDefinition } = await import('../core/dag/compile.ts');
    const made = compileDefinition(JSON.parse(new TextDecoder().decode(body)) as DefinitionDocument);
    kept.set(hash, made);
    return made;
  };
}
