import type { DefinitionDocument } from '../definition.ts';
import { pathText } from './problem.ts';

/**
 * A document as it is stored and hashed: the same for documents that mean the same. Keys are sorted, for their order says
 * nothing; that of the nodes is kept, for runs begin them in it.
 */
export function canonicalText(document: DefinitionDocument): string {
  const { nodes, ...head } = document;
  const written = Object.entries(nodes).map(([id, node]) => `${JSON.stringify(id)}:${sorted(node)}`);
  const all: Readonly<Record<string, unknown>> = { ...head, nodes };
  const parts = Object.keys(all)
    .toSorted()
    .filter((key) => all[key] !== undefined)
    .map((key) => `${JSON.stringify(key)}:${key === 'nodes' ? `{${written.join(',')}}` : sorted(all[key])}`);
  return `{${parts.join(',')}}`;
}

/** Recursion is safe: documents have at most a hundred levels. */
function sorted(value: unknown): string {
  if (typeof value !== 'object' || value === null) return JSON.stringify(value);
  if (Array.isArray(value)) return `[${value.map(sorted).join(',')}]`;
  const entries = Object.entries(value).filter(([, item]) => item !== undefined);
  entries.sort(([a], [b]) => (a < b ? -1 : 1));
  return `{${entries.map(([key, item]) => `${JSON.stringify(key)}:${sorted(item)}`).join(',')}}`;
}

/** One place in which two documents are not the same. Undefined: there is nothing at the place. */
export interface Difference {
  /** As paths of problems are written. */
  readonly path: string;
  readonly was: unknown;
  readonly is: unknown;
}

type Keys = readonly (string | number)[];

/** What has been changed from one document to another, at the deepest places that tell it; their order of nodes, too. */
export function differencesOf(a: DefinitionDocument, b: DefinitionDocument): readonly Difference[] {
  const found: Difference[] = [];
  compare(a, b, [], found);
  const [before, after] = [Object.keys(a.nodes), Object.keys(b.nodes)];
  const isMoved = found.length === 0 && before.some((id, position) => after[position] !== id);
  return isMoved ? [{ path: 'nodes', was: before, is: after }] : found;
}

function compare(a: unknown, b: unknown, path: Keys, found: Difference[]): void {
  if (a === b) return;
  const [was, is] = [membersOf(a), membersOf(b)];
  const isList = Array.isArray(a);
  if (was === undefined || is === undefined || isList !== Array.isArray(b)) {
    found.push({ path: pathText(path), was: a, is: b });
    return;
  }
  for (const key of new Set([...was.keys(), ...is.keys()])) {
    compare(was.get(key), is.get(key), [...path, isList ? Number(key) : key], found);
  }
}

/** A map, because some keys are names of what every object has. */
function membersOf(value: unknown): ReadonlyMap<string, unknown> | undefined {
  return typeof value === 'object' && value !== null ? new Map(Object.entries(value)) : undefined;
}
