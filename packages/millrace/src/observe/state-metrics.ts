import { Gauge, type Registry } from '@prometheus-io/client';
import type { ClusterDescription } from '../core/cluster/describe-cluster.ts';
import type { QueueDescription } from '../core/limits/describe-queue.ts';
import type { MachineLoad } from '../core/cluster/load.ts';

/** How things stand when they are asked for. */
export interface State {
  readonly engine: {
    readonly engineId: string;
    readonly load: Pick<MachineLoad, 'cpuUsage' | 'memoryUsage'>;
    readonly activeWorkflows: number;
    readonly leads: boolean;
  } | null;
  /** Who follow events through this process. */
  readonly listeners: number;
  /** Null: the store has not said it in time. */
  readonly queues: readonly QueueDescription[] | null;
  readonly engines: ClusterDescription['engines'] | null;
}

/** More queues than these are not told of by name: the ones in which most runs wait. */
const MOST_QUEUES = 200;

/** Registers the metrics of states; what it returns sets all of them. */
export function createStateMetrics(registry: Registry): (state: State) => void {
  const gauge = <L extends string>(name: string, help: string, labelNames: readonly L[]): Gauge<L> =>
    new Gauge({ name, help, labelNames: [...labelNames], registers: [registry] });
  const load = gauge('engine_load', 'Processor and memory in percent, and runs that it holds', [
    ...(['engine_id', 'metric_type'] as const),
  ]);
  const leads = gauge('millrace_leader', '1 where this engine leads', ['engine_id']);
  const engines = gauge('millrace_engines', 'Engines of this namespace, by status', ['status']);
  const queues = gauge('millrace_queues', 'Queues that have open runs or limits', []);
  const depth = gauge('millrace_queue_depth', 'Queued runs', ['queue']);
  const age = gauge('millrace_queue_oldest_age_seconds', 'For how long the first of them could have begun', [
    'queue',
  ]);
  const running = gauge('millrace_queue_running', 'Runs of the queue that an engine holds', ['queue']);
  const paused = gauge('millrace_queue_paused', '1 where the queue is paused', ['queue']);
  const listeners = gauge('millrace_event_listeners', 'Who follow events through this process', []);
  const store = gauge('millrace_store_up', '1 where the store has answered in time', []);
  const ofQueues = [queues, depth, age, running, paused];

  return (state) => {
    for (const stale of [load, leads, engines, ...ofQueues]) stale.reset();
    if (state.engine !== null) {
      const { engineId: engine_id, activeWorkflows } = state.engine;
      const { cpuUsage, memoryUsage } = state.engine.load;
      load.set({ engine_id, metric_type: 'cpu' }, cpuUsage);
      load.set({ engine_id, metric_type: 'memory' }, memoryUsage);
      load.set({ engine_id, metric_type: 'workflows' }, activeWorkflows);
      leads.set({ engine_id }, Number(state.engine.leads));
    }
    listeners.set(state.listeners);
    store.set(Number(state.queues !== null && state.engines !== null));
    for (const { status } of state.engines ?? []) engines.inc({ status });
    if (state.queues === null) return;
    queues.set(state.queues.length);
    for (const each of state.queues.toSorted((a, b) => b.depth - a.depth).slice(0, MOST_QUEUES)) {
      const { queue } = each;
      depth.set({ queue }, each.depth);
      age.set({ queue }, each.oldestAgeSeconds ?? 0);
      running.set({ queue }, each.running);
      paused.set({ queue }, Number(each.paused));
    }
  };
}
