/*
 * Starts: the run row, its first history chunk, its key and an enclosed message, in the caller's transaction.
 *   I8  Under the write lock the key's holder cannot change between looking and inserting.
 */
import { PRIORITY_CODE, rank, STATUS_CODE } from '../../../core/status.ts';
import type { Assignment, StartRequest, StartResult } from '../../port/store.ts';
import type { Connection, Value } from '../database/connection.ts';
import type { Incarnations } from '../engines/incarnations.ts';
import type { StartLimits } from '../limits/start-limits.ts';
import type { Backlog, QueueHeads } from './backlog.ts';
import type { Deliveries, Room } from './deliver.ts';
import { FIRST_EPOCH, prepareEarlierStarts } from './keys.ts';
import { encodeTags } from './rows.ts';

/** What the starts of one call share. */
export interface StartCall {
  heads: QueueHeads;
  room: Room;
  alive: Map<string, boolean>;
  /** The run that is closing in favour of this start: its key passes to the successor. */
  predecessor?: string | undefined;
  /** Part of a caller's own transaction, which may yet be undone: nobody may execute it now. */
  unowned?: boolean | undefined;
  /** It can be refused: neither a child nor a successor. */
  outside?: boolean | undefined;
  /** Whether there are limits; looked at once, by the first start that must know. */
  limited: boolean | undefined;
}

export interface Starts {
  call(options?: { unowned: boolean; outside: boolean }): StartCall;
  start(request: StartRequest, call: StartCall): StartResult;
  /** Whether there are limits; what the transaction itself brings along counts for nothing that was there before. */
  isLimited(call: StartCall): boolean;
}

/** What decides who begins. */
interface Waiting {
  backlog: Backlog;
  limits: StartLimits;
}

export function prepareStarts(
  connection: Connection,
  incarnations: Incarnations,
  deliveries: Deliveries,
  { backlog, limits }: Waiting,
): Starts {
  const { insertRun, insertHistory, setHolder } = prepareStatements(connection);
  const earlier = prepareEarlierStarts(connection, incarnations, deliveries);
  const { now } = connection.timers;

  /** Undefined: the run id is taken. */
  function insert(request: StartRequest, call: StartCall): StartResult | undefined {
    const at = now();
    const { runId, namespace, queue, history } = request;
    if (insertHistory.run(runId, at, history).changes === 0) return undefined;
    const position = rank(request.priority, at);
    const startAt = request.startAt === undefined ? at : Math.ceil(request.startAt);
    const delayed = startAt > at;
    const brought = limits.broughtBy(request, call.predecessor);
    const owner = delayed || call.unowned ? undefined : eligibleOwner(request, { position, brought }, call);
    const assignment = delayed ? undefined : eligibleAssignment(incarnations, request, call);
    if (assignment !== undefined) call.heads.assigned(assignment.engineId, position);
    else if (!delayed && owner === undefined) call.heads.queued(namespace, queue, position);
    insertRun.run(...valuesOf(request, { at, startAt, position, owner, brought, assignment }));
    limits.keep(request, brought);
    if (request.key !== undefined) {
      setHolder.run(namespace, request.key, runId, request.fingerprint ?? null, request.dedupMs);
    }
    if (request.message !== undefined) deliveries.enclose(runId, request.message);
    const place = { owned: owner !== undefined, assignedTo: assignment?.engineId };
    const inboxSeq = request.message === undefined ? 0 : 1;
    return { outcome: 'started', runId, ...place, epoch: FIRST_EPOCH, version: 0, inboxSeq };
  }

  /** Eager ownership: only where a claim would have taken this run next. */
  function eligibleOwner(
    request: StartRequest,
    { position, brought }: Pick<Placement, 'position' | 'brought'>,
    call: StartCall,
  ): string | undefined {
    const { owner } = request;
    if (owner === undefined || brought !== null || (limits.any(call) && limits.apply(request)))
      return undefined;
    const { heads } = call;
    if (heads.leastRank(request.namespace, request.queue) <= position) return undefined;
    if (heads.leastAssigned(owner) <= position || heads.anyLapsed()) return undefined;
    return isAlive(incarnations, owner, call) ? owner : undefined;
  }

  return {
    isLimited: limits.any,
    call: (options) => ({
      heads: backlog.heads(),
      room: deliveries.room(),
      alive: new Map(),
      unowned: options?.unowned,
      outside: options?.outside,
      limited: undefined,
    }),
    start: (request, call) => {
      const refusable = call.outside === true && limits.any(call);
      const asEarlier = (): StartResult | undefined => earlier.answer(request, call.predecessor, call.room);
      // Whether the run id is taken is looked at only where the insert says so: a run has history while it is there.
      const result =
        request.key === undefined && !refusable
          ? (insert(request, call) ?? asEarlier())
          : (asEarlier() ?? (refusable ? limits.refuse(request) : undefined) ?? insert(request, call));
      if (result === undefined) throw new Error(`run ${request.runId} has history and no row`);
      return result;
    },
  };
}

