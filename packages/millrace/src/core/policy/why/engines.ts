import { splitVersion } from '../../cluster/demands.ts';
import { executorOf } from '../../names.ts';
import { eligibleFor, isAble, type Shortage, type Work } from '../eligibility.ts';
import { instant } from '../../reading/instant.ts';
import type { ReadableRun } from '../../reading/readable-run.ts';
import type { EngineFacts, WhyFacts } from './facts.ts';
import type { Reason } from './reason.ts';

/**
 * Why no healthy engine takes a run that is ready, by the predicate that placement filters with, and who could take it
 * before; undefined: one does, or engines are not known.
 */
export function shortageOfEngines(run: ReadableRun, facts: WhyFacts): Omit<Reason, 'since'> | undefined {
  const { engines, departed, others } = facts;
  if (engines === undefined) return undefined;
  // What others have is nobody's business here.
  const own = engines.filter(({ namespace }) => namespace === run.namespace);
  const gone = departed?.filter(({ namespace }) => namespace === run.namespace);
  if (own.every(({ state }) => state === 'suspect')) return nobodyAlive(run, [...own, ...(gone ?? [])]);
  const work = workOf(run);
  const { shortage } = eligibleFor(work, own);
  if (shortage === undefined || !isHard(shortage)) return shortage;
  const versions = shortage.code === 'NO_ENGINE_FOR_VERSION' ? strandedClause(run, own, others) : '';
  return withFormer(
    {
      ...shortage,
      message: `${shortage.message}${versions}`,
      refs: { ...shortage.refs, ...(others === undefined ? {} : { otherRuns: others }) },
    },
    gone?.filter((engine) => isAble(work, engine)),
  );
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

/** More than these nobody compares. */
const FORMER_NAMED = 3;

/** Who could take it until when. */
function withFormer(shortage: Shortage, former: readonly EngineFacts[] | undefined): Omit<Reason, 'since'> {
  if (former === undefined) return shortage;
  const [last, ...others] = former.toSorted((a, b) => b.beatAt - a.beatAt).slice(0, FORMER_NAMED);
  const { message, refs, remedy } = shortage;
  if (last === undefined)
    return { ...shortage, message: `${message}; no engine of the last day could take it either` };
  const earlier = others.map(({ name, beatAt }) => `, ${name} until ${instant(beatAt)}`).join('');
  const again = `Start ${last.name} again, or: ${remedy.message}`;
  return {
    ...shortage,
    message: `${message}; ${last.name} could take it until ${instant(last.beatAt)}${earlier}`,
    refs: { ...refs, formerEngineId: last.name, formerUntil: instant(last.beatAt) },
    remedy: { ...remedy, message: again },
  };
}

/** Where other versions are, and how many wait for this one. */
function strandedClause(
  { workflow }: ReadableRun,
  engines: readonly EngineFacts[],
  others: number | undefined,
): string {
  const having = new Map<string, string[]>();
  for (const { name, workflows } of engines) {
    for (const one of workflows) {
      if (one.workflow === workflow) having.set(one.version, [...(having.get(one.version) ?? []), name]);
    }
  }
  // Of a single engine all is said already.
  const where =
    engines.length === 1
      ? []
      : [...having].map(([version, names]) => `; version ${version} is on ${names.join(', ')}`);
  if (others === undefined) return where.join('');
  return `${where.join('')}; ${others} other open run${others === 1 ? '' : 's'} of this version`;
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
