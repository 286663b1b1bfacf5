import type { Plan, PlanResult, Store } from '../../store/port/store.ts';
import { StoreError } from '../../store/port/errors.ts';
import type { Ports } from '../ports.ts';
import { group } from './group.ts';
import { persist } from './persist.ts';

/** A plan that the store refuses for its content: it would fail for ever and must not take others with it. */
export type CommitResult = PlanResult | { outcome: 'refused'; error: StoreError };

const MAX_PLANS = 500;
const MAX_BYTES = 4 * 1024 * 1024;

/**
 * The way of plans into the store: grouped, ordered by run id (so that two engines never wait for each other
 * in a circle), repeated while the answer is ambiguous, halved when the database refuses one of them for its
 * content.
 */
export function createCommitter(
  store: Store,
  ports: Ports,
  lanes: number,
  isOver: () => boolean,
): (plan: Plan) => Promise<CommitResult> {
  const send = async (plans: Plan[]): Promise<CommitResult[]> => {
    ports.crashPoint('commit.before');
    try {
      const results = await persist(ports, () => store.commit(plans), isOver);
      ports.crashPoint('commit.after-before-act');
      return results;
    } catch (error) {
      if (!(error instanceof StoreError) || error.failure !== 'definite') throw error;
      if (plans.length === 1) return [{ outcome: 'refused', error }];
      const middle = plans.length >> 1;
      return [...(await send(plans.slice(0, middle))), ...(await send(plans.slice(middle)))];
    }
  };
  const sendInOrder = async (plans: Plan[]): Promise<CommitResult[]> => {
    const order = plans.map((_, at) => at).toSorted((a, b) => compare(plans[a] as Plan, plans[b] as Plan));
    const sorted = await send(order.map((at) => plans[at] as Plan));
    const results = new Array<CommitResult>(plans.length);
    order.forEach((at, place) => {
      results[at] = sorted[place] as CommitResult;
    });
    return results;
  };
  return group<Plan, CommitResult>({
    lanes,
    maxItems: MAX_PLANS,
    maxBytes: MAX_BYTES,
    weigh: weighPlan,
    soon: ports.soon,
    send: sendInOrder,
  });
}

function compare(a: Plan, b: Plan): number {
  return a.runId < b.runId ? -1 : 1;
}

function weighPlan(plan: Plan): number {
  let bytes = plan.history?.byteLength ?? 0;
  for (const start of plan.starts) bytes += start.history.byteLength;
  for (const message of plan.messages) bytes += message.body.byteLength;
  return bytes;
}
