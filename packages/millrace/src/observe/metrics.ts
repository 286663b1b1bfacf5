import { collectDefaultMetrics, Registry } from '@prometheus-io/client';
import type { ClusterDescription } from '../core/cluster/describe-cluster.ts';
import type { QueueDescription } from '../core/limits/describe-queue.ts';
import type { Engine } from '../engine/engine.ts';
import type { Meter } from '../engine/ports.ts';
import { createStateMetrics } from './state-metrics.ts';
import { type AnsweredRequest, createWorkMetrics } from './work-metrics.ts';

/** What metrics are read from; a `Millrace` is one. */
export interface Measured {
  readonly meters: { add(meter: Meter): void };
  readonly engine: Engine | undefined;
  readonly observatory: { listeners(): number };
  queues(): Promise<readonly QueueDescription[]>;
  cluster(): Promise<ClusterDescription>;
}

/** The metrics of one namespace of this process. */
export interface Metrics {
  /** A request of this namespace was answered. */
  answered(request: AnsweredRequest): void;
  /**
   * All of them as they stand, in the text format of Prometheus. What the store does not say in time is left out; those who
   * ask at the same time are told the same. Never rejects.
   */
  text(): Promise<string>;
}

/** Media type of the text. @source Prometheus, text exposition format 0.0.4. */
export const METRICS_TYPE = 'text/plain; version=0.0.4; charset=utf-8';

/** Whoever collects metrics waits for so long, and a store that is away must not cost those of this process. */
const PATIENCE_MS = 1_500;

/** Counts from now on what this process does. */
export function openMetrics(measured: Measured): Metrics {
  const registry = new Registry();
  const { engine } = measured;
  const work = createWorkMetrics(registry, {
    engineId: engine?.options.name ?? '',
    strategy: () => engine?.placing?.strategy() ?? engine?.options.strategy ?? '',
  });
  measured.meters.add(work);
  const show = createStateMetrics(registry);
  let pending: Promise<string> | undefined;

  async function read(): Promise<string> {
    const [queues, cluster] = await Promise.all([
      inTime(() => measured.queues()),
      inTime(() => measured.cluster()),
    ]);
    show({
      engine: engine === undefined ? null : stateOf(engine),
      listeners: measured.observatory.listeners(),
      queues,
      engines: cluster?.engines ?? null,
    });
    return `${await registry.metrics()}\n${await processRegistry().metrics()}`;
  }

  return {
    answered: work.answered,
    text() {
      pending ??= read().finally(() => (pending = undefined));
      return pending;
    },
  };
}

function stateOf(engine: Engine) {
  return {
    engineId: engine.options.name,
    load: engine.ports.load(),
    activeWorkflows: engine.held.size,
    leads: engine.leads(),
  };
}

/** Null: it failed, or did not answer in time. */
async function inTime<T>(call: () => Promise<T>): Promise<T | null> {
  const { promise: silence, resolve } = Promise.withResolvers<null>();
  const timer = setTimeout(() => resolve(null), PATIENCE_MS);
  try {
    return await Promise.race([call(), silence]);
  } catch {
    return null;
  } finally {
    clearTimeout(timer);
  }
}

let ofProcess: Registry | undefined;

/** Memory, processor and event loop: of the process, whichever namespace asks; measured from the first time on. */
function processRegistry(): Registry {
  if (ofProcess !== undefined) return ofProcess;
  ofProcess = new Registry();
  collectDefaultMetrics({ register: ofProcess, prefix: 'millrace_' });
  return ofProcess;
}
