import type { DefinitionDocument } from '../../core/dag/definition.ts';
import { instant } from '../../core/reading/instant.ts';
import { resolveVersion } from '../../core/names.ts';
import type { VersionDesk } from '../desk.ts';
import { unknownVersion, unknownWorkflow, versionsOf } from './reroute.ts';

/** A version of a definition with its content. */
export interface StoredDocument {
  readonly name: string;
  readonly version: string;
  /** SHA-256 of its canonical text. */
  readonly hash: string;
  readonly draft: boolean;
  readonly deployedAt: string;
  readonly deployedBy: string | null;
  readonly document: DefinitionDocument;
}

/** @throws UNKNOWN_WORKFLOW, UNKNOWN_VERSION: also of a version that is code. */
export async function readStored(
  desk: VersionDesk,
  name: string,
  given: number | string,
): Promise<StoredDocument> {
  const { store, namespace, catalogue, answered } = desk;
  const version = resolveVersion(given, `definition "${name}"`);
  const [stored] = await answered(() => store.readDefinitions([{ namespace, name, version }]));
  if (stored !== undefined) {
    const { hash, draft, storedAt, storedBy, body } = stored;
    const document = JSON.parse(new TextDecoder().decode(body)) as DefinitionDocument; // as it was checked
    const deployed = { deployedAt: instant(storedAt), deployedBy: storedBy ?? null };
    return { name, version, hash, draft, ...deployed, document };
  }
  await answered(() => catalogue.look());
  const known = await versionsOf(desk, name);
  throw known.length === 0 ? await unknownWorkflow(desk, name) : unknownVersion(name, version, known);
}
