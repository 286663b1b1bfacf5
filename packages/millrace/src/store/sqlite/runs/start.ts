/*
 * Starts: the run row, its first history chunk, its key and an enclosed message, in the caller's transaction.
 *   I8  Under the write lock the key's holder cannot change between looking and inserting.
 */
import { PRIORITY_CODE, rank, STATUS_CODE, statusOf } from '../../../core/status.ts';
import type { StartRequest, StartResult } from '../../port/store.ts';
import type { Connection } from '../database/connection.ts';
import type { Incarnations } from '../engines/incarnations.ts';
import type { Backlog, QueueHeads } from './backlog.ts';
import type { Deliveries, Room } from './deliver.ts';
import { encodeTags } from './rows.ts';

/** What the starts of one call share. */
export interface StartCall {
  heads: QueueHeads;
  room: Room;
  alive: Map<string, boolean>;
  /** The run whose closing plan makes this start: its own key passes to the successor. */
  predecessor?: string | undefined;
  /** Part of a caller's own transaction, which may yet be undone: nobody may execute it now. */
  unowned?: boolean | undefined;
}

export interface Starts {
  call(options?: { unowned: boolean }): StartCall;
  start(request: StartRequest, call: StartCall): StartResult;
}

interface Holder {
  run_id: string;
  fingerprint: string | null;
  dedup_ms: number;
}

interface Earlier {
  status: number;
  namespace: string;
  workflow: string;
  key: string | null;
  owner: string | null;
  epoch: number;
  version: number;
  commit_id: number;
  inbox_seq: number;
  closed_at: number | null;
}

/** Every run begins with this epoch, so that a row with another one has changed hands since. */
const FIRST_EPOCH = 1;

