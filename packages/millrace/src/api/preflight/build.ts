import { MillraceError, show } from '../../core/errors.ts';
import { didYouMean } from '../../core/suggest.ts';
import type { NamedWorkflow } from '../../core/workflow/workflow.ts';

/** Which versions a build has, and which one a run is held against. */
export interface Build<W extends NamedWorkflow = NamedWorkflow> {
  readonly names: readonly string[];
  /** Undefined: it has none for runs of this version. */
  forRun(name: string, version: string): W | undefined;
}

/**
 * @param as - `NAME@VERSION`: all runs of that workflow are held against that version, whatever theirs is.
 * @throws UNKNOWN_WORKFLOW, UNKNOWN_VERSION, INVALID_ARGUMENT for such a wish; DUPLICATE_REGISTRATION.
 */
export function createBuild<W extends NamedWorkflow>(
  workflows: readonly W[],
  as: readonly string[] = [],
): Build<W> {
  const byName = new Map<string, Map<string, W>>();
  for (const workflow of workflows) {
    const { name, version } = workflow;
    const versions = byName.get(name) ?? new Map<string, W>();
    byName.set(name, versions);
    const other = versions.get(version);
    if (other !== undefined && other !== workflow) {
      throw new MillraceError(
        'DUPLICATE_REGISTRATION',
        `the build has workflow "${name}" version ${version} twice`,
      );
    }
    versions.set(version, workflow);
  }
  const wished = new Map(as.map((wish) => [nameIn(wish), wishedVersion(byName, wish)]));
  return {
    names: [...byName.keys()],
    forRun: (name, version) => wished.get(name) ?? byName.get(name)?.get(version),
  };
}

function nameIn(wish: string): string {
  return wish.split('@', 1)[0] as string; // A split gives at least one part.
}

function wishedVersion<W>(byName: ReadonlyMap<string, ReadonlyMap<string, W>>, wish: string): W {
  const name = nameIn(wish);
  const versions = byName.get(name);
  if (versions === undefined) {
    const guess = didYouMean(name, byName.keys());
    const remedy = guess === undefined ? 'Name a workflow of the build.' : `Did you mean ${show(guess)}?`;
    throw new MillraceError('UNKNOWN_WORKFLOW', `the build has no workflow ${show(name)}`, { remedy });
  }
  const version = wish.slice(name.length + 1);
  const found = versions.get(version);
  if (found !== undefined) return found;
  const has = [...versions.keys()].join(', ');
  if (version === '') {
    const remedy = `Write ${name}@VERSION; the build has ${has}.`;
    throw new MillraceError('INVALID_ARGUMENT', `${show(wish)} names no version`, { remedy });
  }
  throw new MillraceError('UNKNOWN_VERSION', `the build has no version ${show(version)} of "${name}"`, {
    remedy: `It has ${has}.`,
  });
}
