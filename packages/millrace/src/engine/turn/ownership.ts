import { placedEvents } from '../../core/reading/history-items.ts';
import { decodeMessage, type InboxMessage } from '../../core/run/message.ts';
import type { Arrival } from '../../core/run/event.ts';
import { sayFlaw, type Flaw, type UnreadableError } from '../../core/payload/unreadable.ts';
import type { InboxRow, NextState } from '../../store/port/store.ts';
import type { StoreError } from '../../store/port/errors.ts';
import { abortAttempts } from '../dispatch/dispatch.ts';
import type { Engine } from '../engine.ts';
import type { Instance } from '../instance.ts';
import { revive } from './revive.ts';

/** The run left this process by its own plan: suspended into the cache, or gone. */
export function rest(engine: Engine, instance: Instance, next: NextState): void {
  release(engine, instance);
  if (next.kind === 'suspend') {
    engine.cache.set(instance.runId, instance);
    engine.waker.noteWakeAt(next.wakeAt);
  } else {
    engine.cache.delete(instance.runId);
    abortAttempts(instance, 'the run has ended');
  }
}

/** Ownership is lost or given up without a plan: nothing of the instance may be believed any more. */
export function forget(engine: Engine, instance: Instance, reason: string): void {
  if (!instance.held) return;
  release(engine, instance);
  engine.cache.delete(instance.runId);
  abortAttempts(instance, reason);
}

function release(engine: Engine, instance: Instance): void {
  instance.held = false;
  instance.cancelTimer?.();
  engine.held.delete(instance.runId);
  engine.aside.delete(instance);
  engine.clearSuspect(instance);
  engine.slotFreed();
}

/** Fetches the messages that the store has and the instance has not. */
export async function takeInbox(engine: Engine, instance: Instance): Promise<void> {
  instance.inboxBehind = false;
  const { runId, row } = instance;
  const loaded = await engine.load({ runId, epoch: row.epoch, fromSeq: row.events });
  if (loaded?.version !== row.version) return doubt(instance);
  takeMessages(instance, loaded.inbox, loaded.inboxSeq);
}

/** The store does not say what is expected: before anything else it is looked at again. */
function doubt(instance: Instance): void {
  instance.doubted = true;
}

/** Turns inbox rows into arrivals, each once and in order (N3). */
export function takeMessages(instance: Instance, inbox: readonly InboxRow[], inboxSeq: number): void {
  for (const { seq, body } of inbox) {
    if (seq <= instance.inboxSeq) continue;
    instance.arrivals.push(arrivalOf(decodeMessage(body)));
    instance.consumed.push(seq);
  }
  instance.inboxSeq = Math.max(instance.inboxSeq, inboxSeq);
}

/** A message that this process delivered itself: no need to read it back, if nothing is missing before it. */
export function takeMessage(instance: Instance, seq: number, body: Uint8Array): void {
  if (seq <= instance.inboxSeq) return;
  if (seq !== instance.inboxSeq + 1 || instance.inboxBehind) {
    instance.inboxBehind = true;
    return;
  }
  takeMessages(instance, [{ seq, dedup: '', body }], seq);
}

function arrivalOf(message: InboxMessage): Arrival {
  const { payload } = message;
  switch (message.kind) {
    case 'signal':
      return { type: 'signal-received', id: message.id, name: message.name, payload };
    case 'update':
      return { type: 'update-received', id: message.id, name: message.name, payload };
    case 'cancel':
      return { type: 'cancel-requested', id: message.id, payload };
    case 'child-closed': {
      const { ordinal, name, runId, child, status } = message;
      return { type: 'child-closed', ordinal, name, runId, child, status, payload };
    }
    case 'external': {
      const { ordinal, name, ok } = message;
      return { type: 'external-completed', ordinal, name, ok, payload };
    }
    case 'task-ended': {
      const { ordinal, runId, ok, engine, checkpoint } = message;
      return { type: 'task-ended', ordinal, runId, ok, engine, checkpoint, payload: payload ?? 'null' };
    }
    case 'lock-granted': {
      const { ordinal, name, askedAt } = message;
      // The store wrote it: see `grantPayload`.
      const { token, expiresAt } = JSON.parse(payload ?? '') as { token: number; expiresAt: number };
      return { type: 'lock-granted', ordinal, name, token, expiresAt, askedAt };
    }
  }
}

/**
 * The run wanted to end while messages waited that it had not seen. Nothing of that turn was written: the
 * program is brought back to where the store has it, and gets the messages before the outcomes that made it
 * end.
 */
export async function redo(engine: Engine, instance: Instance, outcomes: readonly Arrival[]): Promise<void> {
  const { runId, row } = instance;
  const known = outcomes.filter((event) => !isMessage(event));
  const loaded = await engine.load({ runId, epoch: row.epoch, fromSeq: 0 });
  if (loaded?.version !== row.version) {
    instance.arrivals.unshift(...known);
    return doubt(instance);
  }
  instance.execution = await revive(engine, instance.workflow, instance.row, placedEvents(loaded.chunks));
  instance.fresh = true;
  instance.inboxBehind = false;
  const later = instance.arrivals;
  instance.arrivals = [];
  instance.inboxSeq = 0;
  instance.consumed = [];
  takeMessages(instance, loaded.inbox, loaded.inboxSeq);
  instance.arrivals.push(...known, ...later.filter((event) => !isMessage(event)));
}

/** Of the inbox rows behind the arrivals, those behind the first `taken` of them: a blocked run leaves the rest unread. */
export function consumedBy(
  arrivals: readonly Arrival[],
  taken: number,
  rows: readonly number[],
): readonly number[] {
  return rows.length === 0 ? rows : rows.slice(0, arrivals.slice(0, taken).filter(isMessage).length);
}

function isMessage(event: Arrival): boolean {
  switch (event.type) {
    case 'signal-received':
    case 'update-received':
    case 'cancel-requested':
    case 'child-closed':
    case 'external-completed':
    case 'task-ended':
    case 'lock-granted':
      return true;
    default:
      return false;
  }
}

/** The store refuses this run's plan for its content: it waits for a person, with the reason. */
export async function block(engine: Engine, instance: Instance, error: StoreError): Promise<void> {
  await blockFor(engine, instance, { code: 'COMMIT_REFUSED', message: error.message });
  forget(engine, instance, 'the store refused its plan');
}

/**
 * Something that the run needs cannot be opened with the keys of this engine: it waits for a person. What it has here and
 * has not stored yet is made again when it goes on.
 */
export async function blockUnreadable(
  engine: Engine,
  instance: Instance,
  error: UnreadableError,
): Promise<void> {
  engine.report(`run ${instance.runId} is blocked`, error);
  const { code, details } = error;
  try {
    await blockFor(engine, instance, { code, message: sayFlaw(details), ...details });
  } catch (failure) {
    // This engine is closed: the next one that loads the run finds the same.
    engine.report(`run ${instance.runId} could not be blocked`, failure);
  }
  forget(engine, instance, 'what it needs cannot be read');
}

async function blockFor(
  engine: Engine,
  { row }: Instance,
  because: { code: string; message: string } & Partial<Flaw>,
): Promise<void> {
  const waits = new TextEncoder().encode(JSON.stringify({ ...because, expected: '', actual: '' }));
  const place = { runId: row.runId, engineId: engine.engineId, epoch: row.epoch, version: row.version };
  const empty = { seq: row.events, count: 0, history: undefined, consumed: [], starts: [], messages: [] };
  const next = { kind: 'block', code: because.code, waits } as const;
  await engine.commit({ ...place, ...empty, commitId: engine.newCommitId(), next });
}
