/*
 * The table `limits`, and the keys of runs. All functions run inside a transaction of the caller: under its write lock
 * what is in use stands still (L1).
 */
import { LIMIT_CODE, type LimitKind, limitKindOf, type LimitState } from '../../../core/limits/limit.ts';
import { nextTokenAt, tokensAt } from '../../../core/limits/rate.ts';
import { STATUS_CODE } from '../../../core/status.ts';
import { decodeLimits } from '../../port/limits.ts';
import type { LimitChange, LimitRow, LimitScope } from '../../port/limits.ts';
import type { Connection } from '../database/connection.ts';

/** A limit with all that is stored of it. */
export interface Limit extends LimitState {
  readonly row: LimitRow;
  readonly namespace: string;
  readonly nextTokenAt: number | undefined;
  readonly stirAt: number | undefined;
}

export interface Limits {
  /** Whether there is any: without one nothing else here is asked. */
  any(): boolean;
  /** A limit as it stands. */
  read(scope: LimitScope): Limit | undefined;
  applies(run: { namespace: string; queue: string; workflow: string }): boolean;
  set(change: LimitChange): LimitRow | undefined;
  /** How many queued runs a queue may still take from outside; undefined: any number. */
  depthLeft(namespace: string, queue: string): { left: number; maxDepth: number } | undefined;
  /** Notes the keys of an open run that brought limits along. */
  keepKeys(runId: string, namespace: string, brought: string | null): void;
  /** A run has closed: its keys are free (L3). */
  freeKeys(runId: string, namespace: string, brought: string | null): void;
  keysOf(runId: string): string[];
  /** What is true of a key from now on (L3). `turn`: so many are stirred that each must have its turn. */
  stir(namespace: string, key: string, turn: boolean): void;
  /** Keys that no open run has and nobody has set. */
  prune(limit: number): void;
}

export interface StoredLimit {
  namespace: string;
  kind: number;
  name: string;
  max_concurrent: number | null;
  asked_max: number | null;
  rate: number | null;
  tokens: number;
  refilled_at: number;
  max_depth: number | null;
  paused: number;
  paused_by: string | null;
  paused_at: number | null;
  stir_at: number | null;
}

export function prepareLimits(connection: Connection): Limits {
  const statements = prepareStatements(connection);
  const { now } = connection.timers;

  function inUse({ namespace, kind, name }: LimitScope): number {
    if (kind === 'global') return statements.countAll.get(namespace)?.count ?? 0;
    const count = {
      queue: statements.countQueue,
      workflow: statements.countWorkflow,
      key: statements.countKey,
    };
    return count[kind].get(namespace, name)?.count ?? 0;
  }

  function read(scope: LimitScope): Limit | undefined {
    const row = statements.select.get(scope.namespace, LIMIT_CODE[scope.kind], scope.name);
    return row && limitOf(row, inUse(scope), now());
  }

  function stir(namespace: string, key: string, turn: boolean): void {
    const limit = read({ namespace, kind: 'key', name: key });
    if (limit === undefined) return;
    const at = stirTime(limit, statements.selectParked.get(namespace, key) !== undefined, now());
    const next = at !== undefined && at <= now() && !turn ? Math.min(limit.stirAt ?? at, at) : at;
    if (next !== limit.stirAt) statements.setStir.run(next ?? null, namespace, key);
  }

  return {
    any: () => statements.selectAny.get() !== undefined,
    read,
    applies: ({ namespace, queue, workflow }) =>
      statements.selectApplying.get(namespace, queue, workflow) !== undefined,
    set: (change) => setLimit(statements, change, now()),
    depthLeft: (namespace, queue) => {
      const maxDepth = statements.select.get(namespace, LIMIT_CODE.queue, queue)?.max_depth ?? undefined;
      if (maxDepth === undefined) return undefined;
      const depth = statements.countQueued.get(namespace, queue)?.count ?? 0;
      return { left: maxDepth - depth, maxDepth };
    },
    keepKeys: (runId, namespace, brought) => {
      for (const { key, max } of decodeLimits(brought)) {
        statements.keep.run(namespace, key, max, now());
        statements.insertKey.run(runId, namespace, key);
      }
    },
    freeKeys: (runId, namespace, brought) => {
      statements.dropKeys.run(runId);
      for (const { key } of decodeLimits(brought)) stir(namespace, key, false);
    },
    keysOf: (runId) => statements.selectKeys.all(runId).map(({ key }) => key),
    stir,
    prune: (limit) => void statements.prune.run(limit),
  };
}

