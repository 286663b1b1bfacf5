import { scopesFor } from '../../../core/limits/admission.ts';
import { LIMIT_CODE } from '../../../core/limits/limit.ts';
import { STATUS_CODE } from '../../../core/status.ts';
import { HOLDERS_NAMED, type LimitReport, type QueueReport, type RunLimits } from '../../port/limits.ts';
import type { Connection } from '../database/connection.ts';
import { limitOf, type Limit, type Limits, type StoredLimit } from './limits.ts';

/** Limits and queues for people. All functions run inside a transaction of the caller: one snapshot. */
export interface LimitReads {
  all(namespace: string): LimitReport[];
  ofRun(runId: string): RunLimits | undefined;
  queues(namespace: string): QueueReport[];
}

interface Found {
  namespace: string;
  queue: string;
  workflow: string;
  granted: number;
  parked_on: string | null;
}
interface StoredQueue {
  queue: string;
  depth: number;
  oldest: number | null;
  running: number;
  open: number;
}

export function prepareLimitReads(connection: Connection, limits: Limits): LimitReads {
  const selectAll = connection.prepare<StoredLimit>(`
    SELECT * FROM limits WHERE namespace = ?
      AND (kind < ${LIMIT_CODE.key} OR max_concurrent IS NOT NULL OR rate IS NOT NULL OR paused = 1)
    ORDER BY kind, name`);
  const selectRun = connection.prepare<Found>(
    'SELECT namespace, queue, workflow, granted, parked_on FROM runs WHERE run_id = ?',
  );
  const holders = (from: string) =>
    connection.prepare<{ run_id: string }>(
      `SELECT run_id FROM ${from} ORDER BY run_id LIMIT ${HOLDERS_NAMED}`,
    );
  const selectHolders = {
    global: holders('runs WHERE granted = 1 AND namespace = ? AND ? IS NOT NULL'),
    queue: holders('runs WHERE granted = 1 AND namespace = ? AND queue = ?'),
    workflow: holders('runs WHERE granted = 1 AND namespace = ? AND workflow = ?'),
    key: holders('run_keys WHERE granted = 1 AND namespace = ? AND key = ?'),
  };
  const selectQueues = connection.prepare<StoredQueue>(`
    SELECT queue, count(*) FILTER (WHERE status = ${STATUS_CODE.queued}) AS depth,
      min(ready_at) FILTER (WHERE status = ${STATUS_CODE.queued}) AS oldest,
      count(*) FILTER (WHERE status = ${STATUS_CODE.running}) AS running, count(*) AS open
    FROM runs WHERE namespace = ? GROUP BY queue ORDER BY queue`);

  function reportOf({ row, max, inUse, tokens, nextTokenAt }: Limit): LimitReport {
    const found = selectHolders[row.kind].all(row.namespace, row.name);
    const whole = tokens === undefined ? undefined : Math.floor(tokens);
    return { ...row, max, inUse, tokens: whole, nextTokenAt, holders: found.map(({ run_id: id }) => id) };
  }

  return {
    all: (namespace) => {
      const at = connection.timers.now();
      return selectAll.all(namespace).flatMap((stored) => {
        const { kind, name } = limitOf(stored, 0, at);
        const limit = limits.read({ namespace, kind, name });
        return limit === undefined ? [] : [reportOf(limit)];
      });
    },
    ofRun: (runId) => {
      const run = selectRun.get(runId);
      if (run === undefined) return undefined;
      const { namespace, queue, workflow, parked_on: parkedOn } = run;
      const granted = run.granted === 1;
      const keys = limits.keysOf(runId);
      const found = scopesFor({ queue, workflow, keys, granted }).flatMap((scope) => {
        const limit = limits.read({ namespace, ...scope });
        return limit === undefined ? [] : [reportOf(limit)];
      });
      return { granted, parkedOn: parkedOn ?? undefined, keys, limits: found };
    },
    queues: (namespace) =>
      selectQueues.all(namespace).map(({ queue, open, depth, oldest, running }) => {
        return { queue, open, depth, running, oldestReadyAt: oldest ?? undefined };
      }),
  };
}
