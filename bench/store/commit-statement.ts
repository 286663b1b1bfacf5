/*
 * What a flush of 500 plans costs, written in different ways and onto different tables (docs/decisions/0003).
 * usage: node bench/store/commit-statement.ts [rounds] [stale]     stale: the planner knows the tables as
 * empty DATABASE_URL names an empty database; without it a server with durable settings is started for the
 * while. Two lanes, each waiting for its flush, as an engine under load has them. Median (least to most) of
 * the rounds: plans a second, and CPU time of the server's processes for one plan, which a busy machine
 * disturbs less.
 */
import { readFileSync } from 'node:fs';
import { randomBytes } from 'node:crypto';
import { Client } from 'pg';
import { openPostgres } from '../../packages/millrace/src/store/postgres/open-postgres.ts';
import {
  byteaArray,
  int4Array,
  int8Array,
  uuidArray,
} from '../../packages/millrace/src/store/postgres/database/binary-array.ts';
import type { NextState, Plan, StartRequest } from '../../packages/millrace/src/store/port/store.ts';
import { startPostgresCluster } from '../../packages/millrace/testbed/postgres-cluster.ts';

const BATCH = 500;
const RUNS = 4000;
const TURNS = 5;
const EVENTS = 4;
/** Unit of CPU time in /proc. */
const TICK_MS = 10;

/** Applies one turn to runs that stand at this version; throws unless all of it was applied. */
type Flush = (lane: number, ids: readonly string[], version: number) => Promise<void>;
interface Way {
  name: string;
  /** Turns before the last one; none: only closing is measured. */
  advance?: Flush;
  close?: Flush;
}

const CONTINUE: NextState = { kind: 'continue' };
const CLOSE: NextState = { kind: 'close', status: 'completed', inboxSeq: 0, successor: undefined };
const event = new TextEncoder().encode(`{"type":"step-completed","ordinal":3}\n= ${'x'.repeat(20)}`);
const chunk = Buffer.concat(Array.from({ length: EVENTS }, () => event));
const engineId = newId();

const cluster =
  process.env['DATABASE_URL'] === undefined ? await startPostgresCluster({ fsync: true }) : undefined;
const url = process.env['DATABASE_URL'] ?? cluster?.url ?? '';
const store = await openPostgres({ url, hintsUrl: false });
await store.migrate();
await store.register({
  engineId,
  name: 'bench',
  host: 'bench',
  bootId: 'bench',
  pid: process.pid,
  profile: new Uint8Array(),
});
const clients = [new Client(url), new Client(url)];
for (const client of clients) {
  await client.connect();
  await client.query(
    'SET enable_hashjoin = off; SET enable_mergejoin = off; SET enable_seqscan = off; SET jit = off',
  );
}
await clients[0]?.query(
  'CREATE TABLE IF NOT EXISTS public.events (run_id uuid, at bigint, seq int, data bytea, PRIMARY KEY (run_id, seq))',
);

const UNNEST =
  'unnest($1::uuid[], $2::int[], $3::bigint[], $4::bytea[]) AS p(run_id, version, commit_id, data)';
const OWN = `r.run_id = p.run_id AND r.status = 1 AND r.owner = $5 AND r.epoch = 1 AND r.version = p.version
  AND EXISTS (SELECT 1 FROM millrace.engines WHERE engine_id = $5 AND NOT retired)`;
const ADVANCE = `UPDATE millrace.runs r SET version = r.version + 1, commit_id = p.commit_id, events = r.events + ${EVENTS},
  suspect_group = NULL, deaths = 0 FROM ${UNNEST} WHERE ${OWN} RETURNING p.*`;
const CHUNKS = `INSERT INTO millrace.history (run_id, at, seq, count, data)
  SELECT c.run_id, 0, 1 + c.version * ${EVENTS}, ${EVENTS}, c.data FROM c RETURNING 1`;
const EVENT_ROWS = `INSERT INTO public.events (run_id, at, seq, data)
  SELECT c.run_id, 0, 1 + c.version * ${EVENTS} + i, $6::bytea FROM c, generate_series(0, ${EVENTS - 1}) i RETURNING 1`;
