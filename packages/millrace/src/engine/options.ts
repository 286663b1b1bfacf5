import type { PoolReport } from '../core/cluster/pool-report.ts';
import type { LogLevel } from '../core/lines/line.ts';
import type { StepPolicy } from '../core/run/command.ts';
import type { Executor } from '../core/workflow/context.ts';
import type { LoadWeights } from '../core/placement/state.ts';
import type { StrategyName } from '../core/placement/strategy.ts';
import type { AnyWorkflow } from '../core/workflow/workflow.ts';

/** What an engine is told at its creation; times in ms. */
export interface EngineOptions {
  /** Human name of this engine (`NODE_ID`). */
  readonly name: string;
  readonly namespace: string;
  /** Where it stands, what it has, and its share of work beside others: for placement. */
  readonly region: string | undefined;
  readonly labels: readonly string[];
  readonly weight: number;
  /** By which runs are placed that begin here, while nothing is set for all engines; and how loads are weighed. */
  readonly strategy: StrategyName;
  readonly loadWeights: LoadWeights;
  /** Names of the engines that should be there. */
  readonly expectedEngines: readonly string[];
  /** Whether it declares silent engines dead; otherwise it only reports them. */
  readonly failover: boolean;
  /** Queues to claim from; undefined: all. */
  readonly queues: readonly string[] | undefined;
  readonly workflows: readonly AnyWorkflow[];
  readonly executors: Readonly<Record<string, Executor>>;
  /** What its worker processes do, where it has some. */
  readonly reportPool: (() => PoolReport) | undefined;
  /** Runs in turn at once. */
  readonly concurrency: number;
  /** Attempts of local steps at once. */
  readonly stepConcurrency: number;
  /** Suspended runs kept in memory. */
  readonly cacheSize: number;
  /** How long a run that wakes up is kept for the engine that has it in memory. */
  readonly stickyMs: number;
  /** Batches of plans in flight at once. */
  readonly commitLanes: number;
  readonly beatMs: number;
  readonly leaseMs: number;
  /** How long the beat of a process that is known to be gone must have stood still. */
  readonly suspectMs: number;
  /** Deaths in a row as the sole suspect that a run survives. */
  readonly deathLimit: number;
  /** Longest pause between two polls for queued runs while beats do not say that there are none. */
  readonly idlePollMs: number;
  readonly auditMs: number;
  /** How long entries of the audit log are kept. */
  readonly auditRetentionMs: number;
  /** Least important lines of runs that are stored, and how long a log is kept that nobody writes to. */
  readonly runLogLevel: LogLevel | 'off';
  readonly runLogRetentionMs: number;
  /** How long a closed run answers for its key. */
  readonly dedupMs: number;
  readonly maxPayloadBytes: number;
  readonly defaultStep: StepPolicy;
  /** How long a lock is held whose asker says nothing. */
  readonly lockMs: number;
}
