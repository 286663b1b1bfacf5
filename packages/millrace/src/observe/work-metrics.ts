import { Counter, Histogram, type Registry } from '@prometheus-io/client';
import type { Meter } from '../engine/ports.ts';

/** What was answered over HTTP. */
export interface AnsweredRequest {
  readonly method: string;
  /** As the table of routes has it, with parameters in braces. */
  readonly route: string;
  readonly status: number;
  readonly ms: number;
}

/** Counts what this process does, as it happens. */
export interface WorkMetrics extends Meter {
  answered(request: AnsweredRequest): void;
}

export interface Naming {
  /** Of the engine, for people. */
  readonly engineId: string;
  /** By which runs are placed at present. */
  strategy(): string;
}

const NODE_BUCKETS = [0.1, 0.5, 1, 2, 5, 10, 30, 60, 120, 300];
/** Beyond a second, so that a quantile of more than one can be seen. */
const LOCK_BUCKETS = [0.001, 0.005, 0.01, 0.05, 0.1, 0.5, 1, 2, 5, 10];
const RUN_BUCKETS = [0.01, 0.1, 1, 10, 60, 600, 3_600, 86_400];

/** Registers the metrics of work under the names that dashboards and alert rules go by. */
export function createWorkMetrics(
  registry: Registry,
  { engineId: engine_id, strategy }: Naming,
): WorkMetrics {
  const registers = [registry];
  const executions = new Counter({
    name: 'workflow_executions_total',
    help: 'Runs that ended on this engine',
    labelNames: ['engine_id', 'status', 'assignment_strategy'],
    registers,
  });
  const durations = new Histogram({
    name: 'millrace_run_duration_seconds',
    help: 'From the start of a run to its end, waits included',
    labelNames: ['engine_id', 'workflow', 'status'],
    buckets: RUN_BUCKETS,
    registers,
  });
  const attempts = new Histogram({
    name: 'node_execution_duration_seconds',
    help: 'Attempts of steps, executors and transactions that ended on this engine',
    labelNames: ['engine_id', 'node_type', 'executor'],
    buckets: NODE_BUCKETS,
    registers,
  });
  const failures = new Counter({
    name: 'millrace_attempts_failed_total',
    help: 'Those of them that failed or ran out of time',
    labelNames: ['engine_id', 'node_type', 'executor'],
    registers,
  });
  const locks = new Histogram({
    name: 'lock_acquisition_duration_seconds',
    help: 'From asking for a lock to having it; lock_type says who asked: a run, or a function of this process',
    labelNames: ['lock_type'],
    buckets: LOCK_BUCKETS,
    registers,
  });
  const requests = new Histogram({
    name: 'millrace_http_request_duration_seconds',
    help: 'Requests to the API of this process, until their answer begins',
    labelNames: ['method', 'route', 'status'],
    registers,
  });
  return {
    ended({ workflow, status, ms }) {
      executions.inc({ engine_id, status, assignment_strategy: strategy() });
      durations.observe({ engine_id, workflow, status }, ms / 1000);
    },
    attempted({ kind, executor = LOCAL, failed, ms }) {
      const labels = { engine_id, node_type: kind, executor };
      attempts.observe(labels, ms / 1000);
      if (failed) failures.inc(labels);
    },
    locked: (lock_type, ms) => locks.observe({ lock_type }, ms / 1000),
    answered: ({ method, route, status, ms }) => requests.observe({ method, route, status }, ms / 1000),
  };
}

/** The executor of what a program does itself: names of its steps can be any number. */
const LOCAL = 'local';