const MOVE = `m AS (DELETE FROM millrace.runs r USING ${UNNEST} WHERE ${OWN} RETURNING r.*, p.commit_id AS by, p.data),
  c AS (INSERT INTO millrace.runs_closed (run_id, commit_id, created_at, closed_at, epoch, version, events, inbox_seq,
    status, priority, last_owner, namespace, workflow, workflow_version, queue, key, tags)
  SELECT run_id, by, created_at, 0, epoch, version + 1, events + ${EVENTS}, inbox_seq, 10, priority, owner, namespace,
    workflow, workflow_version, queue, key, tags FROM m RETURNING run_id, version - 1 AS version)`;
const STAY = `m AS (UPDATE millrace.runs r SET status = 10, owner = NULL, version = r.version + 1, commit_id = p.commit_id,
    events = r.events + ${EVENTS} FROM ${UNNEST} WHERE ${OWN} RETURNING p.*), c AS (SELECT run_id, version FROM m)`;
const LAST = `INSERT INTO millrace.history (run_id, at, seq, count, data)
  SELECT c.run_id, 0, 1 + c.version * ${EVENTS}, ${EVENTS}, $6::bytea FROM c RETURNING 1`;

const ways: Way[] = [
  { name: 'function, chunk a plan, moved', advance: plans(CONTINUE), close: plans(CLOSE) },
  { name: 'one CTE statement, chunk a plan', advance: statement(`WITH c AS (${ADVANCE}) ${CHUNKS}`) },
  {
    name: 'CTE statement in BEGIN … COMMIT',
    advance: inTransaction(statement(`WITH c AS (${ADVANCE}) ${CHUNKS}`)),
  },
  {
    name: 'one CTE statement, row an event',
    advance: statement(`WITH c AS (${ADVANCE}) ${EVENT_ROWS}`, EVENTS, event),
  },
  { name: 'one CTE statement, closed runs move', close: statement(`WITH ${MOVE} ${LAST}`, 1, chunk) },
  { name: 'one CTE statement, closed runs stay', close: statement(`WITH ${STAY} ${LAST}`, 1, chunk) },
];

const figures = new Map<string, { rate: number; cpuMicros: number }[]>();
for (let round = 0; round < Number(process.argv[2] ?? 5); round++) {
  for (const way of ways) {
    await measure(way);
    await clients[0]?.query('TRUNCATE millrace.runs, millrace.runs_closed, millrace.history, public.events');
    await clients[0]?.query('VACUUM ANALYZE');
  }
}
for (const [name, measured] of figures) {
  const rate = spread(measured.map((figure) => figure.rate));
  console.log(
    `${name.padEnd(55)} ${rate.padEnd(28)} ${spread(measured.map((figure) => figure.cpuMicros))} µs`,
  );
}
await store.close();
for (const client of clients) await client.end();
await cluster?.remove();

/** Starts runs, takes them through their turns and closes them, on two lanes. */
async function measure({ name, advance, close }: Way): Promise<void> {
  const lanes = [0, 1].map(() =>
    Array.from({ length: RUNS / BATCH / 2 }, () => Array.from({ length: BATCH }, newStart)),
  );
  const started = await begin();
  for (const lane of lanes) for (const batch of lane) await store.startRuns(batch);
  if (close !== undefined && advance !== undefined) await record(`start (${name})`, RUNS, started);
  if (process.argv[3] !== 'stale') await clients[0]?.query('ANALYZE');
  const turns = advance === undefined ? 0 : TURNS;
  if (advance !== undefined) {
    const began = await begin();
    await onLanes(lanes, async (lane, ids) => {
      for (let version = 0; version < TURNS; version++) await advance(lane, ids, version);
    });
    await record(`advance: ${name}`, RUNS * TURNS, began);
  }
  if (close !== undefined) {
    const began = await begin();
    await onLanes(lanes, (lane, ids) => close(lane, ids, turns));
    await record(`close: ${name}`, RUNS, began);
  }
}

async function onLanes(
  lanes: StartRequest[][][],
  act: (lane: number, ids: string[]) => Promise<void>,
): Promise<void> {
  await Promise.all(
    lanes.map(async (batches, lane) => {
      for (const batch of batches)
        await act(
          lane,
          batch.map(({ runId }) => runId),
        );
    }),
  );
}

