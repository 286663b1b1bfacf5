import { splitVersion } from '../../cluster/demands.ts';
import { executorOf } from '../../names.ts';
import { eligibleFor, type Shortage, type Work } from '../eligibility.ts';
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
  // What others have is nobody's business here.
  const own = engines.filter(({ namespace }) => namespace === run.namespace);
  if (own.every(({ state }) => state === 'suspect')) return nobodyAlive(run, own);
  return eligibleFor(workOf(run), own).shortage;
}

function workOf({ namespace, queue, workflow, workflowVersion }: ReadableRun): Work {
  const { version, demands: requires } = splitVersion(workflowVersion);
  const executor = executorOf(workflow);
  return executor === undefined
    ? { kind: 'workflow', workflow, version, namespace, queue, requires }
    : { kind: 'task', executor, namespace, queue, requires };
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
