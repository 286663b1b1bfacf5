import { MillraceError, show } from '../../core/errors.ts';
import { checkWorkflowName, resolveVersion } from '../../core/names.ts';
import { highestVersion } from '../../core/versions/order.ts';
import { chooseVersion } from '../../core/versions/route.ts';
import type { AnyWorkflow, NamedWorkflow } from '../../core/workflow/workflow.ts';
import type { VersionDesk } from '../desk.ts';
import {
  allVersions,
  knownVersions,
  unknownVersion,
  unknownWorkflow,
  versionsOf,
  type Versions,
} from './reroute.ts';

/** What a start names: `order`, `order@2`, or a workflow by name and version. */
export type StartName = string | NamedWorkflow;

/**
 * The workflow that a start by name means, with its schema and terms where it is a definition.
 * @param key - of the run, or its id where it has none: by it a roll-out is drawn.
 * @throws UNKNOWN_WORKFLOW, UNKNOWN_VERSION, INVALID_ARGUMENT.
 */
export async function chooseWorkflow(
  desk: VersionDesk,
  wanted: StartName,
  key: string,
): Promise<AnyWorkflow | NamedWorkflow> {
  const { catalogue } = desk;
  await desk.answered(() => catalogue.refresh());
  // Whoever names a version knows that some engine has it.
  if (typeof wanted !== 'string') return (await definition(desk, wanted)) ?? wanted;
  const { name, version: given } = readName(wanted);
  const version = given ?? (await routed(desk, name, key));
  if (version === undefined) throw await unknownWorkflow(desk, name);
  const named = { name, version };
  const found = code(desk, named) ?? (await definition(desk, named));
  if (found !== undefined) return found;
  if (given !== undefined) await desk.answered(() => catalogue.look());
  const late = await definition(desk, named);
  if (late !== undefined) return late;
  const known = await versionsOf(desk, name);
  // What is routed is started even while nobody has it: its runs wait, and `why` says for what.
  if (given === undefined || known.includes(version)) return named;
  throw known.length === 0 ? await unknownWorkflow(desk, name) : unknownVersion(name, version, known);
}

/**
 * The same at once, as nearly every start finds it; undefined: something has to be asked for.
 * @throws INVALID_ARGUMENT.
 */
export function chosenAtOnce(desk: VersionDesk, wanted: StartName, key: string): AnyWorkflow | undefined {
  const { catalogue } = desk;
  if (!catalogue.isFresh()) return undefined;
  if (typeof wanted !== 'string') return catalogue.loaded(wanted.name, wanted.version);
  const { name, version: given } = readName(wanted);
  const version = given ?? byRoute(desk, name, key) ?? highestKnown(desk, name);
  if (version === undefined) return undefined;
  return code(desk, { name, version }) ?? catalogue.loaded(name, version);
}

function highestKnown(desk: VersionDesk, name: string): string | undefined {
  const versions = knownVersions(desk);
  return versions && highestAmong(desk, versions, name);
}

function readName(wanted: string): { name: string; version: string | undefined } {
  const [name = '', version, ...rest] = wanted.split('@');
  if (rest.length > 0) {
    const remedy = 'Write NAME or NAME@VERSION.';
    throw new MillraceError('INVALID_ARGUMENT', `start of ${show(wanted)}`, { remedy });
  }
  checkWorkflowName(name);
  const where = `start of workflow "${name}"`;
  return { name, version: version === undefined ? undefined : resolveVersion(version, where) };
}

/** The version of a new run: by the route, else the highest that is there; one more look before there is none. */
async function routed(desk: VersionDesk, name: string, key: string): Promise<string | undefined> {
  const found = byRoute(desk, name, key) ?? highestAmong(desk, await allVersions(desk), name);
  if (found !== undefined) return found;
  await desk.answered(() => desk.catalogue.look());
  return byRoute(desk, name, key);
}

function byRoute({ catalogue }: VersionDesk, name: string, key: string): string | undefined {
  const route = catalogue.route(name);
  return route && chooseVersion(route, name, key);
}

/** Of each desk the highest versions by name, while what they were found among is the same. */
const highest = new WeakMap<
  VersionDesk,
  { rows: object; versions: Versions; byName: Map<string, string | undefined> }
>();

/** Drafts are only started by their version. */
function highestAmong(desk: VersionDesk, versions: Versions, name: string): string | undefined {
  // Of names that there are: what anybody asks for could be any number.
  if (!versions.has(name)) return undefined;
  const rows = desk.catalogue.rows();
  let known = highest.get(desk);
  if (known?.rows !== rows || known.versions !== versions) {
    known = { rows, versions, byName: new Map() };
    highest.set(desk, known);
  }
  if (!known.byName.has(name)) {
    const drafts = new Set(rows.flatMap((row) => (row.name === name && row.draft ? [row.version] : [])));
    const there = (versions.get(name) ?? []).filter((version) => !drafts.has(version));
    known.byName.set(name, highestVersion(there));
  }
  return known.byName.get(name);
}

function code({ workflows }: VersionDesk, { name, version }: NamedWorkflow): AnyWorkflow | undefined {
  return workflows.find((workflow) => workflow.name === name && workflow.version === version);
}

async function definition(
  { catalogue, answered }: VersionDesk,
  { name, version }: NamedWorkflow,
): Promise<AnyWorkflow | undefined> {
  return catalogue.loaded(name, version) ?? answered(() => catalogue.load(name, version));
}
