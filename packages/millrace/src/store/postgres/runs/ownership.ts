import type {
  Adopter,
  ClaimRequest,
  DeliveryResult,
  Message,
  WakeRequest,
  WakeResult,
} from '../../port/store.ts';
import { int4Array, textArray, uuidArray } from '../database/binary-array.ts';
import type { Statement } from '../database/connect.ts';
import { grantsOf, saidIn, withExpiry } from '../locks/statements.ts';
import { type Answer, ASSIGNMENT, deliveryOf, ownedOf, RUN, SUMMARY } from './answer.ts';
import {
  engineColumn,
  MESSAGE_COLUMNS,
  messageColumns,
  SCOPE_COLUMNS,
  scopeColumns,
  sparse,
} from './columns.ts';
import { functionCall } from './function-call.ts';

/*
 * The acts by which runs pass from nobody to an engine, and back. `now`: undefined for the database's clock.
 */

const DELIVER = functionCall('deliver_v1', 3 + MESSAGE_COLUMNS);
// An id that is not of the namespace that stands beside it is none. A run never changes its namespace, so that it can be
// looked at before the lock.
const DELIVER_WITHIN = DELIVER.replace(
  '$4',
  `ARRAY(
    SELECT CASE WHEN m.own IS NULL THEN m.run_id ELSE coalesce(
      (SELECT r.run_id FROM millrace.runs r WHERE r.run_id = m.run_id AND r.namespace = m.own LIMIT 1),
      (SELECT c.run_id FROM millrace.runs_closed c WHERE c.run_id = m.run_id AND c.namespace = m.own LIMIT 1)) END
    FROM unnest($4::uuid[], $${4 + MESSAGE_COLUMNS}::text[]) WITH ORDINALITY AS m(run_id, own, n) ORDER BY m.n)`,
);
const CLAIM = functionCall('claim_v1', 4 + SCOPE_COLUMNS);
const WAKE = functionCall('wake_v1', 6 + SCOPE_COLUMNS);
const RELEASE = functionCall('release_v1', 4);

export function deliverStatement(
  messages: readonly Message[],
  adopter: Adopter | undefined,
  now: number | undefined,
): Statement {
  const sendings = messages.map((message) => ({ message, adopter }));
  const values = [now, engineColumn([adopter?.engineId]), null, ...messageColumns(sendings)];
  const within = messages.map(({ target }) => ('runId' in target ? target.namespace : undefined));
  const named = sparse(textArray, within);
  return named === null ? { text: DELIVER, values } : { text: DELIVER_WITHIN, values: [...values, named] };
}

/** Results in message order. */
export function deliverResults(messages: readonly Message[], answers: readonly Answer[]): DeliveryResult[] {
  const results = messages.map((): DeliveryResult => ({ outcome: 'not-found' }));
  for (const answer of answers) results[answer[1] - 1] = deliveryOf(answer);
  return results;
}

/** See schema/functions/claim.ts. */
const SUSPECTS = { false: 0, true: 1, more: 2 } as const;

export function claimStatement(request: ClaimRequest, now: number | undefined): Statement {
  return {
    text: CLAIM,
    values: [now, request.engineId, ...scopeColumns(request), request.limit, SUSPECTS[`${request.suspects}`]],
  };
}

export function wakeStatement(request: WakeRequest, now: number | undefined): Statement {
  const { limit, adopter, windowMs = 0, headStartMs = 0 } = request;
  const times = [Math.ceil(windowMs), Math.floor(headStartMs)];
  const values = [now, limit, adopter?.engineId, adopter?.limit ?? 0, ...times, ...scopeColumns(request)];
  return withExpiry({ text: WAKE, values }, engineColumn([adopter?.engineId]));
}

export function wakeResult(answers: readonly Answer[]): WakeResult {
  const adopted = answers.filter((answer) => answer[0] === RUN).map(ownedOf);
  const summary = answers.find((answer) => answer[0] === SUMMARY);
  if (summary === undefined) throw new Error('wake_v1 answered without its last row');
  // In the summary these columns hold other things: see schema/functions/wake.ts.
  const expiry: number | null = saidIn(answers)[13];
  const nextWakeAt = Math.min(...[summary[13] as number | null, expiry].map((at) => at ?? Infinity));
  const grants = grantsOf(answers);
  const assigned = answers.flatMap(([part, , , , , other]) =>
    part === ASSIGNMENT && other !== null ? [other] : [],
  );
  return {
    ...{ adopted, assigned, queued: summary[1] },
    nextWakeAt: nextWakeAt === Infinity ? undefined : nextWakeAt,
    storeTime: summary[14] ?? 0,
    ...(grants.length > 0 && { grants }),
  };
}

export function releaseStatement(
  runs: readonly { runId: string; epoch: number; version: number }[],
  now: number | undefined,
): Statement {
  const sorted = runs.toSorted((a, b) => (a.runId < b.runId ? -1 : 1));
  return {
    text: RELEASE,
    values: [
      now,
      uuidArray(sorted.map(({ runId }) => runId)),
      int4Array(sorted.map(({ epoch }) => epoch)),
      int4Array(sorted.map(({ version }) => version)),
    ],
  };
}
