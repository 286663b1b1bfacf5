import { LRUCache } from 'lru-cache';
import type { DefinitionRow, DefinitionStore, StoredDefinition } from '../../store/port/definitions.ts';
import type { Interpreted } from './language.ts';

/** Of bodies; what is made of them takes a few times as much. */
const MOST_BYTES = 32 * 1024 * 1024;

/** Definitions that were read and made workflows of. */
export interface Bodies {
  /** Undefined: it is not in memory. */
  loaded(row: DefinitionRow): Interpreted | undefined;
  /** Undefined: it is not there, or this version of the program cannot read it. */
  load(row: DefinitionRow): Promise<Interpreted | undefined>;
}

/** What bodies are made with. */
export interface BodyParts {
  readonly store: Pick<DefinitionStore, 'readDefinitions'>;
  /** Repeats a call for as long as somebody wants its answer. */
  readonly persist: <R>(call: () => Promise<R>) => Promise<R>;
  /** Rejects where the body is not to be read. */
  readonly interpret: (body: Uint8Array) => Promise<Interpreted>;
  readonly report: (message: string) => void;
}

/**
 * Keeps what was used last.
 *   B1  A draft may be replaced as long as no open run is on it: what was read of it before a run started says nothing
 *       about that run (store, D1). So a draft is read anew each time, and kept by nobody.
 */
export function createBodies({ store, persist, interpret, report }: BodyParts): Bodies {
  const kept = new LRUCache<string, { made: Interpreted; bytes: number }>({
    maxSize: MOST_BYTES,
    sizeCalculation: ({ bytes }) => Math.max(1, bytes),
  });
  const coming = new Map<string, Promise<Interpreted | undefined>>();

  const read = async ({ namespace, name, version }: DefinitionRow): Promise<Interpreted | undefined> => {
    const [stored] = await persist(() => store.readDefinitions([{ namespace, name, version }]));
    if (stored === undefined) return undefined;
    try {
      const made = await interpret(stored.body);
      if (!stored.draft) kept.set(idOf(stored), { made, bytes: stored.bytes });
      return made;
    } catch (error) {
      report(unreadable(stored, error));
      return undefined;
    }
  };
  return {
    loaded: (row) => (row.draft ? undefined : kept.get(idOf(row))?.made),
    load(row) {
      if (row.draft) return read(row);
      const id = idOf(row);
      const found = kept.get(id);
      if (found !== undefined) return Promise.resolve(found.made);
      const reading = coming.get(id) ?? read(row).finally(() => coming.delete(id));
      coming.set(id, reading);
      return reading;
    },
  };
}

function idOf({ name, version, hash }: DefinitionRow): string {
  return `${name} ${version} ${hash}`;
}

function unreadable({ name, version }: StoredDefinition, error: unknown): string {
  const reason = error instanceof Error ? error.message : String(error);
  const what = `version ${version} of definition "${name}" cannot be read by this engine`;
  return `${what}, which leaves its runs to others: ${reason}`;
}