export function prepareStarts(
  connection: Connection,
  incarnations: Incarnations,
  backlog: Backlog,
  deliveries: Deliveries,
): Starts {
  const { selectEarlier, selectHolder, insertRun, insertHistory, setHolder } = prepareStatements(connection);
  const { now } = connection.timers;

  function answer(request: StartRequest, runId: string, earlier: Earlier, call: StartCall): StartResult {
    const status = statusOf(earlier.status);
    if (request.message === undefined) return { outcome: 'existing', runId, status };
    const { dedup, body } = request.message;
    const delivery = deliveries.deliver({ target: { runId }, dedup, body }, undefined, call.room);
    return { outcome: 'existing', runId, status: statusOf(find(runId)?.status ?? earlier.status), delivery };
  }

  function find(runId: string): Earlier | undefined {
    return selectEarlier.get(runId, runId);
  }

  /** The same request again (its first answer was lost), or another one that took the same run id. */
  function repeat(request: StartRequest, twin: Earlier): StartResult {
    const { runId, namespace, workflow, key } = request;
    const status = statusOf(twin.status);
    if (twin.namespace !== namespace || twin.workflow !== workflow || twin.key !== (key ?? null)) {
      return { outcome: 'key-in-use', runId, status };
    }
    const untouched = twin.epoch === FIRST_EPOCH && twin.version === 0 && twin.commit_id === request.commitId;
    if (untouched && (twin.owner === null || twin.owner === request.owner)) {
      const owned = twin.owner !== null && incarnations.alive(twin.owner);
      return { outcome: 'started', runId, owned, epoch: FIRST_EPOCH, version: 0, inboxSeq: twin.inbox_seq };
    }
    if (request.message === undefined) return { outcome: 'existing', runId, status };
    return { outcome: 'existing', runId, status, delivery: { outcome: 'duplicate', runId } };
  }

  /** The answer that the holder of the request's key gives; undefined: the key is free. */
  function askHolder(request: StartRequest, key: string, call: StartCall): StartResult | undefined {
    const holder = selectHolder.get(request.namespace, key);
    if (holder === undefined || holder.run_id === call.predecessor) return undefined;
    const runId = holder.run_id;
    const earlier = find(runId);
    if (earlier === undefined) return undefined;
    const status = statusOf(earlier.status);
    if (earlier.closed_at !== null) {
      if (now() >= earlier.closed_at + holder.dedup_ms || request.reuse === 'allow') return undefined;
      if (request.reuse === 'allow-failed' && status !== 'completed') return undefined;
      if (request.reuse === 'refuse') return { outcome: 'key-in-use', runId, status };
    }
    if (holder.fingerprint !== (request.fingerprint ?? null)) return { outcome: 'key-in-use', runId, status };
    return answer(request, runId, earlier, call);
  }

  function insert(request: StartRequest, call: StartCall): StartResult {
    const at = now();
    const { runId, namespace, queue, history } = request;
    const position = rank(request.priority, at);
    const startAt = request.startAt === undefined ? at : Math.ceil(request.startAt);
    const delayed = startAt > at;
    const owner = delayed || call.unowned ? undefined : eligibleOwner(request, position, call);
    let status = STATUS_CODE.queued;
    if (delayed) status = STATUS_CODE.waiting;
    else if (owner !== undefined) status = STATUS_CODE.running;
    else call.heads.queued(namespace, queue, position);
    insertRun.run(
      runId,
      namespace,
      request.workflow,
      request.workflowVersion,
      queue,
      PRIORITY_CODE[request.priority],
      status,
      position,
      owner ?? null,
      FIRST_EPOCH,
      request.commitId,
      delayed ? startAt : null,
      delayed ? null : at,
      at,
      owner === undefined ? null : at,
      request.deadlineAt ?? null,
      request.key ?? null,
      encodeTags(request.tags),
      request.parentRunId ?? null,
      request.parentOrdinal ?? null,
    );
    insertHistory.run(runId, at, history);
    if (request.key !== undefined) {
      setHolder.run(namespace, request.key, runId, request.fingerprint ?? null, request.dedupMs);
    }
    if (request.message !== undefined) deliveries.enclose(runId, request.message);
    const inboxSeq = request.message === undefined ? 0 : 1;
    return {
      outcome: 'started',
      runId,
      owned: owner !== undefined,
      epoch: FIRST_EPOCH,
      version: 0,
      inboxSeq,
    };
  }

  /** Eager ownership: only where a claim would have taken this run next. */
  function eligibleOwner(request: StartRequest, position: number, call: StartCall): string | undefined {
    const { owner } = request;
    if (owner === undefined || call.heads.leastRank(request.namespace, request.queue) <= position)
      return undefined;
    let alive = call.alive.get(owner);
    if (alive === undefined) call.alive.set(owner, (alive = incarnations.alive(owner)));
    return alive ? owner : undefined;
  }

  return {
    call: (options) => ({
      heads: backlog.heads(),
      room: deliveries.room(),
      alive: new Map(),
      unowned: options?.unowned,
    }),
    start: (request, call) => {
      const twin = find(request.runId);
      if (twin !== undefined) return repeat(request, twin);
      const held = request.key === undefined ? undefined : askHolder(request, request.key, call);
      return held ?? insert(request, call);
    },
  };
}

function prepareStatements(connection: Connection) {
  const shared = 'status, namespace, workflow, key';
  return {
    selectEarlier: connection.prepare<Earlier>(`
      SELECT ${shared}, owner, epoch, version, commit_id, inbox_seq, NULL AS closed_at FROM runs WHERE run_id = ?
      UNION ALL
      SELECT ${shared}, NULL, epoch, version, commit_id, inbox_seq, closed_at FROM runs_closed WHERE run_id = ?`),
    selectHolder: connection.prepare<Holder>(
      'SELECT run_id, fingerprint, dedup_ms FROM keys WHERE namespace = ? AND key = ?',
    ),
    insertRun: connection.prepare(`
      INSERT INTO runs (run_id, namespace, workflow, workflow_version, queue, priority, status, rank, owner, epoch,
        version, commit_id, events, inbox_seq, wake_at, ready_at, created_at, started_at, deadline_at, key, tags,
        parent_run_id, parent_ordinal)
      VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, 0, ?, 1, 0, ?, ?, ?, ?, ?, ?, ?, ?, ?)`),
    insertHistory: connection.prepare(
      'INSERT INTO history (run_id, seq, count, at, data) VALUES (?, 0, 1, ?, ?)',
    ),
    setHolder: connection.prepare(`
      INSERT INTO keys (namespace, key, run_id, fingerprint, dedup_ms) VALUES (?, ?, ?, ?, ?)
      ON CONFLICT (namespace, key) DO UPDATE
      SET run_id = excluded.run_id, fingerprint = excluded.fingerprint, dedup_ms = excluded.dedup_ms`),
  };
}