interface Beginning {
  atMs: number;
  cpuMs: number;
}

async function begin(): Promise<Beginning> {
  return { atMs: performance.now(), cpuMs: await serverCpuMs() };
}

async function record(name: string, count: number, { atMs, cpuMs }: Beginning): Promise<void> {
  const rate = count / ((performance.now() - atMs) / 1000);
  const cpuMicros = (((await serverCpuMs()) - cpuMs) * 1000) / count;
  figures.set(name, [...(figures.get(name) ?? []), { rate, cpuMicros }]);
}

/** User and system time of all connections' processes; works where the server runs on this Linux machine. */
async function serverCpuMs(): Promise<number> {
  const text =
    "SELECT pid FROM pg_stat_activity WHERE datname = current_database() AND backend_type = 'client backend'";
  const pids = (await clients[0]?.query<{ pid: number }>(text))?.rows ?? [];
  return pids.reduce((sum, { pid }) => sum + cpuMsOf(pid), 0);
}

function cpuMsOf(pid: number): number {
  try {
    // Fields 14 and 15; the second one, in parentheses, may contain spaces.
    const fields = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ')[1]?.split(' ') ?? [];
    return (Number(fields[11]) + Number(fields[12])) * TICK_MS;
  } catch {
    return Number.NaN;
  }
}

function spread(values: readonly number[]): string {
  const sorted = values.toSorted((a, b) => a - b).map((value) => Math.round(value).toLocaleString('en'));
  return `${sorted[sorted.length >> 1]} (${sorted[0]}–${sorted.at(-1)})`;
}

function plans(next: NextState): Flush {
  return async (_, ids, version) => {
    const results = await store.commit(ids.map((runId) => newPlan(runId, version, next)));
    if (results.some(({ outcome }) => outcome !== 'ok')) throw new Error('a plan was refused');
  };
}

function newPlan(runId: string, version: number, next: NextState): Plan {
  const rest = { consumed: [], starts: [], messages: [] };
  const seq = 1 + version * EVENTS;
  return {
    runId,
    engineId,
    epoch: 1,
    version,
    commitId: newCommitId(),
    seq,
    count: EVENTS,
    history: chunk,
    next,
    ...rest,
  };
}

function statement(text: string, rows = 1, extra?: Uint8Array): Flush {
  return async (lane, ids, version) => {
    const values: (Buffer | string)[] = [
      uuidArray(ids),
      int4Array(ids.map(() => version)),
      int8Array(ids.map(newCommitId)),
      byteaArray(ids.map(() => (extra === undefined ? chunk : undefined))),
      engineId,
    ];
    if (extra !== undefined) values.push(Buffer.from(extra));
    const result = await clients[lane]?.query({ text, values });
    if (result?.rowCount !== ids.length * rows) throw new Error(`${result?.rowCount} rows were written`);
  };
}

function inTransaction(flush: Flush): Flush {
  return async (lane, ids, version) => {
    await clients[lane]?.query('BEGIN');
    await flush(lane, ids, version);
    await clients[lane]?.query('COMMIT');
  };
}

function newStart(): StartRequest {
  return {
    runId: newId(),
    namespace: 'default',
    workflow: 'order',
    workflowVersion: '1',
    queue: 'default',
    priority: 'normal',
    tags: [],
    reuse: 'return',
    dedupMs: 0,
    history: event,
    commitId: newCommitId(),
    owner: engineId,
  };
}

function newCommitId(): number {
  return Math.floor(Math.random() * 2 ** 52);
}

/** A UUID of version 7. */
function newId(): string {
  const bytes = randomBytes(16);
  bytes.writeUIntBE(Date.now(), 0, 6);
  bytes.writeUInt16BE((bytes.readUInt16BE(6) & 0x0fff) | 0x7000, 6);
  bytes.writeUInt16BE((bytes.readUInt16BE(8) & 0x3fff) | 0x8000, 8);
  return bytes.toString('hex').replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, '$1-$2-$3-$4-$5');
}
