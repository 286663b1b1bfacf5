import { createHash } from 'node:crypto';
import type { Definition, DefinitionDocument } from '../../src/core/dag/definition.ts';
import { readDefinition } from '../../src/core/dag/reading/read-definition.ts';
import type { Millrace } from '../../src/index.ts';

/** A definition of these nodes. */
export function definitionOf(nodes: object, more: object = {}): Definition {
  const read = readDefinition(
    JSON.stringify({ workflow: 'order', version: 1, nodes, ...more }),
    'order.json',
  );
  if ('definition' in read) return read.definition;
  throw new Error(JSON.stringify(read.problems));
}

/** Stores a definition as a draft, as whoever runs a file does. */
export async function storeDraft(
  { store }: Millrace,
  { name, version, document }: Definition,
): Promise<void> {
  const body = Buffer.from(JSON.stringify(document satisfies DefinitionDocument));
  const hash = createHash('sha256').update(body).digest('hex');
  const facts = { namespace: 'default', draft: true, by: undefined, firstRoute: undefined };
  const { outcome } = await store.putDefinition({ ...facts, name, version, hash, body });
  if (outcome !== 'stored') throw new Error(`the draft is ${outcome}`);
}
