import { MillraceError, show } from '../../core/errors.ts';
import { didYouMean } from '../../core/suggest.ts';
import type { AnyWorkflow } from '../../core/workflow/workflow.ts';

/**
 * The workflow that a name means, or the only one there is.
 * @param wanted - `name` or `name@version`; undefined: there must be only one.
 * @param where - the subject of messages: the file or module.
 * @throws UNKNOWN_WORKFLOW, UNKNOWN_VERSION, INVALID_ARGUMENT where several would fit.
 */
export function chooseWorkflow(
  workflows: readonly AnyWorkflow[],
  wanted: string | undefined,
  where: string,
): AnyWorkflow {
  const [only] = workflows;
  if (only === undefined) {
    throw new MillraceError('UNKNOWN_WORKFLOW', `${where} exports no workflow`, {
      remedy: "Export what workflow('name', …) returns.",
    });
  }
  if (wanted !== undefined) return named(workflows, wanted, where);
  if (workflows.length === 1) return only;
  throw new MillraceError(
    'INVALID_ARGUMENT',
    `${where} exports ${workflows.length} workflows: ${listOf(workflows)}`,
    {
      remedy: `Say which one: ${where}#${only.name}.`,
    },
  );
}

function named(workflows: readonly AnyWorkflow[], wanted: string, where: string): AnyWorkflow {
  const [name = '', version] = wanted.split('@', 2);
  const candidates = workflows.filter((workflow) => workflow.name === name);
  if (candidates.length === 0) {
    const guess = didYouMean(name, new Set(workflows.map((workflow) => workflow.name)));
    throw new MillraceError(
      'UNKNOWN_WORKFLOW',
      `${where} has no workflow ${show(name)}, only ${listOf(workflows)}`,
      {
        remedy: guess === undefined ? 'Use one of these names.' : `Did you mean ${show(guess)}?`,
      },
    );
  }
  const fitting = candidates.filter((workflow) => version === undefined || workflow.version === version);
  const [found] = fitting;
  const versions = candidates.map((workflow) => workflow.version).join(', ');
  if (found === undefined) {
    const what = `${where} has no version ${show(version)} of workflow ${show(name)}, only ${versions}`;
    throw new MillraceError('UNKNOWN_VERSION', what);
  }
  if (fitting.length === 1) return found;
  throw new MillraceError('INVALID_ARGUMENT', `${where} has workflow ${show(name)} in versions ${versions}`, {
    remedy: `Say which one: ${name}@${found.version}.`,
  });
}

function listOf(workflows: readonly AnyWorkflow[]): string {
  return workflows.map(({ name, version }) => `${name}@${version}`).join(', ');
}
