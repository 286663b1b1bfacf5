import { MillraceError } from '../../core/errors.ts';
import type { StartedEvent } from '../../core/run/event.ts';
import { chooseVersion } from '../../core/versions/route.ts';
import type { StartableWorkflow } from '../../core/workflow/workflow.ts';
import type { Repertoire } from '../claim/repertoire.ts';

/** The run that wants a child. */
export interface Family extends Pick<StartedEvent, 'workflow' | 'version' | 'key'> {
  readonly runId: string;
}

/**
 * Of which workflow a child by name is started: a family stays on one version of its own workflow; of another one it is
 * what the route gives its parent, else the highest.
 * @throws UNKNOWN_WORKFLOW.
 */
export function childVersion(repertoire: Repertoire, name: string, parent: Family): StartableWorkflow {
  const { workflow, version: own, key, runId } = parent;
  const route = repertoire.library?.route(name);
  const stays = name === workflow && repertoire.has(name, own);
  const routed = route === undefined ? repertoire.highest(name) : chooseVersion(route, name, key ?? runId);
  const version = stays ? own : routed;
  if (version !== undefined) return repertoire.find(name, version) ?? { name, version };
  const what = `no workflow "${name}" is there that a child could be started of`;
  throw new MillraceError('UNKNOWN_WORKFLOW', what);
}
