import { statusOf } from '../../../core/status.ts';
import type { StartRequest, StartResult } from '../../port/store.ts';
import type { Connection } from '../database/connection.ts';
import type { Incarnations } from '../engines/incarnations.ts';
import type { Deliveries, Room } from './deliver.ts';

/** Every run begins with this epoch, so that a row with another one has changed hands since. */
export const FIRST_EPOCH = 1;

/** What earlier starts have to say about a new one. Runs inside a transaction of the caller. */
export interface EarlierStarts {
  /**
   * The answer of the run that has the request's id or holds its key; undefined: nothing stands in the way.
   * `predecessor` gives its key to whoever asks: the run whose closing plan makes this start.
   */
  answer(request: StartRequest, predecessor: string | undefined, room: Room): StartResult | undefined;
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
  assigned_to: string | null;
  epoch: number;
  version: number;
  commit_id: number;
  inbox_seq: number;
  closed_at: number | null;
}

export function prepareEarlierStarts(
  connection: Connection,
  incarnations: Incarnations,
  deliveries: Deliveries,
): EarlierStarts {
  const { selectEarlier, selectHolder } = prepareStatements(connection);
  const { now } = connection.timers;

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
      const assignedTo = twin.assigned_to ?? undefined;
      const inboxSeq = twin.inbox_seq;
      return { outcome: 'started', runId, owned, assignedTo, epoch: FIRST_EPOCH, version: 0, inboxSeq };
    }
    if (request.message === undefined) return { outcome: 'existing', runId, status };
    // The first sending enclosed it.
    return { outcome: 'existing', runId, status, delivery: { outcome: 'duplicate', runId } };
  }

  function join(request: StartRequest, runId: string, earlier: Earlier, room: Room): StartResult {
    const status = statusOf(earlier.status);
    if (request.message === undefined) return { outcome: 'existing', runId, status };
    const delivery = deliveries.deliver({ target: { runId }, ...request.message }, undefined, room);
    // The message may have woken it.
    const after = selectEarlier.get(runId, runId) ?? earlier;
    return { outcome: 'existing', runId, status: statusOf(after.status), delivery };
  }

  function askHolder(request: StartRequest, holder: Holder, room: Room): StartResult | undefined {
    const runId = holder.run_id;
    const earlier = selectEarlier.get(runId, runId);
    if (earlier === undefined) return undefined;
    const status = statusOf(earlier.status);
    if (earlier.closed_at !== null) {
      if (now() >= earlier.closed_at + holder.dedup_ms || request.reuse === 'allow') return undefined;
      if (request.reuse === 'allow-failed' && status !== 'completed') return undefined;
      if (request.reuse === 'refuse') return { outcome: 'key-in-use', runId, status };
    }
    const isOther = request.message === undefined && holder.fingerprint !== (request.fingerprint ?? null);
    if (isOther) return { outcome: 'key-in-use', runId, status };
    return join(request, runId, earlier, room);
  }

  return {
    answer: (request, predecessor, room) => {
      const { runId, namespace, key } = request;
      const twin = selectEarlier.get(runId, runId);
      if (twin !== undefined) return repeat(request, twin);
      if (key === undefined) return undefined;
      const holder = selectHolder.get(namespace, key);
      if (holder === undefined || holder.run_id === predecessor) return undefined;
      return askHolder(request, holder, room);
    },
  };
}

function prepareStatements(connection: Connection) {
  const shared = 'status, namespace, workflow, key';
  return {
    selectEarlier: connection.prepare<Earlier>(`
      SELECT ${shared}, owner, assigned_to, epoch, version, commit_id, inbox_seq, NULL AS closed_at
      FROM runs WHERE run_id = ?
      UNION ALL
      SELECT ${shared}, NULL, NULL, epoch, version, commit_id, inbox_seq, closed_at
      FROM runs_closed WHERE run_id = ?`),
    selectHolder: connection.prepare<Holder>(
      'SELECT run_id, fingerprint, dedup_ms FROM keys WHERE namespace = ? AND key = ?',
    ),
  };
}
