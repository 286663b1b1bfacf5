import {
  describeLimit,
  describeQueues,
  type LimitDescription,
  type QueueDescription,
} from '../../core/limits/describe-queue.ts';
import { desiredEngines } from '../../core/limits/autoscaling.ts';
import { engineView } from '../../core/cluster/engine-view.ts';
import type { Store } from '../../store/port/store.ts';
import { ask } from '../store-failure.ts';
import type { QueueReports } from './queue-reports.ts';

/** Where queues are looked at. */
export interface QueueDesk {
  readonly store: Store;
  readonly namespace: string;
  readonly reports: QueueReports;
  storeTime(): number;
}

export async function readQueues({
  store,
  namespace,
  reports,
  storeTime,
}: QueueDesk): Promise<QueueDescription[]> {
  const [queues, limits] = await Promise.all([reports(), ask(() => store.readLimits(namespace))]);
  return describeQueues(queues, limits, storeTime());
}

export async function readLimits(store: Store, namespace: string): Promise<LimitDescription[]> {
  return (await ask(() => store.readLimits(namespace))).map(describeLimit);
}

/** One queue, empty and without limits as it may be. */
export async function describeQueue(desk: QueueDesk, queue: string): Promise<QueueDescription> {
  const found = (await readQueues(desk)).find((described) => described.queue === queue);
  return (
    found ??
    (describeQueues(
      [{ queue, depth: 0, oldestReadyAt: undefined, running: 0 }],
      [],
      0,
    )[0] as QueueDescription)
  );
}

/** What an autoscaler asks about a queue. */
export interface Autoscaling {
  readonly queue: string;
  /** Queued runs. */
  readonly depth: number;
  readonly oldestAgeSeconds: number | null;
  /** How many engines the queue wants: docs/guides/server.md has the formula. */
  readonly desired: number;
}

export async function readAutoscaling(desk: QueueDesk, queue: string): Promise<Autoscaling> {
  const { store, namespace } = desk;
  const { storeTime, engines: rows } = await ask(() => store.listEngines());
  const [reports, limits] = await Promise.all([desk.reports(), ask(() => store.readLimits(namespace))]);
  const reported = reports.filter((report) => report.queue === queue);
  const described = describeQueues(reported, limits, storeTime).find((one) => one.queue === queue);
  if (described === undefined) return { queue, depth: 0, oldestAgeSeconds: null, desired: 0 };
  const { depth, oldestAgeSeconds, running, paused } = described;
  const { maxConcurrent, ratePerSecond } = described.limits;
  const engines = rows
    .map((row) => engineView(row, storeTime))
    .filter((view) => view.namespace === namespace && (view.queues?.includes(queue) ?? true))
    .filter(({ state }) => state === 'alive')
    .map(({ capacity, load }) => ({ room: capacity.workflows, cpuUsage: load.cpuUsage }));
  const open = reported.length > 0;
  const pressure = { open, depth, oldestAgeSeconds, running, paused, maxConcurrent, ratePerSecond, engines };
  return { queue, depth, oldestAgeSeconds, desired: desiredEngines(pressure) };
}
