import { eligibleFor, type Shortage } from '../eligibility.ts';
import { instant } from '../../reading/instant.ts';
import type { ReadableRun } from '../../reading/readable-run.ts';
import type { EngineFacts, Reason } from './reason.ts';

/**
 * Why no healthy engine takes a run that is ready, by the predicate that placement filters with; undefined: one does.
 * @param engines - all that are not known to be gone.
 */
export function shortageOfEngines(
  run: ReadableRun,
  engines: readonly EngineFacts[],
): Omit<Reason, 'since'> | undefined {
  const { namespace, queue, workflow, workflowVersion: version } = run;
  // What others have is nobody's business here.
  const own = engines.filter((engine) => engine.namespace === namespace);
  if (own.every(({ state }) => state === 'suspect')) return nobodyAlive(run, own);
  return eligibleFor({ kind: 'workflow', workflow, version, namespace, queue, requires: [] }, own).shortage;
}

/** Whether it means that nobody takes the run, and not merely that it waits or is taken by whoever is left. */
export function isHard({ code }: Pick<Shortage, 'code'> | Pick<Reason, 'code'>): boolean {
  return code !== 'QUEUE_BACKLOG' && code !== 'NO_ENGINE_HEALTHY';
}

function nobodyAlive({ workflow }: ReadableRun, silent: readonly EngineFacts[]): Omit<Reason, 'since'> {
  const [last] = silent.toSorted((a, b) => b.beatAt - a.beatAt);
  const heard = last === undefined ? '' : `; ${last.name} was heard last, at ${instant(last.beatAt)}`;
  return {
    code: 'NO_ENGINE',
    message: `no engine is alive${heard}`,
    refs: { workflow },
    remedy: {
      message: `Start a process that has workflow "${workflow}" and runs on this store.`,
      command: 'millrace doctor',
    },
  };
}
