import { STATUS_CODE } from '../../../core/status.ts';
import type {
  DeliveryResult,
  NextState,
  Plan,
  PlanResult,
  StartRequest,
  StartResult,
} from '../../port/store.ts';
import { byteaArray, int4Array, int8Array, textArray, uuidArray } from '../database/binary-array.ts';
import type { Statement } from '../database/connect.ts';
import { DISCARD } from '../schema/functions/commit.ts';
import { grantsOf, withLocks } from '../locks/statements.ts';
import { type Answer, DELIVERY, deliveryOf, PLAN } from './answer.ts';
import {
  engineColumn,
  MESSAGE_COLUMNS,
  messageColumns,
  roundUp,
  sparse,
  START_COLUMNS,
  startColumns,
} from './columns.ts';
import { functionCall } from './function-call.ts';
import { startResults, withoutOvertaking } from './start.ts';

const PLAN_COLUMNS = 14;
const COMMIT = functionCall('commit_v1', 4 + PLAN_COLUMNS + 2 + 1 + START_COLUMNS + 1 + MESSAGE_COLUMNS);

/**
 * The plans of a call in the order in which rows are locked, and what belongs to them, each with its plan's
 * place.
 */
export interface Flush {
  /** Places of the plans in the caller's list, by run id. */
  order: readonly number[];
  plans: readonly Plan[];
  starts: readonly StartRequest[];
  startPlans: number[];
  messagePlans: number[];
}

export function arrange(plans: readonly Plan[]): Flush {
  const order = plans.map((_, index) => index).toSorted((a, b) => compare(plans[a], plans[b]));
  const sorted = order.map((index) => plans[index]).filter((plan) => plan !== undefined);
  return {
    order,
    plans: sorted,
    starts: withoutOvertaking(sorted.flatMap((plan) => plan.starts)),
    startPlans: sorted.flatMap((plan, index) => plan.starts.map(() => index + 1)),
    messagePlans: sorted.flatMap((plan, index) => plan.messages.map(() => index + 1)),
  };
}

function compare(a: Plan | undefined, b: Plan | undefined): number {
  if (a === undefined || b === undefined || a.runId === b.runId) return 0;
  return a.runId < b.runId ? -1 : 1;
}

export function commitStatement(flush: Flush, now: number | undefined): Statement {
  const { plans, starts } = flush;
  const kinds = plans.map((plan) => kindOf(plan.next));
  const open = kinds.filter((kind) => kind < STATUS_CODE.completed).length;
  const consumed = plans.flatMap((plan, index) => plan.consumed.map((seq) => ({ plan: index + 1, seq })));
  // A run's key passes to its successor, to no other child.
  const predecessors = plans.flatMap((plan) =>
    plan.starts.map(({ runId }) =>
      plan.next.kind === 'close' && plan.next.successor === runId ? plan.runId : undefined,
    ),
  );
  const sendings = plans.flatMap((plan) =>
    plan.messages.map((message) => ({ message, adopter: plan.adopter })),
  );
  const engines = [
    ...plans.map((plan) => plan.engineId),
    ...starts.map((start) => start.owner),
    ...sendings.map(({ adopter }) => adopter?.engineId),
  ];
  // One statement changes rows in their order; where several do, they are locked in order first.
  const lock = sendings.length > 0 || (open > 0 && open < plans.length);
  const engineIds = engineColumn(engines);
  const statement = {
    text: COMMIT,
    values: [
      now,
      engineIds,
      lock,
      open,
      ...planColumns(plans, kinds),
      consumed.length === 0 ? null : int4Array(consumed.map(({ plan }) => plan)),
      consumed.length === 0 ? null : int4Array(consumed.map(({ seq }) => seq)),
      starts.length === 0 ? null : int4Array(flush.startPlans),
      ...startColumns(starts, predecessors),
      sendings.length === 0 ? null : int4Array(flush.messagePlans),
      ...messageColumns(sendings),
    ],
  };
  return withLocks(statement, plans, engineIds);
}

function planColumns(plans: readonly Plan[], kinds: readonly number[]): (Buffer | null)[] {
  const next = plans.map((plan) => plan.next);
  return [
    uuidArray(plans.map((plan) => plan.runId)),
    uuidArray(plans.map((plan) => plan.engineId)),
    int4Array(plans.map((plan) => plan.epoch)),
    int4Array(plans.map((plan) => plan.version)),
    int8Array(plans.map((plan) => plan.commitId)),
    int4Array(plans.map((plan) => plan.seq)),
    int4Array(plans.map((plan) => plan.count)),
    sparse(
      byteaArray,
      plans.map((plan) => plan.history),
    ),
    int4Array(kinds),
    sparse(
      int4Array,
      next.map((state) => ('inboxSeq' in state ? state.inboxSeq : undefined)),
    ),
    sparse(
      int8Array,
      next.map((state) => (state.kind === 'suspend' ? roundUp(state.wakeAt) : undefined)),
    ),
    sparse(
      byteaArray,
      next.map((state) => ('waits' in state ? state.waits : undefined)),
    ),
    sparse(
      textArray,
      next.map((state) => (state.kind === 'block' ? state.code : undefined)),
    ),
    sparse(
      uuidArray,
      next.map((state) => (state.kind === 'close' ? state.successor : undefined)),
    ),
  ];
}

/** The status that a run has after its plan, or that it has none. */
function kindOf(next: NextState): number {
  switch (next.kind) {
    case 'continue':
      return STATUS_CODE.running;
    case 'suspend':
      return STATUS_CODE.waiting;
    case 'block':
      return STATUS_CODE.blocked;
    case 'close':
      return STATUS_CODE[next.status];
    case 'discard':
      return DISCARD;
  }
}

const NO_STARTS: StartResult[] = [];
const NO_DELIVERIES: DeliveryResult[] = [];

/** Results in the caller's order; plans that no answer speaks of were plainly applied. */
export function commitResults(flush: Flush, answers: readonly Answer[]): PlanResult[] {
  const refused = new Map<number, PlanResult>();
  const deliveries = new Map<number, DeliveryResult>();
  for (const answer of answers) {
    if (answer[0] === PLAN) refused.set(answer[1], refusalOf(answer));
    else if (answer[0] === DELIVERY) deliveries.set(answer[1], deliveryOf(answer));
  }
  const started = flush.starts.length === 0 ? NO_STARTS : startResults(flush.starts, answers, false);
  const results: PlanResult[] = flush.plans.map(() => ({ outcome: 'conflict' }));
  let firstStart = 0;
  let firstMessage = 0;
  for (const [index, { starts, messages, locks }] of flush.plans.entries()) {
    const message = firstMessage + 1;
    const grants = locks === undefined ? undefined : grantsOf(answers, index + 1);
    results[flush.order[index] ?? index] = refused.get(index + 1) ?? {
      outcome: 'ok',
      ...(grants && { grants }),
      starts: starts.length === 0 ? NO_STARTS : started.slice(firstStart, firstStart + starts.length),
      deliveries:
        messages.length === 0
          ? NO_DELIVERIES
          : messages.map((_, place) => deliveries.get(message + place) ?? { outcome: 'not-found' }),
    };
    firstStart += starts.length;
    firstMessage += messages.length;
  }
  return results;
}

function refusalOf([, , code, , seq]: Answer): PlanResult {
  switch (code) {
    case 1:
      return { outcome: 'already' };
    case 3:
      return { outcome: 'unread', inboxSeq: seq };
    default:
      return { outcome: 'conflict' };
  }
}
