import type { Beat, EngineAnnouncement, EngineRow } from '../../port/store.ts';
import type { Connection } from '../database/connection.ts';

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
  load: Uint8Array;
}

/** The table `engines`: who is there. All functions run inside a transaction of the caller. */
export interface Incarnations {
  register(engine: EngineAnnouncement): void;
  beat(engineId: string, load: Uint8Array): Beat;
  /** Those that are not retired, with the time. */
  list(): { storeTime: number; engines: EngineRow[] };
  /** Whether it is registered and not retired: the guard of everything it does (I9). */
  alive(engineId: string): boolean;
}

export function prepareIncarnations(connection: Connection): Incarnations {
  const insert = connection.prepare(`
    INSERT INTO engines (engine_id, name, host, boot_id, pid, beat_seq, started_at, beat_at, retired, load)
    VALUES (?, ?, ?, ?, ?, 0, ?, ?, 0, x'') ON CONFLICT (engine_id) DO NOTHING`);
  const renew = connection.prepare(`
    UPDATE engines SET beat_seq = beat_seq + 1, beat_at = ?, load = ? WHERE engine_id = ? AND retired = 0`);
  const selectAll = connection.prepare<StoredEngine>(
    'SELECT * FROM engines WHERE retired = 0 ORDER BY engine_id',
  );
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
  const { now } = connection.timers;

  return {
    register: ({ engineId, name, host, bootId, pid }) => {
      const at = now();
      insert.run(engineId, name, host, bootId, pid, at, at);
    },
    beat: (engineId, load) => {
      const storeTime = now();
      const alive = renew.run(storeTime, load, engineId).changes === 1;
      return { alive, storeTime, engines: selectSeen.all().map(decodeEngine) };
    },
    list: () => ({ storeTime: now(), engines: selectAll.all().map(decodeEngine) }),
    alive: (engineId) => selectAlive.get(engineId) !== undefined,
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
    load: row.load,
  };
}
