import { isClosed, priorityOf, statusOf } from '../../../core/status.ts';
import type { ClaimedRuns, DeliveryResult, OwnedRun, StartRequest, StartResult } from '../../port/store.ts';
import type { ClosedStatus } from '../../../core/status.ts';

/** A row of the composite type `answer_v1`, whose columns are named in schema/functions/answer.ts. */
export type Answer = [
  part: number,
  ord: number,
  code: number,
  status: number,
  seq: number,
  other: string | null,
  runId: string,
  epoch: number,
  version: number,
  events: number,
  inboxSeq: number,
  priority: number | null,
  suspect: boolean,
  createdAt: number,
  deadlineAt: number | null,
  parentRunId: string | null,
  parentOrdinal: number | null,
  namespace: string,
  workflow: string,
  workflowVersion: string,
  queue: string,
  key: string | null,
  tags: string[] | null,
  history: Uint8Array | null,
];

/** What an answer is about. */
export const PLAN = 0;
export const START = 1;
export const DELIVERY = 2;
export const START_DELIVERY = 3;
export const RUN = 4;
export const SUMMARY = 5;
export const ASSIGNMENT = 6;
const HELD_BACK = 7;
export const FREED = 8;

const NO_TAGS: readonly string[] = [];

export function ownedOf(answer: Answer): OwnedRun {
  return {
    runId: answer[6],
    namespace: answer[17],
    workflow: answer[18],
    workflowVersion: answer[19],
    queue: answer[20],
    priority: priorityOf(answer[11] ?? 0),
    key: answer[21] ?? undefined,
    tags: answer[22] ?? NO_TAGS,
    parentRunId: answer[15] ?? undefined,
    parentOrdinal: answer[16] ?? undefined,
    createdAt: answer[13],
    deadlineAt: answer[14] ?? undefined,
    epoch: answer[7],
    version: answer[8],
    events: answer[9],
    inboxSeq: answer[10],
    suspect: answer[12],
  };
}

export function claimsOf(answers: readonly Answer[]): ClaimedRuns {
  const claims: ClaimedRuns = [];
  for (const answer of answers) {
    if (answer[0] === HELD_BACK) claims.askAgainMs = answer[14] ?? 0;
    else claims.push({ ...ownedOf(answer), history: answer[23] ?? undefined });
  }
  return claims;
}

function closedStatusOf(code: number): ClosedStatus {
  const status = statusOf(code);
  if (!isClosed(status)) throw new Error(`a closed run with status ${status}`);
  return status;
}

export function deliveryOf(answer: Answer): DeliveryResult {
  const [, , code, status, seq, other, runId] = answer;
  switch (code) {
    case 0:
      return {
        outcome: 'delivered',
        runId,
        seq,
        adopted: answer[11] === null ? undefined : ownedOf(answer),
        ownerId: other ?? undefined,
        assignedTo: undefined,
      };
    case 4:
      return {
        ...{ outcome: 'delivered', runId, seq, adopted: undefined, ownerId: undefined },
        assignedTo: other ?? undefined,
      };
    case 1:
      return { outcome: 'duplicate', runId };
    case 2:
      return { outcome: 'run-closed', runId, status: closedStatusOf(status), successor: other ?? undefined };
    default:
      return { outcome: 'not-found' };
  }
}

/** Every run begins with this epoch, so that a row with another one has changed hands since. */
const FIRST_EPOCH = 1;

/** The answer to a start that no row of the function speaks of. */
export function plainlyStarted(request: StartRequest, owned: boolean): StartResult {
  const { runId, assignTo } = request;
  const inboxSeq = request.message === undefined ? 0 : 1;
  const assignedTo = request.owner === undefined ? assignTo?.engineId : undefined;
  return { outcome: 'started', runId, owned, assignedTo, epoch: FIRST_EPOCH, version: 0, inboxSeq };
}

export function startOf(answer: Answer, delivery: DeliveryResult | undefined): StartResult {
  const [, , code, status, seq, other, runId, epoch, version, , inboxSeq] = answer;
  switch (code) {
    case 0:
      return {
        ...{ outcome: 'started', runId, owned: other !== null, assignedTo: undefined },
        ...{ epoch, version, inboxSeq },
      };
    case 3:
      return {
        ...{ outcome: 'started', runId, owned: false, assignedTo: other ?? undefined },
        ...{ epoch, version, inboxSeq },
      };
    case 1:
      return { outcome: 'existing', runId, status: statusOf(status), ...(delivery && { delivery }) };
    case 4:
      return { outcome: 'queue-full', runId, maxDepth: seq, heldMs: epoch, stepMs: version ?? undefined };
    default:
      return { outcome: 'key-in-use', runId, status: statusOf(status) };
  }
}
