import { MillraceError } from '../../core/errors.ts';
import type { StartedEvent } from '../../core/run/event.ts';
import type { AnyWorkflow } from '../../core/workflow/workflow.ts';

/**
 * Of which of these workflows a child by name is started: a family stays on one version of its own workflow; of another
 * one it is the latest.
 * @throws UNKNOWN_WORKFLOW.
 */
export function childVersion(
  workflows: Iterable<AnyWorkflow>,
  name: string,
  parent: Pick<StartedEvent, 'workflow' | 'version'>,
): AnyWorkflow {
  let chosen: AnyWorkflow | undefined;
  for (const workflow of workflows) {
    if (workflow.name !== name) continue;
    if (name === parent.workflow && workflow.version === parent.version) return workflow;
    if (chosen === undefined || isLater(workflow.version, chosen.version)) chosen = workflow;
  }
  if (chosen !== undefined) return chosen;
  throw new MillraceError(
    'UNKNOWN_WORKFLOW',
    `no workflow "${name}" is there that a child could be started of`,
  );
}

/** Numbers are later than texts: who begins to number his versions goes on with it. */
function isLater(version: string, than: string): boolean {
  const [a, b] = [numberOf(version), numberOf(than)];
  return a === b ? version > than : a > b;
}

function numberOf(version: string): number {
  return /^\d+$/.test(version) ? Number(version) : -1;
}
