import { createHash } from 'node:crypto';
import type { DefinitionDocument } from '../../core/dag/definition.ts';
import { MillraceError } from '../../core/errors.ts';
import { resolveVersion } from '../../core/names.ts';
import { firstRoute } from '../../core/versions/change.ts';
import { encodeRoute } from '../../core/versions/route.ts';
import type { DefinitionResult } from '../../store/port/definitions.ts';
import type { VersionDesk } from '../desk.ts';
import { canonicalText } from '../../core/dag/reading/canonical.ts';
import { differenceLines, readDocument } from './document.ts';

/** A definition that is stored now. */
export interface Deployed {
  readonly name: string;
  readonly version: string;
  /** SHA-256 of its canonical text. */
  readonly hash: string;
  /** `same`: it was there already, with this content. */
  readonly outcome: 'stored' | 'same';
  /** Whether new runs get it, unless a roll-out takes them. */
  readonly active: boolean;
}

/** How a definition is stored. */
export interface DeployChoice {
  /** Where a text comes from: for messages. */
  readonly file: string | undefined;
  readonly draft: boolean;
  readonly by: string;
  /** What it must say that it is. */
  readonly expect?: { readonly name: string; readonly version: number | string } | undefined;
}

/**
 * Checks and stores a definition. The first version of a name activates itself; a draft never does.
 * @throws INVALID_DEFINITION with all problems, VERSION_EXISTS, DUPLICATE_REGISTRATION, INVALID_ARGUMENT.
 */
export async function storeDefinition(
  desk: VersionDesk,
  definition: DefinitionDocument | string,
  { file, draft, by, expect }: DeployChoice,
): Promise<Deployed> {
  const { store, namespace, catalogue } = desk;
  const given = readDocument(definition, file).document;
  const name = given.workflow;
  const version = resolveVersion(given.version, `definition "${name}"`);
  if (expect !== undefined) refuseOther({ name, version }, expect);
  // 1 and "1" are one version, so they are one content.
  const document = { ...given, version };
  await refuseCode(desk, name, version);
  const text = canonicalText(document);
  const hash = createHash('sha256').update(text).digest('hex');
  const route = draft ? undefined : encodeRoute(firstRoute(version, { at: desk.storeTime(), by }));
  const body = new TextEncoder().encode(text);
  const request = { namespace, name, version, hash, body, draft, by, firstRoute: route };
  const result = await desk.answered(() => store.putDefinition(request));
  if (result.outcome === 'exists') throw existing(document, result);
  await desk.answered(() => catalogue.look());
  const active = catalogue.route(name)?.active === version;
  return { name, version, hash, outcome: result.outcome, active };
}

function refuseOther(
  { name, version }: { name: string; version: string },
  expect: NonNullable<DeployChoice['expect']>,
): void {
  if (name === expect.name && version === String(expect.version)) return;
  const what = `the definition is ${name}@${version}, and was to be ${expect.name}@${expect.version}`;
  throw new MillraceError('INVALID_ARGUMENT', what, {
    remedy: 'Correct its workflow and version, or the address.',
  });
}

/** A name and version that is code somewhere would be two programs under one name. */
async function refuseCode(desk: VersionDesk, name: string, version: string): Promise<void> {
  const isIt = (one: { name: string; version: string }): boolean =>
    one.name === name && one.version === version;
  const stored = desk.catalogue.has(name, version);
  const engines = stored ? [] : await desk.engines.read();
  const engine = engines.find(({ workflows }) =>
    workflows.some(({ workflow, version: announced }) => isIt({ name: workflow, version: announced })),
  );
  if (engine === undefined && !desk.workflows.some(isIt)) return;
  const where = engine === undefined ? 'this process' : `engine ${engine.name}`;
  throw new MillraceError(
    'DUPLICATE_REGISTRATION',
    `version ${version} of workflow "${name}" is registered as code on ${where}`,
    { remedy: 'Give the definition another name or version.' },
  );
}

const SHOWN_DIFFERENCES = 20;

function existing(
  document: DefinitionDocument,
  { body, draft, openRuns }: Extract<DefinitionResult, { outcome: 'exists' }>,
): MillraceError {
  const stored = JSON.parse(new TextDecoder().decode(body)) as DefinitionDocument;
  const differences = differenceLines(stored, document);
  const shown = differences.slice(0, SHOWN_DIFFERENCES);
  const more = differences.length - shown.length;
  const lines = [...shown, ...(more > 0 ? [`and ${more} more`] : [])].map((line) => `\n  ${line}`).join('');
  const name = `version ${document.version} of definition "${document.workflow}"`;
  const isHeld = draft && openRuns > 0;
  const what = isHeld ? `${name} has open runs with other content` : `${name} exists with other content`;
  const remedy = isHeld
    ? 'Let its runs end or cancel them, or give the changed definition another version.'
    : 'Give the changed definition another version.';
  return new MillraceError('VERSION_EXISTS', `${what}:${lines}`, { remedy, details: { differences } });
}