/** When claims are to look at what is parked on a key; undefined: not before somebody changes something. */
function stirTime(limit: Limit, parked: boolean, now: number): number | undefined {
  if (!parked || limit.paused) return undefined;
  if (limit.max !== undefined && limit.inUse >= limit.max) return undefined;
  return limit.nextTokenAt ?? now;
}

export function limitOf(stored: StoredLimit, inUse: number, now: number): Limit {
  const { namespace, kind, name, max_concurrent: maxConcurrent, asked_max: askedMax, rate } = stored;
  const bucket =
    rate === null ? undefined : { perSecond: rate, tokens: stored.tokens, refilledAt: stored.refilled_at };
  const tokens = bucket && tokensAt(bucket, now);
  return {
    ...{ namespace, kind: limitKindOf(kind), name, inUse, tokens, paused: stored.paused === 1 },
    max: maxConcurrent ?? askedMax ?? undefined,
    nextTokenAt:
      bucket === undefined || tokens === undefined || tokens >= 1 ? undefined : nextTokenAt(bucket, now),
    stirAt: stored.stir_at ?? undefined,
    row: rowOf(stored),
  };
}

function rowOf(stored: StoredLimit): LimitRow {
  return {
    namespace: stored.namespace,
    kind: limitKindOf(stored.kind),
    name: stored.name,
    maxConcurrent: stored.max_concurrent ?? undefined,
    askedMax: stored.asked_max ?? undefined,
    ratePerSecond: stored.rate ?? undefined,
    maxDepth: stored.max_depth ?? undefined,
    paused: stored.paused === 1,
    pausedBy: stored.paused_by ?? undefined,
    pausedAt: stored.paused_at ?? undefined,
  };
}

function setLimit(statements: Statements, change: LimitChange, now: number): LimitRow | undefined {
  const { namespace, kind, name } = change;
  const code = LIMIT_CODE[kind];
  const found = statements.select.get(namespace, code, name);
  if (found === undefined && kind !== 'key') {
    // Runs on their way are counted (L2); one with keys has its grant from its claim.
    const values = kind === 'global' ? [namespace] : [namespace, name];
    statements.grantBegun[kind].run(...values);
  }
  const limit = changed(found ?? noLimit(namespace, code, name), change, now);
  const { max_concurrent: most, rate, max_depth: depth, paused } = limit;
  const limits = most !== null || rate !== null || depth !== null || paused === 1;
  const inUse = kind === 'key' && statements.selectKeyed.get(namespace, name) !== undefined;
  if (!limits && !inUse) {
    statements.drop.run(namespace, code, name);
    return undefined;
  }
  statements.put.run(
    ...[namespace, code, name, most, limit.asked_max, rate, limit.tokens, limit.refilled_at, depth, paused],
    ...[limit.paused_by, limit.paused_at, kind === 'key' ? now : null],
  );
  return rowOf(limit);
}

function changed(limit: StoredLimit, change: LimitChange, now: number): StoredLimit {
  const { maxConcurrent, ratePerSecond: rate, maxDepth, paused } = change;
  const next = { ...limit };
  if (maxConcurrent !== undefined) next.max_concurrent = maxConcurrent;
  if (maxDepth !== undefined) next.max_depth = maxDepth;
  if (rate !== undefined && rate !== limit.rate) {
    // What had gathered stays, as far as the bucket holds it; one that is new is full.
    const gathered =
      limit.rate === null
        ? Math.max(1, rate ?? 0)
        : tokensAt({ perSecond: limit.rate, tokens: limit.tokens, refilledAt: limit.refilled_at }, now);
    Object.assign(next, { rate, tokens: gathered, refilled_at: now });
  }
  if (paused !== undefined && paused !== (limit.paused === 1)) {
    next.paused = paused ? 1 : 0;
    next.paused_by = paused ? (change.by ?? null) : null;
    next.paused_at = paused ? now : null;
  }
  return next;
}

function noLimit(namespace: string, kind: number, name: string): StoredLimit {
  return {
    ...{
      namespace,
      kind,
      name,
      max_concurrent: null,
      asked_max: null,
      rate: null,
      tokens: 0,
      refilled_at: 0,
    },
    ...{ max_depth: null, paused: 0, paused_by: null, paused_at: null, stir_at: null },
  };
}

