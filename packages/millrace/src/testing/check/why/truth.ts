import { engineView } from '../../../core/cluster/engine-view.ts';
import type { LimitKind } from '../../../core/limits/limit.ts';
import { executorOf } from '../../../core/names.ts';
import type { Reason } from '../../../core/policy/why.ts';
import type { EngineRow } from '../../../store/port/store.ts';
import { LABEL } from '../../program/program.ts';
import { violated } from '../violation.ts';
import type { Watched } from '../watcher.ts';
import type { WhyParts } from './why.ts';

/** What is known at the instant of an answer. */
export interface Scene extends Omit<WhyParts, 'store' | 'tally'> {
  readonly now: number;
  readonly engines: readonly EngineRow[];
}

/** Whether one reason is true, as far as it speaks of the row, of engines and of limits. */
export function checkReason(scene: Scene, { row }: Watched, reason: Reason): void {
  const { code, refs, since, message } = reason;
  const lies = (what: string): never =>
    violated('why lies', `run ${row.runId} (${row.status}), ${code}: ${what}; ${message}`);
  const { now } = scene;
  const until = refs['until'] === undefined ? undefined : Date.parse(String(refs['until']));
  if (!(Date.parse(since) <= now)) lies(`since ${since}`);
  if (EXPECTED[row.status]?.includes(code) !== true) lies('no reason of such a run');
  switch (code) {
    case 'SLEEPING':
    case 'RETRY_BACKOFF':
    case 'DELAYED_START':
    case 'ASSIGNED_WINDOW':
      if (until !== undefined && until <= now) lies('its time has come');
      if (code === 'ASSIGNED_WINDOW' && row.assignedUntil !== until)
        lies(`window until ${row.assignedUntil}`);
      return;
    case 'WAKING':
      if (row.wakeAt === undefined || row.wakeAt > now) lies(`it wakes at ${row.wakeAt}`);
      return;
    case 'EXECUTING':
      if (row.ownerId === undefined || scene.retired.has(row.ownerId))
        lies(`its owner ${row.ownerId} is retired`);
      if (refs['engineId'] !== row.engineName) lies(`it is ${row.engineName}'s`);
      return;
    case 'NO_ENGINE':
    case 'NO_ENGINE_FOR_EXECUTOR':
    case 'NO_ENGINE_WITH_LABEL':
      return checkShortage(scene, row, lies);
    case 'QUEUE_PAUSED':
    case 'LIMIT_REACHED':
      return checkLimit(scene, refs, lies);
    case 'WAITING_CHILD':
    case 'WAITING_TASK':
      if (!scene.runs.has(String(refs['runId']))) lies('there is no such run');
      return;
    default:
      return;
  }
}

type Lies = (what: string) => never;

const OF_WAITS = ['WAITING_CHILD', 'WAITING_TASK', 'WAITING_LOCK', 'RETRY_BACKOFF'] as const;
/** What may be said of a run in a status, in a world in which none is ever blocked. */
const EXPECTED: Readonly<Partial<Record<Watched['row']['status'], readonly Reason['code'][]>>> = {
  queued: [
    ...(['QUEUE_BACKLOG', 'QUEUE_PAUSED', 'LIMIT_REACHED', 'ASSIGNED_WINDOW', 'DEADLOCK'] as const),
    ...(['NO_ENGINE', 'NO_ENGINE_FOR_EXECUTOR', 'NO_ENGINE_WITH_LABEL', 'NO_ENGINE_HEALTHY'] as const),
  ],
  running: ['EXECUTING', 'NO_ENGINE', ...OF_WAITS],
  paused: ['PAUSED'],
  waiting: [
    ...(['WAITING_SIGNAL', 'WAITING_EXTERNAL', 'SLEEPING', 'DELAYED_START'] as const),
    ...(['WAKING', 'DEADLOCK', 'NO_ENGINE'] as const),
    ...OF_WAITS,
  ],
};

function checkShortage({ engines, now, retired }: Scene, row: Watched['row'], lies: Lies): void {
  if (row.status === 'running') {
    const owner = engines.find(({ engineId }) => engineId === row.ownerId);
    if (owner === undefined)
      return void (retired.has(String(row.ownerId)) || lies('its owner is not retired'));
    if (now - owner.beatAt < engineView(owner, now).leaseMs) lies(`its engine was heard at ${owner.beatAt}`);
    return;
  }
  // All engines of a simulation have its workflow; executor and label only some have.
  const executor = executorOf(row.workflow);
  const picky = row.workflowVersion.includes(LABEL);
  for (const engine of engines) {
    const { state, executors, labels, name } = engineView(engine, now);
    const has = executor === undefined || row.status === 'waiting' || executors.includes(executor);
    if (state === 'alive' && has && (!picky || labels.includes(LABEL))) lies(`${name} could take it`);
  }
}

function checkLimit({ limits }: Scene, refs: Reason['refs'], lies: Lies): void {
  if (refs['ratePerSecond'] !== undefined) return;
  // A reason of a limit names its kind, and under that its name.
  const kind = refs['limit'] as LimitKind;
  const { paused, full } = limits.standingOf(kind, String(refs[kind] ?? ''));
  if (refs['max'] === undefined) return void (paused || lies('it is not paused'));
  if (!full) lies('it is not full');
  const holders = refs['holders'] === undefined ? [] : String(refs['holders']).split(' ');
  for (const holder of holders) if (!limits.holds(holder)) lies(`${holder} holds no grant`);
}
