import { createHash } from 'node:crypto';
import type { DefinitionRef, DefinitionRequest, StoredDefinition } from '../../port/definitions.ts';
import type { Store } from '../../port/store.ts';
import { bytes } from '../samples.ts';

export const FLOW: DefinitionRef = { namespace: 'default', name: 'flow', version: '1' };

export function definitionOf(content: string, more: Partial<DefinitionRequest> = {}): DefinitionRequest {
  const body = bytes(content);
  const hash = createHash('sha256').update(body).digest('hex');
  return { ...FLOW, hash, body, draft: false, by: undefined, firstRoute: undefined, ...more };
}

export function draftOf(content: string, more: Partial<DefinitionRequest> = {}): DefinitionRequest {
  return definitionOf(content, { draft: true, ...more });
}

/** What is stored of a version at present. */
export async function readOne(store: Store, ref = FLOW): Promise<StoredDefinition | undefined> {
  const [found] = await store.readDefinitions([ref]);
  return found;
}

export async function revisionOf(store: Store): Promise<number> {
  return (await store.readSettings()).revision;
}
