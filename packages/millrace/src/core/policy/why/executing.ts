import { instant } from '../../reading/instant.ts';
import type { ReadableRun } from '../../reading/readable-run.ts';
import type { RunState, StepState } from '../../reading/state/state.ts';
import { executorOf } from '../../names.ts';
import type { Wait } from '../../run/command.ts';
import type { PlacedEvent } from '../../run/event.ts';
import { COMPENSATION_PREFIX, effective } from '../../run/replay.ts';
import type { EngineFacts } from './facts.ts';
import type { Reason } from './reason.ts';
import { reasonOfWait, type Waiting } from './waits/waiting.ts';

/**
 * What goes on of a run that an engine owns. Which attempts it makes at this moment stands in its memory only: what
 * history tells is which steps have left a trace and no outcome, and since when nothing was recorded.
 */
export function executingReasons(waiting: Waiting, history: readonly PlacedEvent[]): readonly Reason[] {
  const lost = lostOwner(waiting);
  if (lost !== undefined) return [lost];
  const { state, facts } = waiting;
  // Of a task that has ended nothing is left, and what its caller is told of it waits in the inbox.
  const isOver = ({ kind, runId }: Wait): boolean =>
    kind === 'task' && facts.tasks?.some((task) => task.runId === runId) === false;
  const open = openWaits(state, history, facts.now).filter((wait) => !isOver(wait));
  const steps = state.steps.filter(isWanted(history)).filter((step) => isInFlight(step, facts.now));
  return [executing(waiting, steps, history.at(-1)), ...open.map((wait) => reasonOfWait(waiting, wait))];
}

/** The engine that owns it is gone, or is not heard any more, and nobody has taken the run over yet. */
function lostOwner({ run, facts, since }: Waiting): Reason | undefined {
  const { engines, departed = [], now } = facts;
  if (engines === undefined) return undefined;
  const owner = engines.find(({ engineId }) => engineId === run.ownerId);
  if (owner !== undefined) return now - owner.beatAt < owner.leaseMs ? undefined : silent(run, owner);
  const left = departed.find(({ engineId }) => engineId === run.ownerId);
  return {
    code: 'NO_ENGINE',
    message: `engine ${nameOf(run)}, which was executing it, is gone: it is about to be queued again`,
    since: left === undefined ? since : instant(left.retiredAt),
    refs: { workflow: run.workflow, engineId: nameOf(run) },
    remedy: {
      message: 'Nothing to do while another engine is alive: that one queues it again.',
      command: null,
    },
  };
}

function silent({ workflow }: ReadableRun, { name, beatAt }: EngineFacts): Reason {
  return {
    code: 'NO_ENGINE',
    message: `engine ${name}, which was executing it, was heard last at ${instant(beatAt)}`,
    since: instant(beatAt),
    refs: { workflow, engineId: name },
    remedy: {
      message:
        `Another engine that has workflow "${workflow}" takes it over by itself; ` +
        'where failover is off, declare this one dead.',
      command: `millrace failover ${name}`,
    },
  };
}

function nameOf({ engineName, ownerId }: ReadableRun): string {
  return engineName ?? String(ownerId);
}

function executing(
  { run, state, since: recorded }: Waiting,
  inFlight: readonly StepState[],
  last: PlacedEvent | undefined,
): Reason {
  const taken = instant(Math.max(run.readyAt ?? 0, run.startedAt ?? 0));
  const [first] = inFlight;
  return {
    code: 'EXECUTING',
    message: `engine ${nameOf(run)} ${workOf(run, state)}; ${traceOf(inFlight, last)}`,
    // Instants of one form are ordered as texts are.
    since: taken > recorded ? taken : recorded,
    refs: {
      engineId: nameOf(run),
      ...(first === undefined ? {} : { step: first.name, attempt: first.attempts + 1 }),
    },
    remedy: {
      message:
        'It goes on when its step ends. One that hangs ends by its timeout, by cancelling the run, ' +
        'or by a failover of the engine.',
      command: `millrace history ${run.runId}`,
    },
  };
}

