/*
 * Plans (I1–I5, I9). Each kind of plan is one guarded UPDATE: the guard is in its WHERE, and only when it
 * matched nothing is the row read to say why. All plans of a call are applied before any of their messages is
 * delivered.
 */
import { STATUS_CODE, statusOf } from '../../../core/status.ts';
import type { DeliveryResult, Plan, PlanResult, StartResult } from '../../port/store.ts';
import type { Connection, Statement } from '../database/connection.ts';
import type { Incarnations } from '../engines/incarnations.ts';
import type { Locks } from '../locks/locks.ts';
import type { Deliveries } from './deliver.ts';
import type { StartCall, Starts } from './start.ts';

export interface Commits {
  /** Applies a batch inside the caller's transaction. */
  commit(plans: readonly Plan[]): PlanResult[];
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
  { starts, deliveries, locks }: { starts: Starts; deliveries: Deliveries; locks: Locks },
): Commits {
  const statements = prepareStatements(connection);
  const { selectGuarded, insertHistory, consume } = statements;
  const { now } = connection.timers;

  /** Why the guard matched nothing. */
  function explain(plan: Plan): PlanResult {
    const row = selectGuarded.get(plan.runId, plan.runId);
    if (row === undefined) return { outcome: 'conflict' };
    if (row.version === plan.version + 1 && row.commit_id === plan.commitId) return { outcome: 'already' };
    const { next } = plan;
    const owned =
      statusOf(row.status) === 'running' &&
      row.owner === plan.engineId &&
      row.epoch === plan.epoch &&
      row.version === plan.version &&
      (plan.count === 0 || row.events === plan.seq) &&
      incarnations.alive(plan.engineId);
    if (owned && 'inboxSeq' in next && next.inboxSeq !== row.inbox_seq) {
      return { outcome: 'unread', inboxSeq: row.inbox_seq };
    }
    return { outcome: 'conflict' };
  }

  function apply(plan: Plan, at: number): boolean {
    if (!changeRow(statements, plan, at)) return false;
    if (plan.next.kind === 'discard') {
      statements.deleteHistory.run(plan.runId);
      statements.deleteInbox.run(plan.runId);
      return true;
    }
    if (plan.history !== undefined) insertHistory.run(plan.runId, plan.seq, plan.count, at, plan.history);
    for (const seq of plan.consumed) consume.run(plan.runId, seq);
    return true;
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
        if (!known || !apply(plan, at)) return explain(plan);
        if (plan.starts.length === 0) return { outcome: 'ok', starts: NO_STARTS, deliveries: NO_DELIVERIES };
        return { outcome: 'ok', starts: startAll(plan, call), deliveries: NO_DELIVERIES };
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

/** The guarded change of the run row; false: the guard refused. */
function changeRow(statements: Statements, plan: Plan, at: number): boolean {
  const { runId, engineId, epoch, version, commitId, count, next } = plan;
  // A plan without events may stand at any position.
  const seq = count > 0 ? plan.seq : null;
  switch (next.kind) {
    case 'continue':
      return changed(statements.advance, commitId, count, count, count, runId, engineId, epoch, version, seq);
    case 'suspend': {
      const wakeAt = next.wakeAt === undefined ? null : Math.ceil(next.wakeAt);
      return changed(
        statements.suspend,
        commitId,
        count,
        count,
        count,
        wakeAt,
        next.waits,
        runId,
        engineId,
        epoch,
        version,
        seq,
        next.inboxSeq,
      );
    }
    case 'block':
      return changed(
        statements.block,
        commitId,
        count,
        count,
        count,
        next.code,
        next.waits,
        runId,
        engineId,
        epoch,
        version,
        seq,
      );
    case 'close': {
      const { status, successor, inboxSeq } = next;
      const moved = changed(
        statements.copyToClosed,
        STATUS_CODE[status],
        commitId,
        count,
        at,
        successor ?? null,
        runId,
        engineId,
        epoch,
        version,
        seq,
        inboxSeq,
      );
      if (moved) statements.deleteOpen.run(runId);
      return moved;
    }
    case 'discard':
      return changed(statements.discard, runId, engineId, epoch, version, seq, next.inboxSeq);
  }
}

function changed(statement: Statement<unknown>, ...values: Parameters<Statement<unknown>['run']>): boolean {
  return statement.run(...values).changes === 1;
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
    advance: connection.prepare(`UPDATE runs SET ${progress} WHERE ${guard}`),
    suspend: connection.prepare(`
      UPDATE runs SET ${progress}, ${leave}, status = ${STATUS_CODE.waiting}, wake_at = ?, waits = ?
      WHERE ${guard} AND inbox_seq = ?`),
    block: connection.prepare(`
      UPDATE runs SET ${progress}, ${leave}, status = ${STATUS_CODE.blocked}, wake_at = NULL, block_code = ?, waits = ?
      WHERE ${guard}`),
    copyToClosed: connection.prepare(`
      INSERT INTO runs_closed (run_id, namespace, workflow, workflow_version, queue, priority, last_owner, epoch,
        events, created_at, started_at, deadline_at, key, tags, parent_run_id, parent_ordinal,
        status, version, commit_id, inbox_seq, closed_at, successor)
      SELECT run_id, namespace, workflow, workflow_version, queue, priority, owner, epoch,
        events + ?3, created_at, started_at, deadline_at, key, tags, parent_run_id, parent_ordinal,
        ?1, version + 1, ?2, inbox_seq, ?4, ?5
      FROM runs WHERE run_id = ?6 AND status = ${STATUS_CODE.running} AND owner = ?7 AND epoch = ?8 AND version = ?9
        AND events = coalesce(?10, events) AND inbox_seq = ?11`),
    deleteOpen: connection.prepare('DELETE FROM runs WHERE run_id = ?'),
    discard: connection.prepare(`DELETE FROM runs WHERE ${guard} AND inbox_seq = ?`),
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
