import type { Beat, EngineAnnouncement, EngineRow, RetireOptions, RetireResult } from '../../port/store.ts';
import type { Connections, Statement } from '../database/connect.ts';
import { functionCall } from '../runs/function-call.ts';

const REGISTER = `
INSERT INTO millrace.engines (engine_id, beat_seq, started_at, beat_at, pid, retired, name, host, boot_id, load)
SELECT $2::uuid, 0, t.now, t.now, $3::integer, false, $4::text, $5::text, $6::text, ''
FROM (SELECT coalesce($1::bigint, millrace.clock_v1()) AS now) t
ON CONFLICT (engine_id) DO NOTHING`;

// One seek for each owner, however many runs they own (there is no min of uuids before PostgreSQL 18).
const OWNERS = `
owners AS (
  (SELECT r.owner AS id FROM millrace.runs r WHERE r.owner IS NOT NULL ORDER BY r.owner LIMIT 1)
  UNION ALL
  SELECT (SELECT r.owner FROM millrace.runs r WHERE r.owner > o.id ORDER BY r.owner LIMIT 1)
  FROM owners o WHERE o.id IS NOT NULL
)`;

// The first row always comes, so that an answer without engines still tells the time. What the UPDATE writes
// is not visible to the rest of the statement: the caller's own row is taken from what it returns.
const BEAT = `
WITH RECURSIVE t AS MATERIALIZED (SELECT coalesce($1::bigint, millrace.clock_v1()) AS now),
renewed AS (
  UPDATE millrace.engines e SET beat_seq = e.beat_seq + 1, beat_at = t.now, load = $3::bytea
  FROM t WHERE e.engine_id = $2::uuid AND NOT e.retired RETURNING e.*
), ${OWNERS}, alive AS (
  SELECT * FROM renewed
  UNION ALL SELECT e.* FROM millrace.engines e WHERE NOT e.retired AND e.engine_id <> $2::uuid
  UNION ALL SELECT e.* FROM owners o JOIN millrace.engines e ON e.engine_id = o.id AND e.retired
)
SELECT t.now, EXISTS (SELECT 1 FROM renewed), a.engine_id, a.beat_seq, a.started_at, a.beat_at, a.pid, a.name, a.host,
  a.boot_id, a.load, a.retired
FROM t LEFT JOIN alive a ON true ORDER BY a.engine_id`;

const LIST = `
SELECT t.now, true, e.engine_id, e.beat_seq, e.started_at, e.beat_at, e.pid, e.name, e.host, e.boot_id, e.load, e.retired
FROM (SELECT coalesce($1::bigint, millrace.clock_v1()) AS now) t
LEFT JOIN millrace.engines e ON NOT e.retired ORDER BY e.engine_id`;

const RETIRE = functionCall('retire_v1', 6);

type BeatRow = [
  storeTime: number,
  alive: boolean,
  engineId: string | null,
  beatSeq: number,
  startedAt: number,
  beatAt: number,
  pid: number,
  name: string,
  host: string,
  bootId: string,
  load: Uint8Array,
  retired: boolean,
];
type RetireRow = [retired: boolean, requeued: number, quarantined: string[], remaining: boolean];

/** The table `engines`: who is there. `now`: undefined for the database's clock. */
export function registerStatement(engine: EngineAnnouncement, now: number | undefined): Statement {
  const { engineId, pid, name, host, bootId } = engine;
  return { text: REGISTER, values: [now, engineId, pid, name, host, bootId] };
}

export async function beat(
  { write }: Connections,
  engineId: string,
  load: Uint8Array,
  now: number | undefined,
): Promise<Beat> {
  const rows = await write<BeatRow>({ text: BEAT, values: [now, engineId, Buffer.from(load)] });
  const [storeTime, alive] = rows[0] ?? [0, false];
  return { alive, storeTime, engines: rows.flatMap(engineOf) };
}

export async function listEngines(
  { read }: Connections,
  now: number | undefined,
): Promise<Omit<Beat, 'alive'>> {
  const rows = await read<BeatRow>({ text: LIST, values: [now] });
  return { storeTime: rows[0]?.[0] ?? 0, engines: rows.flatMap(engineOf) };
}

function engineOf(row: BeatRow): EngineRow[] {
  const [, , engineId, beatSeq, startedAt, beatAt, pid, name, host, bootId, load, retired] = row;
  if (engineId === null) return [];
  return [{ engineId, name, host, bootId, pid, beatSeq, startedAt, beatAt, retired, load }];
}

export function retireStatement(
  engineId: string,
  expectBeat: number | undefined,
  { limit, deathLimit, harmless }: RetireOptions,
  now: number | undefined,
): Statement {
  return { text: RETIRE, values: [now, engineId, expectBeat, limit, deathLimit, harmless] };
}

export function retireResult(rows: readonly RetireRow[]): RetireResult {
  const [retired, requeued, quarantined, remaining] = rows[0] ?? [false, 0, [], false];
  return { retired, requeued, quarantined, remaining };
}
