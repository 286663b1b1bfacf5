import { setTimeout as pause } from 'node:timers/promises';
import type { FailoverDescription, Millrace } from 'millrace';
import { failoverLine } from './console/report.ts';
import type { View } from './console/view.ts';
import type { Fleet } from './fleet/fleet.ts';
import { parcel, type Delivery, type Parcel } from './parcel.ts';

export const ENGINES = ['north', 'east', 'south'] as const;

export interface JourneyOptions {
  readonly millrace: Millrace;
  readonly fleet: Fleet;
  readonly view: View;
  readonly parcels: readonly Parcel[];
  /** Whether an engine is killed in the middle. */
  readonly kill: boolean;
}

export interface Journey {
  readonly deliveries: Delivery[];
  readonly failures: string[];
  readonly failover: FailoverDescription | undefined;
}

const BATCH = 30;
const BATCH_MS = 100;
const LOOK_MS = 250;

/** Sends all parcels, kills the leader when a third has arrived, and waits for the rest. */
export async function travel(options: JourneyOptions): Promise<Journey> {
  const { millrace, view, parcels, kill } = options;
  const deliveries: Delivery[] = [];
  const failures: string[] = [];
  const byEngine = new Map<string, number>();
  let started = 0;
  const settled: Promise<void>[] = [];

  const settle = async (result: Promise<Delivery>): Promise<void> => {
    try {
      const delivery = await result;
      deliveries.push(delivery);
      const last = delivery.depots.at(-1) ?? '';
      byEngine.set(last, (byEngine.get(last) ?? 0) + 1);
    } catch (error) {
      failures.push((error as Error).message);
    }
  };
  const send = async (): Promise<void> => {
    for (let from = 0; from < parcels.length; from += BATCH) {
      const batch = parcels.slice(from, from + BATCH);
      const runs = await millrace.startMany(batch.map((input) => ({ workflow: parcel, input })));
      started += runs.length;
      for (const run of runs) settled.push(settle(run.result()));
      await pause(BATCH_MS);
    }
    await Promise.all(settled);
  };

  const work = new AbortController();
  const total = parcels.length;
  const show = async (): Promise<void> => {
    while (!work.signal.aborted) {
      const cluster = await millrace.cluster();
      view.show(cluster, { total, started, delivered: deliveries.length, byEngine });
      await pause(LOOK_MS);
    }
    view.show(await millrace.cluster(), { total, started, delivered: deliveries.length, byEngine });
  };
  const third = () => deliveries.length >= total / 3;
  const accident = kill ? killLeader(options, third) : Promise.resolve(undefined);
  const worked = Promise.all([send(), accident]).finally(() => work.abort());
  const [[, failover]] = await Promise.all([worked, show()]);
  return { deliveries, failures, failover };
}

/** The leader's process ends without a word; others find out, take its runs, and one of them leads. */
async function killLeader(
  { millrace, fleet, view }: JourneyOptions,
  isTime: () => boolean,
): Promise<FailoverDescription> {
  while (!isTime()) await pause(20);
  const { engines, leaderIncarnation } = await millrace.cluster();
  const ours = engines.filter(({ engineId, status }) => isOurs(engineId) && status === 'alive');
  const victim = ours.find(({ incarnation }) => incarnation === leaderIncarnation) ?? ours[0];
  if (victim === undefined) throw new Error('none of the engines is there');
  const { engineId: name, incarnation } = victim;
  fleet.kill(name);
  view.tell(`kill -9 ${name}${incarnation === leaderIncarnation ? ', which was leading' : ''}`);
  for (;;) {
    const { failovers } = await millrace.failovers({ limit: 50 });
    const event = failovers.find(
      ({ failedIncarnation, finishedAt }) => failedIncarnation === incarnation && finishedAt !== null,
    );
    if (event !== undefined) {
      view.tell(failoverLine(event));
      await fleet.start(name);
      view.tell(`${name} is back, as a new incarnation`);
      return event;
    }
    await pause(50);
  }
}

function isOurs(name: string): boolean {
  return ENGINES.some((engine) => engine === name);
}
