import { placedEvents } from '../../core/reading/history-items.ts';
import { encodeChunk } from '../../core/run/chunk.ts';
import type { Arrival, RunEvent } from '../../core/run/event.ts';
import { takeTurn } from '../../core/run/turn.ts';
import { CancelledError } from '../../core/errors.ts';
import type { Engine } from '../engine.ts';
import type { Instance } from '../instance.ts';
import { forget, redo } from './ownership.ts';
import { revive } from './revive.ts';

/*
 * A run that was paused while this engine executed it: nothing begins any more, what runs may end, and its outcomes are
 * recorded (decision 18). The instance is held until nothing runs, or the run is this engine's again.
 */

/** What a turn had taken whose plan was refused. */
interface Refused {
  readonly arrivals: readonly Arrival[];
  readonly afterCommit: readonly (() => void)[];
}

/**
 * The store may not see this engine as the owner any more: the run was paused, or paused and resumed, or is another's.
 * @param refused - set where a plan has met that.
 */
export async function lookAgain(engine: Engine, instance: Instance, refused?: Refused): Promise<void> {
  const { runId } = instance;
  instance.doubted = false;
  const [row] = await engine.persist(() => engine.store.readRuns([{ runId }]));
  if (!instance.held) {
    // Given up while it looked, as all runs of an engine that was declared dead: what it had decided was kept out.
    if (refused !== undefined && row !== undefined && row.status !== 'paused')
      engine.noteRefusal(instance.row);
    return;
  }
  if (refused !== undefined) {
    instance.arrivals = [...refused.arrivals, ...instance.arrivals];
    instance.afterCommit = [...refused.afterCommit, ...instance.afterCommit];
  }
  const stands = row?.version === instance.row.version;
  if (stands && row.status === 'paused' && row.pause?.engineId === engine.engineId)
    return setAside(engine, instance);
  const isOwn = stands && row.ownerId === engine.engineId;
  const wasAway = instance.paused !== undefined || row?.epoch !== instance.row.epoch;
  if (isOwn && wasAway) return goOn(engine, instance, row.epoch);
  if (isOwn && refused === undefined) return;
  // Of a task that has ended nothing is left, also where its plan was applied and the answer lost.
  if (refused !== undefined && row !== undefined) engine.noteRefusal(instance.row);
  forget(engine, instance, 'another engine owns the run now');
}

/** Nothing begins any more: no turn, no timer, no attempt, also none that waits for a slot. */
function setAside(engine: Engine, instance: Instance): void {
  engine.aside.add(instance);
  instance.cancelTimer?.();
  instance.cancelTimer = undefined;
  instance.transactions = [];
  // What a transaction has stored is in the history: it is read again.
  instance.stored = undefined;
  instance.paused ??= { execution: undefined, refused: false };
  for (const attempt of [...instance.attempts.values()]) {
    if (!attempt.isUnderWay) attempt.abort(new CancelledError('the run is paused'));
  }
}

/** It is this engine's own again: the program is brought back to where the store has it, and what runs goes on. */
async function goOn(engine: Engine, instance: Instance, epoch: number): Promise<void> {
  instance.row.epoch = epoch;
  instance.paused = undefined;
  engine.aside.delete(instance);
  const outcomes = instance.arrivals.filter(isOutcome);
  instance.arrivals = [];
  await redo(engine, instance, outcomes);
}

/** Adds to the history what has ended since the pause, and gives the run up when nothing runs any more. */
export async function recordOutcomes(engine: Engine, instance: Instance): Promise<void> {
  const { arrivals, afterCommit, row } = instance;
  instance.arrivals = [];
  instance.afterCommit = [];
  const outcomes = arrivals.filter(isOutcome);
  const events = outcomes.length === 0 ? [] : await acceptedBy(engine, instance, outcomes);
  if (!instance.held) return;
  const done = instance.attempts.size === 0 && instance.arrivals.length === 0;
  if (events.length === 0 && !done) return tell(afterCommit);
  const { runId, epoch, version, events: seq } = row;
  const count = events.length;
  const history = count === 0 ? undefined : encodeChunk(engine.chunkHeader(), events);
  const place = { runId, engineId: engine.engineId, epoch, version, commitId: engine.newCommitId(), seq };
  const result = await engine.persist(() => engine.store.recordPaused({ ...place, count, history, done }));
  if (!instance.held) return;
  if (result === 'conflict') {
    // Twice: this incarnation is retired, and will hear of it.
    if (instance.paused?.refused === true) return forget(engine, instance, 'this engine was declared dead');
    if (instance.paused !== undefined) instance.paused.refused = true;
    return lookAgain(engine, instance, { arrivals: outcomes, afterCommit });
  }
  if (instance.paused !== undefined) instance.paused.refused = false;
  instance.row.version++;
  instance.row.events += count;
  if (instance.suspect && count > 0) engine.clearSuspect(instance);
  tell(afterCommit);
  if (done) forget(engine, instance, 'the run is paused');
}

/**
 * Those outcomes that the program waits for. It is brought back to where the history ends, and given them in memory; what it
 * decides then is not kept: it decides it again when it is resumed.
 */
async function acceptedBy(
  engine: Engine,
  instance: Instance,
  outcomes: readonly Arrival[],
): Promise<RunEvent[]> {
  const { paused } = instance;
  if (paused === undefined) return [];
  if (paused.execution === undefined) {
    const chunks = await engine.persist(() => engine.store.readHistory(instance.runId));
    paused.execution = await revive(engine, instance.workflow, instance.row, placedEvents(chunks));
    paused.execution.events = [];
  }
  const { events } = await takeTurn(paused.execution, outcomes);
  return events.filter((event) => outcomes.includes(event));
}

function tell(afterCommit: readonly (() => void)[]): void {
  for (const done of afterCommit) done();
}

function isOutcome({ type }: Arrival): boolean {
  switch (type) {
    case 'step-completed':
    case 'step-failed':
    case 'step-retrying':
    case 'step-checkpoint':
      return true;
    default:
      return false;
  }
}
