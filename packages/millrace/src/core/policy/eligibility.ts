import { traitsOf } from '../cluster/demands.ts';
import type { EngineView } from '../cluster/engine-view.ts';
import type { NamedVersion } from '../cluster/profile.ts';
import { candidatesOf, type Candidates } from './eligibility/candidates.ts';
import { sicknessOf } from './eligibility/health.ts';
import { refuse, type Refusal } from './eligibility/refusal.ts';
import { shortageOf, type Shortage } from './eligibility/shortage.ts';
import type { Work } from './eligibility/work.ts';

export type { EngineView } from '../cluster/engine-view.ts';
export { candidatesOf } from './eligibility/candidates.ts';
export type { Candidates } from './eligibility/candidates.ts';
export type { Refusal } from './eligibility/refusal.ts';
export type { Shortage } from './eligibility/shortage.ts';
export { workOf } from './eligibility/work.ts';
export type { BeginningRun, TaskWork, Work } from './eligibility/work.ts';

/*
 * The one predicate that says who may take what: placement filters by it, and `why` explains with it.
 *
 * E1 Ability comes first, then state, then room, then health: the first obstacle met is the refusal.
 * E2 Health is soft. An unhealthy engine gets work only if every engine that is able and there is unhealthy; then
 *    it does get it. An assignment merely reserves work for a while: withholding it would leave the work to whichever
 *    of the same sick engines polls first, and a threshold that is set too tight must not stop a cluster.
 * E3 Room is hard. While a healthy engine is merely full, work waits unassigned for the first free slot.
 */

/** Why this engine does not take this work; undefined: it does. */
export function refusalOf(work: Work, engine: EngineView): Refusal | undefined {
  return (
    abilityRefusal(work, engine) ?? stateRefusal(engine) ?? roomRefusal(work, engine) ?? healthRefusal(engine)
  );
}

/** Whether an engine has what this work asks for, however it stands now. */
export function isAble(work: Work, engine: EngineView): boolean {
  return abilityRefusal(work, engine) === undefined;
}

/** Who may take a piece of work, what the others answered, and what to tell about it. */
export type Eligible =
  | {
      readonly engines: Candidates;
      readonly refusals: readonly Refusal[];
      /** Set when all of them are unhealthy. */
      readonly shortage: Shortage | undefined;
    }
  | { readonly engines: undefined; readonly refusals: readonly Refusal[]; readonly shortage: Shortage };

/** Asks every engine, and makes one explanation of all refusals when no healthy engine takes the work. */
export function eligibleFor(work: Work, engines: readonly EngineView[]): Eligible {
  const willing: EngineView[] = [];
  const refusals: Refusal[] = [];
  for (const engine of engines) {
    const refusal = refusalOf(work, engine);
    if (refusal === undefined) willing.push(engine);
    else refusals.push(refusal);
  }
  const healthy = candidatesOf(willing);
  if (healthy !== undefined) return { engines: healthy, refusals, shortage: undefined };
  const hard = refusals.filter(({ kind }) => kind !== 'unhealthy');
  const waits = hard.some(({ kind, engine }) => kind === 'full' && healthRefusal(engine) === undefined);
  if (waits) return { engines: undefined, refusals, shortage: shortageOf(work, hard) };
  const sick = candidatesOf(refusals.filter(({ kind }) => kind === 'unhealthy').map(({ engine }) => engine));
  return { engines: sick, refusals, shortage: shortageOf(work, refusals) };
}

function abilityRefusal(work: Work, engine: EngineView): Refusal | undefined {
  if (engine.namespace !== work.namespace) return refuse('namespace', engine, 'serves another namespace');
  if (engine.queues?.includes(work.queue) === false) {
    return refuse('queue', engine, `serves ${listed(engine.queues, 'queue')}`);
  }
  const unable = work.kind === 'task' ? executorRefusal(work.executor, engine) : versionRefusal(work, engine);
  if (unable !== undefined) return unable;
  const traits = traitsOf(engine);
  const missing = work.requires.filter((trait) => !traits.includes(trait));
  if (missing.length === 0) return undefined;
  return refuse('label', engine, `lacks ${listed(missing, 'label')}`, missing);
}

function executorRefusal(executor: string, engine: EngineView): Refusal | undefined {
  if (engine.executors.includes(executor)) return undefined;
  return refuse('executor', engine, `has ${listed(engine.executors, 'executor')}`);
}

function versionRefusal(work: Work & { kind: 'workflow' }, engine: EngineView): Refusal | undefined {
  const isIt = (one: NamedVersion): boolean => one.workflow === work.workflow && one.version === work.version;
  if (engine.workflows.some(isIt)) return undefined;
  const own = engine.workflows
    .filter(({ workflow }) => workflow === work.workflow)
    .map(({ version }) => version);
  return refuse(
    'version',
    engine,
    own.length === 0 ? 'has no version of it' : `has ${listed(own, 'version')}`,
  );
}

function stateRefusal(engine: EngineView): Refusal | undefined {
  switch (engine.state) {
    case 'alive':
      return undefined;
    case 'draining':
      return refuse('draining', engine, 'is draining');
    case 'suspect':
      return refuse('suspect', engine, 'is suspected to be dead');
  }
}

function roomRefusal(work: Work, engine: EngineView): Refusal | undefined {
  const { load, capacity } = engine;
  const [active, most] =
    work.kind === 'task' ? [load.activeTasks, capacity.tasks] : [load.activeWorkflows, capacity.workflows];
  return active < most
    ? undefined
    : refuse('full', engine, `is full with ${active} of ${most} ${work.kind}s`);
}

function healthRefusal(engine: EngineView): Refusal | undefined {
  const sickness = sicknessOf(engine.load);
  return sickness === undefined ? undefined : refuse('unhealthy', engine, `is unhealthy: ${sickness}`);
}

function listed(names: readonly string[], noun: string): string {
  if (names.length === 0) return `no ${noun}`;
  return `${noun}${names.length === 1 ? '' : 's'} ${names.join(', ')}`;
}
