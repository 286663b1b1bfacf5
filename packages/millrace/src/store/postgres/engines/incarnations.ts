import type {
  Beat,
  EngineAnnouncement,
  EngineList,
  EngineRow,
  RetireOptions,
  RetireResult,
  Scope,
} from '../../port/store.ts';
import type { Connections, Statement } from '../database/connect.ts';
import { grantsOf, namesIn, withLeave } from '../locks/statements.ts';
import type { Answer } from '../runs/answer.ts';
import { SCOPE_COLUMNS, scopeColumns } from '../runs/columns.ts';
import { functionCall } from '../runs/function-call.ts';
import { SESSION_LOCK } from '../hints/line.ts';

const REGISTER = `
INSERT INTO millrace.engines
  (engine_id, beat_seq, started_at, beat_at, pid, retired, drain, session, name, host, boot_id, profile, load)
SELECT $2::uuid, 0, t.now, t.now, $3::integer, false, false, NULL, $4::text, $5::text, $6::text, $7::bytea, ''
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

// A process that beat within this time is there: nobody looks at its lock. A quarter of a beat: whoever looks again a
// beat later has heard of a death before a beat and a quarter have passed.
const FRESH_MS = 250;

// Reading the locks of the whole server is not free: it is done once a statement at most. Those that
// an earlier start of the server kept, or the primary that this one followed, ended with it.
const SESSION = `CASE WHEN e.retired OR e.session IS DISTINCT FROM pg_postmaster_start_time() THEN 'unknown'
    WHEN e.beat_at > t.now - ${FRESH_MS} THEN 'held'
    WHEN hashtext(e.engine_id::text)::bigint & 4294967295 = ANY (ARRAY(
      SELECT k.objid::bigint FROM pg_locks k
      WHERE k.locktype = 'advisory' AND k.classid = ${SESSION_LOCK} AND k.objsubid = 2 AND k.granted
        AND k.database = (SELECT d.oid FROM pg_database d WHERE d.datname = current_database())))
    THEN 'held' ELSE 'gone' END`;

const ENGINE = `e.engine_id, e.beat_seq, e.started_at, e.beat_at, e.pid, e.name, e.host, e.boot_id, e.load, e.retired,
  e.retired_at, e.drain, ${SESSION}, e.profile`;

/** The columns of a scope behind its namespace, which is `$4`. */
const SCOPE_ARRAYS = Array.from({ length: SCOPE_COLUMNS - 1 }, (_, at) => `$${at + 5}::text[]`).join(', ');
const NO_SCOPE = Array.from({ length: SCOPE_COLUMNS }, () => null);

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
), work AS MATERIALIZED (
  SELECT w.* FROM millrace.work_v1($1::bigint, $2::uuid, $4::text, ${SCOPE_ARRAYS}) w
)
SELECT t.now, EXISTS (SELECT 1 FROM renewed), (SELECT max(s.revision) FROM millrace.settings s),
  w.claimable, w.owns, w.next_wake_at, l.holder, l.term, l.since, ${ENGINE}
FROM t CROSS JOIN work w LEFT JOIN alive e ON true LEFT JOIN millrace.leases l ON l.name = 'leader' ORDER BY e.engine_id`;

const LIST = `
SELECT t.now, true, NULL, NULL, NULL, NULL, l.holder, l.term, l.since, ${ENGINE}
FROM (SELECT coalesce($1::bigint, millrace.clock_v1()) AS now) t
LEFT JOIN millrace.engines e ON NOT e.retired OR e.retired_at >= t.now - $2::bigint
LEFT JOIN millrace.leases l ON l.name = 'leader' ORDER BY e.engine_id`;

const DRAIN =
  'UPDATE millrace.engines SET drain = true WHERE engine_id = $1::uuid AND NOT retired RETURNING true';

const RETIRE = functionCall('retire_v1', 8);

