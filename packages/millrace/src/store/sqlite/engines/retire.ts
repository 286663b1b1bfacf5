/*
 * Retiring an incarnation, and finding out which run kills its process.
 * The runs that were executing when a process died are suspects. They run again in groups of their own that
 * halve with each death, so that a run that kills every process is alone after log2(n) of them; only deaths
 * alone count.
 *   I1  Groups are decided in the call that marks the incarnation; later calls only requeue.
 *   I2  Labels come from one counter and are never used again: fresh suspects join no earlier group.
 */
import { STATUS_CODE } from '../../../core/status.ts';
import type { RetireOptions, RetireResult } from '../../port/store.ts';
import type { Connection } from '../database/connection.ts';
import type { Locks } from '../locks/locks.ts';
import type { Failovers } from './failovers.ts';

export interface Retirements {
  /** Runs inside the caller's transaction. */
  retire(engineId: string, expectBeat: number | undefined, options: RetireOptions): RetireResult;
}

interface Suspect {
  run_id: string;
  suspect_group: number | null;
  deaths: number;
}

export function prepareRetirements(connection: Connection, failovers: Failovers, locks: Locks): Retirements {
  const statements = prepareStatements(connection);

  function newGroup(members: readonly Suspect[]): void {
    const label = statements.nextLabel.get()?.value ?? 1;
    for (const { run_id: runId } of members) statements.accuse.run(label, runId);
  }

  /** A death while nothing else was running: counted, and blocked at the limit. */
  function convict(suspect: Suspect, deathLimit: number): boolean {
    newGroup([suspect]);
    statements.countDeath.run(suspect.run_id);
    if (suspect.deaths + 1 <= deathLimit) return false;
    statements.quarantine.run(suspect.run_id);
    return true;
  }

  function accuse(running: readonly Suspect[], deathLimit: number): string[] {
    const quarantined: string[] = [];
    const groups = Map.groupBy(running, (suspect) => suspect.suspect_group);
    for (const [label, members] of groups) {
      const [first] = members;
      if (first !== undefined && members.length === 1 && (label !== null || running.length === 1)) {
        if (convict(first, deathLimit)) quarantined.push(first.run_id);
        continue;
      }
      const half = Math.ceil(members.length / 2);
      newGroup(members.slice(0, half));
      if (half < members.length) newGroup(members.slice(half));
    }
    return quarantined.toSorted();
  }

  return {
    retire: (engineId, expectBeat, options) => {
      const { limit, deathLimit, harmless, by } = options;
      const result: RetireResult = { retired: false, requeued: 0, quarantined: [], remaining: false };
      const engine = statements.selectEngine.get(engineId);
      if (engine === undefined) return result;
      if (engine.retired === 0) {
        if (expectBeat !== undefined && engine.beat_seq !== expectBeat) return result;
        statements.mark.run(connection.timers.now(), engineId);
        result.retired = true;
        if (!harmless) result.quarantined = accuse(statements.selectRunning.all(engineId), deathLimit);
        if (by !== engineId) failovers.record({ engineId, name: engine.name }, options, result.quarantined);
      }
      const owned = statements.selectOwned.all(engineId, limit + 1).map(({ run_id: runId }) => runId);
      const requeued = owned.slice(0, limit);
      for (const runId of requeued) statements.requeue.run(connection.timers.now(), runId);
      result.requeued = requeued.length;
      result.remaining = owned.length > limit;
      // Nobody waits for windows of an assignee that is gone (I10).
      statements.unassign.run(engineId, limit);
      failovers.add(engineId, requeued, result.remaining);
      if (!result.retired) return result;
      const { names, grants } = locks.leave(engineId);
      if (names.length > 0) failovers.addLocks(engineId, names);
      if (names.length > 0 || grants.length > 0) Object.assign(result, { locks: names, grants });
      return result;
    },
  };
}

function prepareStatements(connection: Connection) {
  const { queued, running, blocked } = STATUS_CODE;
  const leave = 'owner = NULL, last_owner = owner, epoch = epoch + 1';
  return {
    selectEngine: connection.prepare<{ retired: number; beat_seq: number; name: string }>(
      'SELECT retired, beat_seq, name FROM engines WHERE engine_id = ?',
    ),
    mark: connection.prepare('UPDATE engines SET retired = 1, retired_at = ? WHERE engine_id = ?'),
    selectRunning: connection.prepare<Suspect>(`
      SELECT run_id, suspect_group, deaths FROM runs WHERE owner = ? AND status = ${running} ORDER BY run_id`),
    nextLabel: connection.prepare<{ value: number }>(
      `UPDATE counters SET value = value + 1 WHERE name = 'suspect_group' RETURNING value`,
    ),
    accuse: connection.prepare('UPDATE runs SET suspect_group = ? WHERE run_id = ?'),
    countDeath: connection.prepare('UPDATE runs SET deaths = deaths + 1 WHERE run_id = ?'),
    quarantine: connection.prepare(`
      UPDATE runs SET status = ${blocked}, block_code = 'QUARANTINED', suspect_group = NULL, ready_at = NULL, ${leave}
      WHERE run_id = ?`),
    selectOwned: connection.prepare<{ run_id: string }>(
      'SELECT run_id FROM runs WHERE owner = ? ORDER BY run_id LIMIT ?',
    ),
    unassign: connection.prepare(`
      UPDATE runs SET assigned_to = NULL, assigned_until = NULL
      WHERE run_id IN (SELECT run_id FROM runs WHERE assigned_to = ? ORDER BY rank LIMIT ?)`),
    requeue: connection.prepare(`
      UPDATE runs SET status = ${queued}, ready_at = coalesce(ready_at, ?), ${leave} WHERE run_id = ?`),
  };
}
