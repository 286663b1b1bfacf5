import { decodeValue } from '../../core/json.ts';
import type { RunEvent } from '../../core/run/event.ts';
import { executorOf } from '../../core/names.ts';
import { isClosed } from '../../core/status.ts';
import type { Plan, PlanResult, RunRow, Store } from '../../store/port/store.ts';
import { createClusterCheck, type ClusterCheck } from './cluster.ts';
import { createLimitCheck, type LimitCheck } from './limits/grants.ts';
import { addChunk, emptyHistory, type HistoryState } from './history.ts';
import { createLockCheck } from './locks/locks.ts';
import type { Ledger } from './ledger.ts';
import type { Tally } from './tally.ts';
import { violated } from './violation.ts';
import { createWhyCheck } from './why/why.ts';

/** A run as the watcher last saw it in the store. */
export interface Watched {
  row: RunRow;
  history: HistoryState;
}

/**
 * Watches the store: after every call that writes it compares the rows that the call may have touched with what they
 * were, and checks what may not happen.
 *
 *   W1  It sees every write, so what it remembers is what the store holds.
 *   W2  It reads the true store, behind whatever is wrapped around the one under test.
 */
export interface Watcher {
  readonly runs: ReadonlyMap<string, Watched>;
  readonly retired: ReadonlySet<string>;
  readonly cluster: ClusterCheck;
  readonly limits: LimitCheck;
  noteRetired(engineId: string): void;
  /** Call after a write. `newsAt`: store time at which what a run's history gained left its process. */
  afterWrite(what: string, touched: readonly string[], newsAt: (runId: string) => number): Promise<void>;
  /** Checks that none of the runs that an engine claims is kept for another (I10 of the store). */
  checkClaim(engineId: string, runIds: readonly string[], storeTime: number): void;
  /** Checks the answer to a plan against the row as it was before. */
  checkPlan(plan: Plan, result: PlanResult, storeTime: number): void;
}

export function createWatcher(store: Store, ledger: Ledger, tally: Tally): Watcher {
  const runs = new Map<string, Watched>();
  const retired = new Set<string>();
  const limits = createLimitCheck(runs, tally);

  const locks = createLockCheck(store, { status: (runId) => runs.get(runId)?.row.status, retired }, tally);
  const checkPlan = createPlanCheck(limits, runs, retired, tally);
  const why = createWhyCheck({ store, runs, limits, retired, tally });

  const look = async (
    what: string,
    runId: string,
    row: RunRow | undefined,
    sentAt: number,
  ): Promise<void> => {
    const before = runs.get(runId);
    if (row === undefined) {
      if (before === undefined) return;
      // Nothing is kept of a task; that its end was told shows when its caller ends.
      if (executorOf(before.row.workflow) === undefined) violated('run lost', `${runId} after ${what}`);
      tally.add('task discarded');
      runs.delete(runId);
      return;
    }
    if (before?.row.epoch === 2 && row.epoch === 3 && executorOf(row.workflow) !== undefined) {
      tally.add('task handed on');
    }
    const history = before?.history ?? emptyHistory(runId);
    if (before !== undefined) compareRows(what, before.row, row);
    limits.see(what, row);
    const known = history.events.length;
    if (row.events < known) violated('history shrank', `run ${runId}: ${known} to ${row.events} events`);
    if (row.events > known) {
      for (const chunk of await store.readHistory(runId, known)) {
        for (const event of addChunk(history, chunk, sentAt)) {
          if (what === 'recordPaused') checkRecorded(runId, event);
          claimOutcome(ledger, runId, event);
        }
      }
    }
    const read = history.events.length;
    if (read !== row.events) violated('events count', `run ${runId} has ${read}, its row says ${row.events}`);
    checkStanding(what, row, history);
    // Only a delayed run keeps messages that came before its start.
    const atRest =
      isClosed(row.status) || (row.status === 'waiting' && history.started?.startAt === undefined);
    if (row.inboxSeq > 0 && atRest) await checkInbox(store, what, row);
    runs.set(runId, { row, history });
  };

  return {
    runs,
    retired,
    cluster: createClusterCheck(retired, tally),
    limits,
    noteRetired: (engineId) => void retired.add(engineId),
    async afterWrite(what, touched, newsAt) {
      const ids = [...new Set(touched)];
      if (ids.length === 0) return locks.look(what);
      const rows = await store.readRuns(ids.map((runId) => ({ runId })));
      for (let at = 0; at < ids.length; at++) {
        // oxlint-disable-next-line no-await-in-loop -- reads of one store, in order
        await look(what, ids[at] as string, rows[at], newsAt(ids[at] as string));
      }
      await locks.look(what);
      await why.look();
    },
    checkClaim: createClaimCheck(runs, retired, tally),
    checkPlan: (plan, result, storeTime) => {
      checkPlan(plan, result, storeTime);
      locks.notePlan(plan, result);
    },
  };
}

/** While a run is paused nothing is decided: only attempts end. */
function checkRecorded(runId: string, { type }: RunEvent): void {
  const isOutcome = type === 'step-completed' || type === 'step-failed' || type === 'step-retrying';
  if (!isOutcome && type !== 'step-checkpoint') violated('paused run went on', `run ${runId}: ${type}`);
}