function eligibleAssignment(
  incarnations: Incarnations,
  { owner, assignTo }: StartRequest,
  call: StartCall,
): Assignment | undefined {
  if (assignTo === undefined || owner !== undefined || assignTo.windowMs <= 0) return undefined;
  return isAlive(incarnations, assignTo.engineId, call) ? assignTo : undefined;
}

/** Looked at once a call. */
function isAlive(incarnations: Incarnations, engineId: string, call: StartCall): boolean {
  let alive = call.alive.get(engineId);
  if (alive === undefined) call.alive.set(engineId, (alive = incarnations.alive(engineId)));
  return alive;
}

interface Placement {
  at: number;
  startAt: number;
  position: number;
  owner: string | undefined;
  brought: string | null;
  assignment: Assignment | undefined;
}

/** The new row, in the order of the INSERT. */
function valuesOf(request: StartRequest, placement: Placement): Value[] {
  const { at, startAt, position, owner, brought, assignment } = placement;
  const delayed = startAt > at;
  const unowned = delayed ? STATUS_CODE.waiting : STATUS_CODE.queued;
  return [
    request.runId,
    request.namespace,
    request.workflow,
    request.workflowVersion,
    request.queue,
    PRIORITY_CODE[request.priority],
    owner === undefined ? unowned : STATUS_CODE.running,
    position,
    owner ?? null,
    FIRST_EPOCH,
    request.commitId,
    delayed ? startAt : null,
    delayed ? null : at,
    at,
    owner === undefined ? null : at,
    request.deadlineAt ?? null,
    request.key ?? null,
    encodeTags(request.tags),
    request.parentRunId ?? null,
    request.parentOrdinal ?? null,
    brought,
    assignment?.engineId ?? null,
    assignment === undefined ? null : at + Math.ceil(assignment.windowMs),
  ];
}

function prepareStatements(connection: Connection) {
  return {
    insertRun: connection.prepare(`
      INSERT INTO runs (run_id, namespace, workflow, workflow_version, queue, priority, status, rank, owner, epoch,
        version, commit_id, events, inbox_seq, wake_at, ready_at, created_at, started_at, deadline_at, key, tags,
        parent_run_id, parent_ordinal, limits, assigned_to, assigned_until)
      VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, 0, ?, 1, 0, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`),
    insertHistory: connection.prepare(
      'INSERT INTO history (run_id, seq, count, at, data) VALUES (?, 0, 1, ?, ?) ON CONFLICT DO NOTHING',
    ),
    setHolder: connection.prepare(`
      INSERT INTO keys (namespace, key, run_id, fingerprint, dedup_ms) VALUES (?, ?, ?, ?, ?)
      ON CONFLICT (namespace, key) DO UPDATE
      SET run_id = excluded.run_id, fingerprint = excluded.fingerprint, dedup_ms = excluded.dedup_ms`),
  };
}
