/*
 * Plans (I1–I5, I9). Each kind of plan is one guarded UPDATE: the guard is in its WHERE, and only when it
 * matched nothing is the row read to say why. All plans of a call are applied before any of their messages is
 * delivered.
 */
import { STATUS_CODE, statusOf } from '../../../core/status.ts';
import type { DeliveryResult, Plan, PlanResult, StartResult } from '../../port/store.ts';
import type { Connection } from '../database/connection.ts';
import type { Incarnations } from '../engines/incarnations.ts';
import type { Limits } from '../limits/limits.ts';
import type { Locks } from '../locks/locks.ts';
import type { Deliveries } from './deliver.ts';
import type { OpenRow } from './rows.ts';
import type { StartCall, Starts } from './start.ts';

export interface Commits {
  /** Applies a batch inside the caller's transaction. */
  commit(plans: readonly Plan[]): PlanResult[];
}

/** What plans bring about in other runs. */
interface Consequences {
  starts: Starts;
  deliveries: Deliveries;
  locks: Locks;
}

interface Guarded {
  status: number;
  owner: string | null;
  epoch: number;
  version: number;
  commit_id: number;
  events: number;
  inbox_seq: number;
}

const NO_STARTS: StartResult[] = [];
const NO_DELIVERIES: DeliveryResult[] = [];

export function prepareCommits(
  connection: Connection,
  incarnations: Incarnations,
  limits: Limits,
  { starts, deliveries, locks }: Consequences,
): Commits {
  const statements = prepareStatements(connection);
  const { selectGuarded, insertHistory, consume } = statements;
  const { now } = connection.timers;

  /** False: the guard refused. `freed`: the run has given its grant back. */
  function apply(plan: Plan, at: number, call: StartCall): boolean | 'freed' {
    if (!changeRow(statements, plan, at)) return false;
    const freed = hasEnded(plan) && remove(plan, starts.isLimited(call));
    if (plan.next.kind === 'discard') return freed ? 'freed' : true;
    if (plan.history !== undefined) insertHistory.run(plan.runId, plan.seq, plan.count, at, plan.history);
    for (const seq of plan.consumed) consume.run(plan.runId, seq);
    return freed ? 'freed' : true;
  }

  /** The open row of a run that has ended goes, and of one that is discarded all; true: it gave its grant back. */
  function remove({ runId, next }: Plan, limited: boolean): boolean {
    if (next.kind === 'discard') {
      statements.deleteHistory.run(runId);
      statements.deleteInbox.run(runId);
    }
    // Reading what is deleted costs as much as deleting it.
    if (!limited) statements.deleteOpen.run(runId);
    const gone = limited ? statements.deleteLimited.get(runId) : undefined;
    if (typeof gone?.limits === 'string') limits.freeKeys(runId, gone.namespace, gone.limits);
    return gone?.granted === 1;
  }

  function startAll({ runId, next, starts: requests }: Plan, call: StartCall): StartResult[] {
    const successor = next.kind === 'close' ? next.successor : undefined;
    return requests.map((request) => {
      call.predecessor = request.runId === successor ? runId : undefined;
      return starts.start(request, call);
    });
  }

  return {
    commit: (plans) => {
      const at = now();
      const alive = new Map<string, boolean>();
      const call = starts.call();
      const results = plans.map((plan): PlanResult => {
        let known = alive.get(plan.engineId);
        if (known === undefined) alive.set(plan.engineId, (known = incarnations.alive(plan.engineId)));
        const applied = known && apply(plan, at, call);
        if (applied === false) return explain(plan, selectGuarded.get(plan.runId, plan.runId), known);
        const started = plan.starts.length === 0 ? NO_STARTS : startAll(plan, call);
        const result = { outcome: 'ok', starts: started, deliveries: NO_DELIVERIES } as const;
        return applied === 'freed' ? { ...result, freed: true } : result;
      });
      for (const [index, plan] of plans.entries()) {
        const result = results[index];
        if (plan.messages.length === 0 || result?.outcome !== 'ok') continue;
        result.deliveries = plan.messages.map((message) =>
          deliveries.deliver(message, plan.adopter, call.room),
        );
      }
      for (const [index, { runId, locks: acts }] of plans.entries()) {
        const result = results[index];
        if (acts !== undefined && result?.outcome === 'ok') result.grants = locks.act(runId, acts, call.room);
      }
      return results;
    },
  };
}

/** Why the guard matched nothing. */
function explain(plan: Plan, row: Guarded | undefined, isAlive: boolean): PlanResult {
  if (row === undefined) return { outcome: 'conflict' };
  if (row.version === plan.version + 1 && row.commit_id === plan.commitId) return { outcome: 'already' };
  const { next } = plan;
  const owned =
    statusOf(row.status) === 'running' &&
    row.owner === plan.engineId &&
    row.epoch === plan.epoch &&
    row.version === plan.version &&
    (plan.count === 0 || row.events === plan.seq) &&
    isAlive;
  if (owned && 'inboxSeq' in next && next.inboxSeq !== row.inbox_seq) {
    return { outcome: 'unread', inboxSeq: row.inbox_seq };
  }
  return { outcome: 'conflict' };
}

function hasEnded({ next }: Plan): boolean {
  return next.kind === 'close' || next.kind === 'discard';
}

