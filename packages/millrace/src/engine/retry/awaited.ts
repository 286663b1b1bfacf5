import { isClosed } from '../../core/status.ts';
import { undoneIn } from '../../core/policy/retry-run.ts';
import { placedEvents } from '../../core/reading/history-items.ts';
import { closingPayload } from '../../core/run/chunk.ts';
import { startedChild } from '../../core/run/event.ts';
import type { RunRow } from '../../store/port/store.ts';
import type { Engine } from '../engine.ts';
import type { Instance } from '../instance.ts';
import { takeInbox } from '../turn/ownership.ts';
import { messageTo } from '../turn/plan.ts';
import { reopenRequest } from './reopen.ts';

/** A child that the run waits for, by the command that started it. */
interface Awaited {
  ordinal: number;
  name: string;
  runId: string;
}

/** Rows of closed runs carry their last chunk: not too many at once. */
const LOOKED_AT_ONCE = 50;

/**
 * Looks after the children that a run waits for which was opened again. They may have ended while it was
 * closed, when nobody could be told: what completed is told again, what failed or was cancelled is opened
 * again like the run itself, what cannot be is told again too. Whoever loads such a run does it before the
 * run's first turn, so that the run is not put to rest before it is done.
 *
 * R1  Only what the run was never told counts. A child's end and the message about it are one transaction: if
 * the child was closed when its row was read, and a later look at the inbox of the same version of this run
 * finds no word of it, the run was closed when it ended.
 * R2  Done again, by this engine or another, it changes nothing: opening a child is guarded by the version
 * at which it was found closed, and a message about an end that stays is taken once.
 */
export async function settleAwaited(engine: Engine, instance: Instance): Promise<void> {
  let left = awaitedBy(instance);
  while (left.length > 0 && instance.held) {
    const some = left.slice(0, LOOKED_AT_ONCE);
    // oxlint-disable-next-line no-await-in-loop -- a piece at a time
    const moved = await settleSome(engine, instance, some);
    left = [...moved, ...left.slice(LOOKED_AT_ONCE)];
  }
}

function awaitedBy({ execution }: Instance): Awaited[] {
  const awaited: Awaited[] = [];
  if (execution.standing.kind !== 'open') return awaited; // blocked: the program does not say what it waits for
  for (const pending of execution.pending.values()) if (pending.kind === 'child') awaited.push(pending);
  return awaited;
}

/** Returns those that changed while they were looked at. */
async function settleSome(
  engine: Engine,
  instance: Instance,
  children: readonly Awaited[],
): Promise<Awaited[]> {
  const rows = await Promise.all(children.map(({ runId }) => readLast(engine, runId)));
  if (!rows.some((row) => row !== undefined && isClosed(row.status))) return [];
  await takeInbox(engine, instance); // after the rows were read (R1)
  const moved: Awaited[] = [];
  for (const [at, child] of children.entries()) {
    const row = rows[at];
    if (row === undefined || !isClosed(row.status) || wasTold(instance, child)) continue;
    if (!instance.held) return [];
    // oxlint-disable-next-line no-await-in-loop -- one child after the other
    if ((await settleChild(engine, instance, child, row)) === 'moved') moved.push(child);
    engine.ports.crashPoint('retry.after-child');
  }
  return moved;
}

/** The child, or the run that it has continued as. */
async function readLast(engine: Engine, runId: string): Promise<RunRow | undefined> {
  for (let next = runId; ;) {
    const ref = { runId: next };
    // oxlint-disable-next-line no-await-in-loop -- each names the one after it
    const [row] = await engine.persist(() => engine.store.readRuns([ref]));
    if (row?.status !== 'continued' || row.successor === undefined) return row;
    next = row.successor;
  }
}

/** The instance has been loaded and has had no turn: what is in its inbox is in its arrivals. */
function wasTold({ arrivals }: Instance, { ordinal, runId }: Awaited): boolean {
  return arrivals.some(
    (event) => event.type === 'child-closed' && event.ordinal === ordinal && startedChild(event) === runId,
  );
}

async function settleChild(
  engine: Engine,
  instance: Instance,
  child: Awaited,
  row: RunRow,
): Promise<'settled' | 'moved'> {
  const { runId } = row;
  if (row.status !== 'completed') {
    const history = placedEvents(await engine.persist(() => engine.store.readHistory(runId)));
    if (undoneIn(history) === undefined) {
      const header = { at: Math.floor(engine.clock.lower()), engine: engine.options.name };
      const request = reopenRequest(row, history, { ...header, commitId: engine.newCommitId() });
      const outcome = await engine.persist(() => engine.store.reopen(request));
      if (outcome === 'ok') engine.hintReady();
      if (outcome !== 'conflict') return 'settled';
      const [now] = await engine.persist(() => engine.store.readRuns([{ runId }]));
      if (now?.version !== row.version) return 'moved';
      // Its key belongs to another run by now: it stays as it is.
    }
  }
  await tellAgain(engine, instance, child, row);
  return 'settled';
}

async function tellAgain(
  engine: Engine,
  instance: Instance,
  { ordinal, name, runId: child }: Awaited,
  { runId, status, lastChunk }: RunRow,
): Promise<void> {
  if (!isClosed(status)) return;
  const payload = closingPayload(lastChunk);
  const again = child === runId ? undefined : child;
  const ended = { kind: 'child-closed', ordinal, name, runId, child: again, status, payload } as const;
  // To a run that this engine holds: nobody wakes.
  const message = messageTo(instance.runId, ended, 0);
  await engine.persist(() => engine.store.deliver([message]));
  instance.inboxBehind = true;
}
