import { MAX_FAILOVER_RUNS } from '../../port/cluster.ts';
import type { FailoverEvent, PruneRequest, RetireOptions } from '../../port/store.ts';
import type { Connection } from '../database/connection.ts';
import type { Limits } from '../limits/limits.ts';

/** The table `failovers`: who was declared dead (K3). All functions run inside a transaction of the caller. */
export interface Failovers {
  record(engine: { engineId: string; name: string }, options: RetireOptions, quarantined: string[]): void;
  /** Adds what was requeued to an event that is not finished, where there is one. */
  add(engineId: string, runIds: readonly string[], remaining: boolean): void;
  /** Adds the locks that were released with it. */
  addLocks(engineId: string, names: readonly string[]): void;
  list(limit: number, before: string | undefined): FailoverEvent[];
  prune(request: PruneRequest): { engines: number; failovers: number };
}

interface StoredFailover {
  event_id: string;
  kind: 'declared' | 'detected';
  engine_name: string;
  takeover_id: string | null;
  takeover_name: string | null;
  detected_at: number;
  finished_at: number | null;
  silent_ms: number | null;
  runs: number;
  run_ids: string;
  quarantined: string;
  locks: string;
  profile: Uint8Array | null;
  takeover_profile: Uint8Array | null;
}

const SELECT = `
  SELECT f.*, (SELECT profile FROM engines WHERE engine_id = f.event_id) AS profile,
    (SELECT profile FROM engines WHERE engine_id = f.takeover_id) AS takeover_profile
  FROM failovers f`;

export function prepareFailovers(connection: Connection, limits: Limits): Failovers {
  const { now } = connection.timers;
  const insert = connection.prepare(`
    INSERT INTO failovers (event_id, kind, engine_name, takeover_id, takeover_name, detected_at, silent_ms, runs, run_ids,
      quarantined, locks)
    VALUES (?, ?, ?, ?, (SELECT name FROM engines WHERE engine_id = ?), ?, ?, 0, '[]', ?, '[]')`);
  const selectOpen = connection.prepare<{ run_ids: string }>(
    'SELECT run_ids FROM failovers WHERE event_id = ? AND finished_at IS NULL',
  );
  const update = connection.prepare(
    'UPDATE failovers SET runs = runs + ?, run_ids = ?, finished_at = ? WHERE event_id = ?',
  );
  const updateLocks = connection.prepare('UPDATE failovers SET locks = ? WHERE event_id = ?');
  const selectNewest = connection.prepare<StoredFailover>(
    `${SELECT} ORDER BY detected_at DESC, event_id DESC LIMIT ?`,
  );
  const selectBefore = connection.prepare<StoredFailover>(`
    ${SELECT}
    WHERE (detected_at, event_id) < (SELECT detected_at, event_id FROM failovers WHERE event_id = ?)
    ORDER BY detected_at DESC, event_id DESC LIMIT ?`);
  const dropEngines = connection.prepare(`
    DELETE FROM engines WHERE engine_id IN (
      SELECT engine_id FROM engines e WHERE retired = 1 AND retired_at < ?
        AND NOT EXISTS (SELECT 1 FROM runs WHERE owner = e.engine_id) LIMIT ?)`);
  const dropFailovers = connection.prepare(`
    DELETE FROM failovers WHERE event_id IN (
      SELECT event_id FROM failovers WHERE detected_at < ? ORDER BY detected_at LIMIT ?)`);

  return {
    record: ({ engineId, name }, { by, silentMs }, quarantined) => {
      const kind = by === undefined ? 'declared' : 'detected';
      const silent = silentMs === undefined ? null : Math.round(silentMs);
      const taker = by ?? null;
      insert.run(engineId, kind, name, taker, taker, now(), silent, JSON.stringify(quarantined));
    },
    add: (engineId, runIds, remaining) => {
      const open = selectOpen.get(engineId);
      if (open === undefined) return;
      const listed = [...(JSON.parse(open.run_ids) as string[]), ...runIds].slice(0, MAX_FAILOVER_RUNS);
      update.run(runIds.length, JSON.stringify(listed), remaining ? null : now(), engineId);
    },
    addLocks: (engineId, names) => void updateLocks.run(JSON.stringify(names), engineId),
    list: (limit, before) =>
      (before === undefined ? selectNewest.all(limit) : selectBefore.all(before, limit)).map(decodeFailover),
    prune: ({ limit, enginesMs, failoversMs }) => {
      limits.prune(limit);
      return {
        engines: Number(dropEngines.run(now() - enginesMs, limit).changes),
        failovers: Number(dropFailovers.run(now() - failoversMs, limit).changes),
      };
    },
  };
}

function decodeFailover(row: StoredFailover): FailoverEvent {
  return {
    eventId: row.event_id,
    kind: row.kind,
    engineName: row.engine_name,
    profile: row.profile ?? undefined,
    takeoverProfile: row.takeover_profile ?? undefined,
    takeoverId: row.takeover_id ?? undefined,
    takeoverName: row.takeover_name ?? undefined,
    detectedAt: row.detected_at,
    finishedAt: row.finished_at ?? undefined,
    silentMs: row.silent_ms ?? undefined,
    runs: row.runs,
    // Written above, as JSON.
    runIds: JSON.parse(row.run_ids) as string[],
    quarantined: JSON.parse(row.quarantined) as string[],
    locks: JSON.parse(row.locks) as string[],
  };
}
