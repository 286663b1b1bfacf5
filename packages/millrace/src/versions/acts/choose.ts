import { MillraceError, show } from '../../core/errors.ts';
import { checkWorkflowName, resolveVersion } from '../../core/names.ts';
import { highestVersion } from '../../core/versions/order.ts';
import { chooseVersion } from '../../core/versions/route.ts';
import type { AnyWorkflow, NamedWorkflow } from '../../core/workflow/workflow.ts';
import type { VersionDesk } from '../desk.ts';
import { unknownVersion, unknownWorkflow, versionsOf } from './reroute.ts';

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
  const { catalogue } = desk;
  const byRoute = (): string | undefined => {
    const route = catalogue.route(name);
    return route && chooseVersion(route, name, key);
  };
  const found = byRoute();
  if (found !== undefined) return found;
  const drafts = new Set(
    catalogue.rows().flatMap((row) => (row.name === name && row.draft ? [row.version] : [])),
  );
  const there = (await versionsOf(desk, name)).filter((version) => !drafts.has(version));
  if (there.length > 0) return highestVersion(there);
  await desk.answered(() => catalogue.look());
  return byRoute();
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
