import { isClosed, priorityOf, rank, STATUS_CODE, statusOf } from '../../../core/status.ts';
import { ENDS_PAUSE } from '../../port/runs/pauses.ts';
import type { Adopter, DeliveryResult, Message, RunRef } from '../../port/store.ts';
import type { Connection } from '../database/connection.ts';
import type { Incarnations } from '../engines/incarnations.ts';
import type { Unpause } from '../pauses/pauses.ts';
import { decodeOwned, isMeant, type OpenRow } from './rows.ts';

type Target = Pick<
  OpenRow,
  'namespace' | 'status' | 'priority' | 'owner' | 'last_owner' | 'assigned_to' | 'inbox_seq' | 'suspect_group'
>;

/** What the messages of a call share: who is there, and how many runs adopters may still take. */
export interface Room {
  /** Takes one place for the engine if there is one; false: the run becomes queued instead. */
  take(adopter: Adopter): boolean;
  /** Whether another incarnation than the adopter owned it last and is alive: it may be assigned to it (I10). */
  isOfAnother(lastOwner: string | null, adopter: Adopter | undefined): lastOwner is string;
}

/** Messages into inboxes (I6, I7). Runs inside a transaction of the caller. */
export interface Deliveries {
  room(): Room;
  deliver(message: Message, adopter: Adopter | undefined, room: Room): DeliveryResult;
  /** Puts a message into the inbox of a run that was inserted a moment ago, without waking it. */
  enclose(runId: string, message: { dedup: string; body: Uint8Array }): void;
  /** The run that a reference means now. */
  resolve(ref: RunRef): string | undefined;
}

export function prepareDeliveries(
  connection: Connection,
  incarnations: Incarnations,
  unpause: Unpause,
): Deliveries {
  const { selectKey, selectTarget, selectClosed, insertMessage, advance, wake, adopt } =
    prepareStatements(connection);
  const { now } = connection.timers;

  function resolve(ref: RunRef): string | undefined {
    return 'runId' in ref ? ref.runId : selectKey.get(ref.namespace, ref.key)?.run_id;
  }

  function missed(ref: RunRef, runId: string): DeliveryResult {
    const row = selectClosed.get(runId);
    if (row === undefined || !isMeant(ref, row)) return { outcome: 'not-found' };
    const status = statusOf(row.status);
    if (!isClosed(status)) throw new Error(`run ${runId} is in runs_closed with status ${status}`);
    return { outcome: 'run-closed', runId, status, successor: row.successor ?? undefined };
  }

  return {
    resolve,
    room: () => roomOf(incarnations),
    deliver: (message, adopter, room) => {
      const runId = resolve(message.target);
      if (runId === undefined) return { outcome: 'not-found' };
      const target = selectTarget.get(runId);
      if (target === undefined) return missed(message.target, runId);
      if (!isMeant(message.target, target)) return { outcome: 'not-found' };
      const at = now();
      const seq = target.inbox_seq + 1;
      if (insertMessage.run(runId, seq, message.dedup, message.body, at).changes === 0) {
        return { outcome: 'duplicate', runId };
      }
      const delivered = { outcome: 'delivered', runId, seq, adopted: undefined } as const;
      if (target.status !== STATUS_CODE.waiting) {
        advance.run(seq, runId);
        if (target.status === STATUS_CODE.paused && message.dedup.startsWith(ENDS_PAUSE)) {
          return { ...delivered, ownerId: unpause(runId, at).ownerId, assignedTo: undefined };
        }
        const { owner, assigned_to: assignee } = target;
        return { ...delivered, ownerId: owner ?? undefined, assignedTo: assignee ?? undefined };
      }
      const position = rank(priorityOf(target.priority), at);
      const { last_owner: lastOwner } = target;
      // A suspect runs apart from healthy runs: it is claimed as such.
      const healthy = target.suspect_group === null;
      if (healthy && adopter !== undefined && lastOwner === adopter.engineId && room.take(adopter)) {
        const row = adopt.get(seq, position, at, adopter.engineId, at, runId);
        const adopted = row === undefined ? undefined : decodeOwned(row);
        return { ...delivered, adopted, ownerId: undefined, assignedTo: undefined };
      }
      const windowMs = Math.ceil(message.windowMs ?? 0);
      const kept = healthy && windowMs > 0 && room.isOfAnother(lastOwner, adopter);
      wake.run(seq, position, at, kept ? lastOwner : null, kept ? at + windowMs : null, runId);
      return { ...delivered, ownerId: undefined, assignedTo: kept ? lastOwner : undefined };
    },
    enclose: (runId, { dedup, body }) => {
      insertMessage.run(runId, 1, dedup, body, now());
      advance.run(1, runId);
    },
  };
}

/** Counts adoptions per engine over one call; a retired engine has no room (I9). */
function roomOf(incarnations: Incarnations): Room {
  const taken = new Map<string, number>();
  const alive = new Map<string, boolean>();
  function isAlive(engineId: string): boolean {
    let known = alive.get(engineId);
    if (known === undefined) alive.set(engineId, (known = incarnations.alive(engineId)));
    return known;
  }
  return {
    take: (adopter) => {
      const before = taken.get(adopter.engineId) ?? 0;
      if (before >= adopter.limit) return false;
      if (!isAlive(adopter.engineId)) return false;
      taken.set(adopter.engineId, before + 1);
      return true;
    },
    isOfAnother: (lastOwner, adopter): lastOwner is string =>
      lastOwner !== null && lastOwner !== adopter?.engineId && isAlive(lastOwner),
  };
}

function prepareStatements(connection: Connection) {
  return {
    selectKey: connection.prepare<{ run_id: string }>(
      'SELECT run_id FROM keys WHERE namespace = ? AND key = ?',
    ),
    selectTarget: connection.prepare<Target>(`
      SELECT namespace, status, priority, owner, last_owner, assigned_to, inbox_seq, suspect_group FROM runs
      WHERE run_id = ?`),
    selectClosed: connection.prepare<{ namespace: string; status: number; successor: string | null }>(
      'SELECT namespace, status, successor FROM runs_closed WHERE run_id = ?',
    ),
    insertMessage: connection.prepare(
      'INSERT INTO inbox (run_id, seq, dedup, body, at) VALUES (?, ?, ?, ?, ?) ON CONFLICT (run_id, dedup) DO NOTHING',
    ),
    advance: connection.prepare('UPDATE runs SET inbox_seq = ? WHERE run_id = ?'),
    wake: connection.prepare(`
      UPDATE runs SET inbox_seq = ?, status = ${STATUS_CODE.queued}, rank = ?, ready_at = ?, wake_at = NULL, waits = NULL,
        assigned_to = ?, assigned_until = ?
      WHERE run_id = ?`),
    adopt: connection.prepare<OpenRow>(`
      UPDATE runs SET inbox_seq = ?, status = ${STATUS_CODE.running}, rank = ?, ready_at = ?, wake_at = NULL, waits = NULL,
        owner = ?, epoch = epoch + 1, started_at = coalesce(started_at, ?)
      WHERE run_id = ? RETURNING *`),
  };
}