function workOf({ workflow }: ReadableRun, { started }: RunState): string {
  const { task, parent } = started ?? {};
  if (task === undefined || parent === undefined) return 'executes it';
  const by = `by executor "${executorOf(workflow)}"`;
  return `makes attempt ${task.attempt} of step "${parent.name}" of run ${parent.runId} ${by}`;
}

/** More steps than these are counted only. */
const STEPS_NAMED = 3;

function traceOf(inFlight: readonly StepState[], last: PlacedEvent | undefined): string {
  if (inFlight.length > 0) {
    const named = inFlight.slice(0, STEPS_NAMED);
    const more = inFlight.length - named.length;
    const steps = named.map(({ name, attempts }) => `step "${name}" (attempt ${attempts + 1})`).join(', ');
    return `${steps}${more === 0 ? '' : ` and ${more} more`} without outcome yet`;
  }
  if (last === undefined || last.event.type === 'started') return 'nothing is recorded yet';
  const name = 'name' in last.event ? ` "${last.event.name}"` : '';
  return `recorded last: ${last.event.type}${name}`;
}

/** A step that some attempt has left a trace of, and whose next one may be under way here. */
function isInFlight({ status, taskRunId, tries }: StepState, now: number): boolean {
  if (status === 'retrying') return Number(tries.at(-1)?.retryAt) <= now;
  return status === 'superseded' || (status === 'running' && taskRunId === undefined);
}

/** As many as a suspended run stores. */
const WAITS_TOLD = 20;

/** What else has no outcome, as far as it is recorded, in the order of the commands. */
export function openWaits(
  { steps, children }: RunState,
  history: readonly PlacedEvent[],
  now: number,
): readonly Wait[] {
  const waits: NumberedWait[] = openLocks(history);
  for (const { name, ordinal, status, tries, taskRunId: runId } of steps) {
    const { retryAt = 0, attempt = 0 } = tries.at(-1) ?? {};
    if (runId !== undefined)
      waits.push({ kind: 'task', name, ordinal, runId, attempt: placedAttempt(history, runId) });
    else if (status === 'retrying' && retryAt > now)
      waits.push({ kind: 'retry', name, ordinal, until: retryAt, attempt: attempt + 1 });
  }
  for (const { name, ordinal, runId, status, detached } of children) {
    if (status === 'open' && !detached) waits.push({ kind: 'child', name, ordinal, runId });
  }
  return waits
    .filter(isWanted(history))
    .toSorted((a, b) => a.ordinal - b.ordinal)
    .slice(0, WAITS_TOLD);
}

type NumberedWait = Wait & { ordinal: number };

/** A cancel or a deadline refuses all that was given before it, except what undoes something. */
function isWanted(history: readonly PlacedEvent[]): (command: { ordinal: number; name: string }) => boolean {
  const end = effective(history).findLast(
    ({ event }) => event.type === 'cancel-requested' || event.type === 'deadline-passed',
  )?.event;
  const given = end !== undefined && 'given' in end ? Number(end.given) : 0;
  return ({ ordinal, name }) => ordinal >= given || name.startsWith(COMPENSATION_PREFIX);
}

function placedAttempt(history: readonly PlacedEvent[], runId: string): number {
  const placed = history.flatMap(({ event }) =>
    event.type === 'step-placed' && event.runId === runId ? [event.attempt] : [],
  );
  return Number(placed.at(-1));
}

/** Locks that were asked for and neither granted nor given up. */
function openLocks(history: readonly PlacedEvent[]): NumberedWait[] {
  const open = new Map<number, NumberedWait>();
  for (const { event } of effective(history)) {
    if (event.type === 'lock-requested') {
      const { ordinal, lock: name, fireAt: until } = event;
      open.set(ordinal, { kind: 'lock', name, ordinal, until });
    } else if ('ordinal' in event) open.delete(event.ordinal);
  }
  return [...open.values()];
}
