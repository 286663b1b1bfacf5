import type { Beat, EngineAnnouncement, EngineList, EngineRow, Leadership } from '../../port/store.ts';
import type { Connection } from '../database/connection.ts';
import type { Leases } from './leases.ts';
import type { Settings } from './settings.ts';

interface StoredEngine {
  engine_id: string;
  name: string;
  host: string;
  boot_id: string;
  pid: number;
  beat_seq: number;
  started_at: number;
  beat_at: number;
  retired: number;
  retired_at: number | null;
  drain: number;
  profile: Uint8Array;
  load: Uint8Array;
}

/** The table `engines`: who is there. All functions run inside a transaction of the caller. */
export interface Incarnations {
  register(engine: EngineAnnouncement): void;
  beat(engineId: string, load: Uint8Array): Omit<Beat, 'work'>;
  /** Those that are not retired, or were within the last `retiredMs`, with the time. */
  list(retiredMs: number | undefined): EngineList;
  orderDrain(engineId: string): boolean;
  /** Takes the lease for an incarnation that is alive, if nobody who is holds it (K1). */
  lead(engineId: string): Leadership | undefined;
  /** Whether it is registered and not retired: the guard of everything it does (I9). */
  alive(engineId: string): boolean;
}

export function prepareIncarnations(
  connection: Connection,
  leases: Leases,
  settings: Pick<Settings, 'revision'>,
): Incarnations {
  const insert = connection.prepare(`
    INSERT INTO engines
      (engine_id, name, host, boot_id, pid, beat_seq, started_at, beat_at, retired, drain, profile, load)
    VALUES (?, ?, ?, ?, ?, 0, ?, ?, 0, 0, ?, x'') ON CONFLICT (engine_id) DO NOTHING`);
  const renew = connection.prepare(`
    UPDATE engines SET beat_seq = beat_seq + 1, beat_at = ?, load = ? WHERE engine_id = ? AND retired = 0`);
  const selectAll = connection.prepare<StoredEngine>(`
    SELECT * FROM engines WHERE retired = 0
    UNION ALL SELECT * FROM engines WHERE retired = 1 AND retired_at >= ?
    ORDER BY engine_id`);
  // One seek for each owner, however many runs they own.
  const selectSeen = connection.prepare<StoredEngine>(`
    WITH RECURSIVE owners (id) AS (
      SELECT min(owner) FROM runs WHERE owner IS NOT NULL
      UNION ALL SELECT (SELECT min(owner) FROM runs WHERE owner > owners.id) FROM owners WHERE owners.id IS NOT NULL
    )
    SELECT * FROM engines WHERE retired = 0
    UNION ALL SELECT e.* FROM owners JOIN engines e ON e.engine_id = owners.id WHERE e.retired = 1
    ORDER BY engine_id`);
  const selectAlive = connection.prepare('SELECT 1 FROM engines WHERE engine_id = ? AND retired = 0');
  const markDrain = connection.prepare('UPDATE engines SET drain = 1 WHERE engine_id = ? AND retired = 0');
  const { now } = connection.timers;
  const alive = (engineId: string): boolean => selectAlive.get(engineId) !== undefined;

  return {
    register: ({ engineId, name, host, bootId, pid, profile }) => {
      const at = now();
      insert.run(engineId, name, host, bootId, pid, at, at, profile);
    },
    beat: (engineId, load) => {
      const storeTime = now();
      return {
        alive: renew.run(storeTime, load, engineId).changes === 1,
        storeTime,
        engines: selectSeen.all().map(decodeEngine),
        leader: leases.leader(),
        settings: settings.revision(),
      };
    },
    list: (retiredMs) => ({
      storeTime: now(),
      engines: selectAll
        .all(retiredMs === undefined ? Number.MAX_SAFE_INTEGER : now() - retiredMs)
        .map(decodeEngine),
      leader: leases.leader(),
    }),
    orderDrain: (engineId) => markDrain.run(engineId).changes === 1,
    lead: (engineId) => {
      const held = leases.leader();
      if (!alive(engineId) || (held !== undefined && alive(held.engineId))) return held;
      return leases.take(engineId, (held?.term ?? 0) + 1, now());
    },
    alive,
  };
}

function decodeEngine(row: StoredEngine): EngineRow {
  return {
    engineId: row.engine_id,
    name: row.name,
    host: row.host,
    bootId: row.boot_id,
    pid: row.pid,
    beatSeq: row.beat_seq,
    startedAt: row.started_at,
    beatAt: row.beat_at,
    retired: row.retired === 1,
    retiredAt: row.retired_at ?? undefined,
    drain: row.drain === 1,
    // Nobody here keeps a lock for its life; on one machine the pid tells more.
    session: 'unknown',
    profile: row.profile,
    load: row.load,
  };
}