type Statements = ReturnType<typeof prepareStatements>;

function prepareStatements(connection: Connection) {
  const count = (where: string) =>
    connection.prepare<{ count: number }>(`SELECT count(*) AS count FROM ${where}`);
  const grantBegun = (where: string) =>
    connection.prepare(`UPDATE runs SET granted = 1
      WHERE granted = 0 AND coalesce(owner, last_owner) IS NOT NULL AND limits IS NULL AND namespace = ? ${where}`);
  const { queued } = STATUS_CODE;
  const name = { global: LIMIT_CODE.global, queue: LIMIT_CODE.queue, workflow: LIMIT_CODE.workflow };
  return {
    selectAny: connection.prepare('SELECT 1 FROM limits LIMIT 1'),
    select: connection.prepare<StoredLimit>(
      'SELECT * FROM limits WHERE namespace = ? AND kind = ? AND name = ?',
    ),
    selectApplying: connection.prepare(`
      SELECT 1 FROM limits WHERE namespace = ?1 AND (kind, name)
        IN (VALUES (${name.global}, ''), (${name.queue}, ?2), (${name.workflow}, ?3)) LIMIT 1`),
    countAll: count('runs WHERE granted = 1 AND namespace = ?'),
    countQueue: count('runs WHERE granted = 1 AND namespace = ? AND queue = ?'),
    countWorkflow: count('runs WHERE granted = 1 AND namespace = ? AND workflow = ?'),
    countKey: count('run_keys WHERE granted = 1 AND namespace = ? AND key = ?'),
    countQueued: count(`(
      SELECT 1 FROM runs WHERE status = ${queued} AND suspect_group IS NULL AND assigned_to IS NULL AND parked_on IS NULL
        AND namespace = ?1 AND queue = ?2
      UNION ALL SELECT 1 FROM runs WHERE parked_on IS NOT NULL AND namespace = ?1 AND queue = ?2
      UNION ALL SELECT 1 FROM runs WHERE assigned_until IS NOT NULL AND namespace = ?1 AND queue = ?2)`),
    selectParked: connection.prepare('SELECT 1 FROM runs WHERE namespace = ? AND parked_on = ? LIMIT 1'),
    selectKeys: connection.prepare<{ key: string }>('SELECT key FROM run_keys WHERE run_id = ? ORDER BY key'),
    selectKeyed: connection.prepare('SELECT 1 FROM run_keys WHERE namespace = ? AND key = ? LIMIT 1'),
    // The latest word counts.
    keep: connection.prepare(`
      INSERT INTO limits (namespace, kind, name, asked_max) VALUES (?1, ${LIMIT_CODE.key}, ?2, ?3)
      ON CONFLICT (namespace, kind, name) DO UPDATE SET asked_max = excluded.asked_max, stir_at = ?4
      WHERE asked_max IS NOT excluded.asked_max`),
    insertKey: connection.prepare(
      'INSERT OR IGNORE INTO run_keys (run_id, namespace, key, granted) VALUES (?, ?, ?, 0)',
    ),
    dropKeys: connection.prepare('DELETE FROM run_keys WHERE run_id = ?'),
    setStir: connection.prepare(
      `UPDATE limits SET stir_at = ? WHERE namespace = ? AND kind = ${LIMIT_CODE.key} AND name = ?`,
    ),
    put: connection.prepare(`
      INSERT OR REPLACE INTO limits (namespace, kind, name, max_concurrent, asked_max, rate, tokens, refilled_at,
        max_depth, paused, paused_by, paused_at, stir_at) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`),
    drop: connection.prepare('DELETE FROM limits WHERE namespace = ? AND kind = ? AND name = ?'),
    prune: connection.prepare(`
      DELETE FROM limits WHERE (namespace, kind, name) IN (
        SELECT namespace, kind, name FROM limits l
        WHERE kind = ${LIMIT_CODE.key} AND max_concurrent IS NULL AND rate IS NULL AND paused = 0
          AND NOT EXISTS (SELECT 1 FROM run_keys k WHERE k.namespace = l.namespace AND k.key = l.name) LIMIT ?)`),
    grantBegun: {
      global: grantBegun(''),
      queue: grantBegun('AND queue = ?'),
      workflow: grantBegun('AND workflow = ?'),
    } satisfies Record<Exclude<LimitKind, 'key'>, unknown>,
  };
}