/** The guarded change of the run row; false: the guard refused. */
function changeRow(statements: Statements, plan: Plan, at: number): boolean {
  const { runId, engineId, epoch, version, commitId, count, next } = plan;
  // A plan without events may stand at any position.
  const seq = count > 0 ? plan.seq : null;
  switch (next.kind) {
    case 'continue':
      if (isOne(statements.advance.run(commitId, count, runId, engineId, epoch, version, seq))) return true;
      return isOne(
        statements.acquit.run(commitId, count, count, count, runId, engineId, epoch, version, seq),
      );
    case 'suspend': {
      const wakeAt = next.wakeAt === undefined ? null : Math.ceil(next.wakeAt);
      const { waits, inboxSeq } = next;
      const guard = [runId, engineId, epoch, version, seq, inboxSeq] as const;
      return isOne(statements.suspend.run(commitId, count, count, count, wakeAt, waits, ...guard));
    }
    case 'block': {
      const { code, waits } = next;
      const guard = [runId, engineId, epoch, version, seq] as const;
      return isOne(statements.block.run(commitId, count, count, count, code, waits, ...guard));
    }
    case 'close': {
      const { successor = null, inboxSeq } = next;
      const status = STATUS_CODE[next.status];
      const guard = [runId, engineId, epoch, version, seq, inboxSeq] as const;
      return isOne(statements.copyToClosed.run(status, commitId, count, at, successor, ...guard));
    }
    case 'discard':
      return isOne(statements.discard.run(runId, engineId, epoch, version, seq, next.inboxSeq));
  }
}

function isOne({ changes }: { changes: number | bigint }): boolean {
  return changes === 1;
}

type Statements = ReturnType<typeof prepareStatements>;

function prepareStatements(connection: Connection) {
  const guard = `run_id = ? AND status = ${STATUS_CODE.running} AND owner = ? AND epoch = ? AND version = ?
    AND events = coalesce(?, events)`;
  // An outcome that was recorded acquits a suspect.
  const progress = `version = version + 1, commit_id = ?, events = events + ?,
    suspect_group = CASE WHEN ? > 0 THEN NULL ELSE suspect_group END, deaths = CASE WHEN ? > 0 THEN 0 ELSE deaths END`;
  const leave = 'owner = NULL, last_owner = owner, ready_at = NULL';
  return {
    // Most plans: nothing is held against the run, and no index is touched.
    advance: connection.prepare(`
      UPDATE runs SET version = version + 1, commit_id = ?, events = events + ?
      WHERE ${guard} AND suspect_group IS NULL AND deaths = 0`),
    acquit: connection.prepare(`UPDATE runs SET ${progress} WHERE ${guard}`),
    suspend: connection.prepare(`
      UPDATE runs SET ${progress}, ${leave}, status = ${STATUS_CODE.waiting}, wake_at = ?, waits = ?
      WHERE ${guard} AND inbox_seq = ?`),
    block: connection.prepare(`
      UPDATE runs SET ${progress}, ${leave}, status = ${STATUS_CODE.blocked}, wake_at = NULL, block_code = ?, waits = ?
      WHERE ${guard}`),
    copyToClosed: connection.prepare(`
      INSERT INTO runs_closed (run_id, namespace, workflow, workflow_version, queue, priority, last_owner, epoch,
        events, created_at, started_at, deadline_at, key, tags, limits, parent_run_id, parent_ordinal,
        status, version, commit_id, inbox_seq, closed_at, successor)
      SELECT run_id, namespace, workflow, workflow_version, queue, priority, owner, epoch,
        events + ?3, created_at, started_at, deadline_at, key, tags, limits, parent_run_id, parent_ordinal,
        ?1, version + 1, ?2, inbox_seq, ?4, ?5
      FROM runs WHERE run_id = ?6 AND status = ${STATUS_CODE.running} AND owner = ?7 AND epoch = ?8 AND version = ?9
        AND events = coalesce(?10, events) AND inbox_seq = ?11`),
    deleteOpen: connection.prepare('DELETE FROM runs WHERE run_id = ?'),
    deleteLimited: connection.prepare<Pick<OpenRow, 'namespace' | 'granted' | 'limits'>>(
      'DELETE FROM runs WHERE run_id = ? RETURNING namespace, granted, limits',
    ),
    // What the guard has let through is deleted like any run that closes.
    discard: connection.prepare(`UPDATE runs SET version = version + 1 WHERE ${guard} AND inbox_seq = ?`),
    deleteHistory: connection.prepare('DELETE FROM history WHERE run_id = ?'),
    deleteInbox: connection.prepare('DELETE FROM inbox WHERE run_id = ?'),
    selectGuarded: connection.prepare<Guarded>(`
      SELECT status, owner, epoch, version, commit_id, events, inbox_seq FROM runs WHERE run_id = ?
      UNION ALL
      SELECT status, NULL, epoch, version, commit_id, events, inbox_seq FROM runs_closed WHERE run_id = ?`),
    insertHistory: connection.prepare(
      'INSERT INTO history (run_id, seq, count, at, data) VALUES (?, ?, ?, ?, ?)',
    ),
    consume: connection.prepare('DELETE FROM inbox WHERE run_id = ? AND seq = ?'),
  };
}
