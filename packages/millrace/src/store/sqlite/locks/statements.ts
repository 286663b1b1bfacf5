import type { LockHolder, LockName } from '../../port/locks.ts';
import type { Connection } from '../database/connection.ts';

export interface StoredLock {
  namespace: string;
  name: string;
  token: number;
  holder_kind: LockHolder['kind'] | null;
  holder: string | null;
  request: string | null;
  owner: string | null;
  since: number | null;
  expires_at: number | null;
}

export interface StoredWaiter {
  seq: number;
  holder_kind: LockHolder['kind'];
  holder: string;
  request: string;
  owner: string;
  hold_ms: number;
  since: number;
  until: number | null;
  dedup: string | null;
  body: Uint8Array | null;
  window_ms: number;
}

export type Statements = ReturnType<typeof prepareStatements>;

export function prepareStatements(connection: Connection) {
  const columns = 'namespace, name, token, holder_kind, holder, request, owner, since, expires_at';
  const lock = 'namespace = ? AND name = ?';
  const shown = 'namespace = ? AND (holder IS NOT NULL OR waited = 1)';
  return {
    selectRun: connection.prepare<{ namespace: string; workflow: string }>(`
      SELECT namespace, workflow FROM runs WHERE run_id = ?
      UNION ALL SELECT namespace, workflow FROM runs_closed WHERE run_id = ?`),
    makeLock: connection.prepare(`
      INSERT INTO locks (namespace, name, token, waited) VALUES (?, ?, 0, 0) ON CONFLICT (namespace, name) DO NOTHING`),
    selectLock: connection.prepare<StoredLock>(`SELECT ${columns} FROM locks WHERE ${lock}`),
    // Asked again it keeps its place.
    insertWaiter: connection.prepare(`
      INSERT INTO lock_waiters (namespace, name, holder_kind, holder, request, owner, hold_ms, since, until, dedup, body,
        window_ms)
      VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
      ON CONFLICT (namespace, name, holder, request) DO UPDATE SET until = excluded.until`),
    countAhead: connection.prepare<{ count: number }>(`
      SELECT count(*) AS count FROM lock_waiters WHERE ${lock}
        AND seq < (SELECT seq FROM lock_waiters WHERE ${lock} AND holder = ? AND request = ?)`),
    nextWaiter: connection.prepare<StoredWaiter>(
      `SELECT * FROM lock_waiters WHERE ${lock} ORDER BY seq LIMIT 1`,
    ),
    selectWaiters: connection.prepare<StoredWaiter>(
      `SELECT * FROM lock_waiters WHERE ${lock} ORDER BY seq LIMIT ?`,
    ),
    dropSeq: connection.prepare('DELETE FROM lock_waiters WHERE seq = ?'),
    dropWaiter: connection.prepare(`DELETE FROM lock_waiters WHERE ${lock} AND holder = ? AND request = ?`),
    dropWaiters: connection.prepare('DELETE FROM lock_waiters WHERE holder = ?'),
    grant: connection.prepare(`
      UPDATE locks SET token = ?, holder_kind = ?, holder = ?, request = ?, owner = ?, since = ?, expires_at = ?
      WHERE ${lock}`),
    free: connection.prepare(`
      UPDATE locks SET holder_kind = NULL, holder = NULL, request = NULL, owner = NULL, since = NULL, expires_at = NULL
      WHERE ${lock}`),
    note: connection.prepare(`
      UPDATE locks SET waited = EXISTS (SELECT 1 FROM lock_waiters WHERE ${lock}) WHERE ${lock}`),
    renew: connection.prepare(
      `UPDATE locks SET expires_at = ? WHERE ${lock} AND holder = ? AND request = ? AND expires_at > ?`,
    ),
    selectHeld: connection.prepare<LockName>(
      'SELECT namespace, name FROM locks WHERE holder = ? ORDER BY namespace, name',
    ),
    selectAwaited: connection.prepare<LockName>(
      'SELECT DISTINCT namespace, name FROM lock_waiters WHERE holder = ? ORDER BY namespace, name',
    ),
    selectExpired: connection.prepare<LockName>(
      'SELECT namespace, name FROM locks WHERE waited = 1 AND expires_at <= ? ORDER BY expires_at LIMIT ?',
    ),
    selectNextExpiry: connection.prepare<{ at: number | null }>(
      'SELECT min(expires_at) AS at FROM locks WHERE waited = 1',
    ),
    list: connection.prepare<StoredLock>(
      `SELECT ${columns} FROM locks WHERE ${shown} ORDER BY namespace, name LIMIT ?`,
    ),
    listOne: connection.prepare<StoredLock>(
      `SELECT ${columns} FROM locks WHERE ${shown} AND name = ? ORDER BY namespace, name LIMIT ?`,
    ),
  };
}