type EngineColumns = [
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
  retiredAt: number | null,
  drain: boolean,
  session: EngineRow['session'],
  profile: Uint8Array,
];
type BeatRow = [
  storeTime: number,
  alive: boolean,
  settings: number | null,
  claimable: boolean | null,
  owns: boolean | null,
  nextWakeAt: number | null,
  holder: string | null,
  term: number,
  since: number,
  ...EngineColumns,
];
// What became of its locks; NULLs where it had none.
type RetireRow = [retired: boolean, requeued: number, quarantined: string[], remaining: boolean, ...Answer];

/** The table `engines`: who is there. `now`: undefined for the database's clock. */
export function registerStatement(engine: EngineAnnouncement, now: number | undefined): Statement {
  const { engineId, pid, name, host, bootId, profile } = engine;
  return { text: REGISTER, values: [now, engineId, pid, name, host, bootId, Buffer.from(profile)] };
}

interface BeatRequest {
  readonly engineId: string;
  readonly load: Uint8Array;
  readonly scope: Scope | undefined;
}

export function beatStatement({ engineId, load, scope }: BeatRequest, now: number | undefined): Statement {
  const asked = scope === undefined ? NO_SCOPE : scopeColumns(scope);
  return { text: BEAT, values: [now, engineId, Buffer.from(load), ...asked] };
}

export async function beat(
  { write }: Connections,
  request: BeatRequest,
  now: number | undefined,
): Promise<Beat> {
  const rows = await write<BeatRow>(beatStatement(request, now));
  const [, alive, settings, claimable, owns, nextWakeAt] = rows[0] ?? [0, false, null, null, null, null];
  const work =
    claimable === null ? undefined : { claimable, owns: owns === true, nextWakeAt: nextWakeAt ?? undefined };
  return { alive, ...listOf(rows), settings: settings ?? 0, work };
}

export async function listEngines(
  { read }: Connections,
  retiredMs: number | undefined,
  now: number | undefined,
): Promise<EngineList> {
  const rows = await read<BeatRow>({ text: LIST, values: [now, retiredMs] });
  return listOf(rows);
}

export async function orderDrain({ write }: Connections, engineId: string): Promise<boolean> {
  return (await write({ text: DRAIN, values: [engineId] })).length === 1;
}

/** There is always a first row. */
const NOTHING = [0, false, null, null, null, null, null, 0, 0] as const;

function listOf(rows: readonly BeatRow[]): EngineList {
  const [storeTime, , , , , , holder, term, since] = rows[0] ?? NOTHING;
  const leader = holder === null ? undefined : { engineId: holder, term, since };
  return { storeTime, engines: rows.flatMap(engineOf), leader };
}

function engineOf([, , , , , , , , , ...columns]: BeatRow): EngineRow[] {
  const [engineId, beatSeq, startedAt, beatAt, pid, name, host, bootId, load, retired, ...more] = columns;
  if (engineId === null) return [];
  const [retiredAt, drain, session, profile] = more;
  const what = { engineId, name, host, bootId, pid, profile };
  return [
    { ...what, beatSeq, startedAt, beatAt, retired, retiredAt: retiredAt ?? undefined, drain, session, load },
  ];
}

export function retireStatement(
  engineId: string,
  expectBeat: number | undefined,
  { limit, deathLimit, harmless, by, silentMs }: RetireOptions,
  now: number | undefined,
): Statement {
  const silent = silentMs === undefined ? undefined : Math.round(silentMs);
  const values = [now, engineId, expectBeat, limit, deathLimit, harmless, by, silent];
  return withLeave({ text: RETIRE, values });
}

export function retireResult(rows: readonly RetireRow[]): RetireResult {
  const [retired, requeued, quarantined, remaining] = rows[0] ?? [false, 0, [], false];
  const result = { retired, requeued, quarantined, remaining };
  const answers = rows.flatMap(([, , , , ...answer]) =>
    (answer[0] as number | null) === null ? [] : [answer],
  );
  return answers.length === 0 ? result : { ...result, locks: namesIn(answers), grants: grantsOf(answers) };
}
