import {
  describeLimit,
  describeQueues,
  type LimitDescription,
  type QueueDescription,
} from '../../core/limits/describe-queue.ts';
import type { Store } from '../../store/port/store.ts';
import { ask } from '../store-failure.ts';

export async function readQueues(store: Store, namespace: string): Promise<QueueDescription[]> {
  const { storeTime } = await ask(() => store.listEngines());
  const [queues, limits] = await Promise.all([
    ask(() => store.readQueues(namespace)),
    ask(() => store.readLimits(namespace)),
  ]);
  return describeQueues(queues, limits, storeTime);
}

export async function readLimits(store: Store, namespace: string): Promise<LimitDescription[]> {
  return (await ask(() => store.readLimits(namespace))).map(describeLimit);
}

/** One queue, empty and without limits as it may be. */
export async function describeQueue(
  store: Store,
  namespace: string,
  queue: string,
): Promise<QueueDescription> {
  const found = (await readQueues(store, namespace)).find((described) => described.queue === queue);
  return (
    found ??
    (describeQueues(
      [{ queue, depth: 0, oldestReadyAt: undefined, running: 0 }],
      [],
      0,
    )[0] as QueueDescription)
  );
}