function claimOutcome(ledger: Ledger, runId: string, event: RunEvent): void {
  if (event.type !== 'step-completed') return;
  const value = decodeValue(event.payload ?? 'null') as { nonce?: string } | null;
  if (value?.nonce !== undefined) ledger.claim(value.nonce, runId, event.name, event.attempt);
}

async function checkInbox(store: Store, what: string, row: RunRow): Promise<void> {
  const unread = await store.readInbox(row.runId);
  if (unread.length === 0) return;
  const list = unread.map(({ dedup }) => dedup).join(', ');
  violated('message slept through', `run ${row.runId} is ${row.status} with ${list} unread, after ${what}`);
}

/** Whom the runs that were claimed were kept for. */
function createClaimCheck(
  runs: ReadonlyMap<string, Watched>,
  retired: ReadonlySet<string>,
  tally: Tally,
): Watcher['checkClaim'] {
  return (engineId, runIds, storeTime) => {
    for (const runId of runIds) {
      const { assignedTo, assignedUntil: until = 0 } = runs.get(runId)?.row ?? {};
      if (assignedTo === undefined) continue;
      if (assignedTo === engineId) tally.add('assigned run claimed by its engine');
      else if (retired.has(assignedTo) || until <= storeTime) tally.add('assigned run claimed by another');
      else violated('window', `run ${runId} is kept for ${assignedTo} until ${until}, it is ${storeTime}`);
    }
  };
}

/** The answer to a plan, judged by the row as it was before and by the plans that were applied. */
function createPlanCheck(
  limits: LimitCheck,
  runs: ReadonlyMap<string, Watched>,
  retired: ReadonlySet<string>,
  tally: Tally,
): Watcher['checkPlan'] {
  const applied = new Set<string>();
  return (plan, result, storeTime) => {
    tally.add(`plan ${result.outcome}`);
    if (result.outcome === 'ok') limits.noteSuccessor(plan);
    const before = runs.get(plan.runId)?.row;
    const id = `${plan.runId} ${plan.version} ${plan.commitId}`;
    if (retired.has(plan.engineId) && result.outcome === 'conflict') tally.add('zombie plan refused');
    if (result.outcome === 'already' && !applied.has(id)) violated('already without ok', `plan ${id}`);
    if (result.outcome !== 'ok') return;
    if (applied.has(id)) violated('plan applied twice', `plan ${id}`);
    applied.add(id);
    if (before === undefined) violated('plan of no run', plan.runId);
    const { ownerId, epoch, version, status } = before;
    const guard = ownerId === plan.engineId && epoch === plan.epoch && version === plan.version;
    if (!guard || status !== 'running' || retired.has(plan.engineId)) {
      const row = `${status}, owner ${ownerId}, epoch ${epoch}, version ${version}`;
      const given = `owner ${plan.engineId}, epoch ${plan.epoch}, version ${plan.version}`;
      violated('fence', `run ${plan.runId} (${row}) took a plan of ${given} at ${storeTime}`);
    }
    const { next } = plan;
    if ('inboxSeq' in next && next.inboxSeq !== before.inboxSeq) {
      violated(
        'message slept through',
        `run ${plan.runId}: inbox at ${before.inboxSeq}, seen ${next.inboxSeq}`,
      );
    }
  };
}

function compareRows(what: string, before: RunRow, after: RunRow): void {
  const { runId } = after;
  const where = `run ${runId} by ${what}`;
  if (after.version < before.version) violated('version went back', where);
  if (after.epoch < before.epoch) violated('epoch went back', where);
  if (after.inboxSeq < before.inboxSeq) violated('inbox went back', where);
  if (after.version > before.version + 1) violated('version jumped', where);
  if (after.events > before.events && after.version === before.version)
    violated('event without version', where);
  if (isClosed(before.status) && what !== 'reopen') {
    if (after.status !== before.status || after.version !== before.version)
      violated('closed run changed', where);
  }
  if (before.status === 'paused' && after.events > before.events && what !== 'recordPaused')
    violated('paused run went on', where);
  const tookOver = after.ownerId !== undefined && before.ownerId !== after.ownerId;
  if (tookOver && after.epoch === before.epoch) violated('owner without epoch', where);
}

function checkStanding(what: string, row: RunRow, history: HistoryState): void {
  const { runId, status, ownerId } = row;
  const where = `run ${runId} (${status}) after ${what}`;
  if ((history.end ?? 'open') !== (isClosed(status) ? status : 'open')) {
    violated('status differs from history', `${where}: history says ${history.end ?? 'open'}`);
  }
  if ((ownerId !== undefined) !== (status === 'running')) violated('owner of a run at rest', where);
  if ((row.pause === undefined) === (status === 'paused')) violated('half paused', where);
  if ((row.assignedTo === undefined) !== (row.assignedUntil === undefined)) violated('half assigned', where);
  if (row.assignedTo !== undefined && (status !== 'queued' || row.suspectGroup !== undefined)) {
    violated('assigned and not a healthy queued run', where);
  }
  if (status === 'blocked') violated(`blocked ${row.blockCode}`, `${where}: ${text(row.waits)}`);
  if (status !== 'waiting' || row.wakeAt !== undefined) return;
  const waits = JSON.parse(text(row.waits) || '[]') as unknown[];
  const answers = history.started?.payload?.includes('"updates":true') ?? false;
  if (waits.length === 0 && !answers) violated('waits for nothing', where);
}

function text(bytes: Uint8Array | undefined): string {
  return bytes === undefined ? '' : new TextDecoder().decode(bytes);
}
