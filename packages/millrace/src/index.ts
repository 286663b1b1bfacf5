export { Millrace, type RunsFilter, type SignalWithStartOptions, type StartItem } from './millrace.ts';
export type { MillraceOptions } from './api/options.ts';
export type { Run, RunGraph } from './api/handle.ts';
export type { LogFilter, LogPage, LogPageOptions } from './api/lines/log-page.ts';
export type { LogOptions } from './api/lines/read-log.ts';
export type { RetryRunOptions } from './api/retry.ts';
export type { HistoryPage, HistoryPageOptions } from './api/run/history-page.ts';
export type { OutcomeOptions, RunOutcome } from './api/run/outcome.ts';
export type { StartOutcome } from './api/run/start-outcome.ts';
export type { PauseOptions } from './api/pausing/pause.ts';
export type { StartOptions } from './api/start-request.ts';
export { workflow } from './core/workflow/workflow.ts';
export type {
  AnyWorkflow,
  InputOf,
  NamedWorkflow,
  OutputOf,
  Workflow,
  WorkflowOptions,
} from './core/workflow/workflow.ts';
export { signal, type Signal } from './core/workflow/signal.ts';
export type {
  CallOptions,
  ChildOptions,
  CompensatingCall,
  Context,
  Executor,
  External,
  FencingToken,
  Log,
  SleepOptions,
  StepContext,
  StepOptions,
  SyncTransactionHandle,
  TransactionHandle,
  WaitOptions,
} from './core/workflow/context.ts';
export {
  CancelledError,
  ChildFailedError,
  ERRORS,
  MillraceError,
  StepError,
  TerminalError,
  TimeoutError,
  isMillraceError,
  type ErrorCode,
} from './core/errors.ts';
export type { Act, ActOutcome, AuditDescription } from './core/audit/act.ts';
export type { AuditFilterOptions, AuditPage } from './api/audit/look.ts';
export type { HeldLock } from './api/locks/hold.ts';
export type { RunLock } from './core/locks/ask.ts';
export type { LockClaimant, LockDescription } from './core/locks/describe-lock.ts';
export type { LockOptions } from './core/locks/lock-options.ts';
export type { Secrets } from './core/configuration/secrets.ts';
export type { PayloadKey } from './core/payload/payload-keys.ts';
export type { Duration } from './core/duration.ts';
export { isolated, type IsolatedExecutor, type IsolatedOptions } from './core/pool/isolated.ts';
export type { PoolOptions } from './core/pool/pool-options.ts';
export type { PoolDecision, PoolState, WorkerState } from './core/pool/state.ts';
export type { RuleOptions } from './core/placement/rule.ts';
export type { LoadWeights } from './core/placement/state.ts';
export type { StrategyName } from './core/placement/strategy.ts';
export type { RetryOptions } from './core/policy/retry.ts';
export type { Cause, Reason, ReasonCode, Remedy, Why } from './core/policy/why.ts';
export type { EngineLog } from './engine/ports.ts';
export type { CreatedKey, KeyOptions, KeyPage, Keys, VerifiedKey } from './api/access/keys.ts';
export type { KeyDescription } from './core/access/describe-key.ts';
export type { Permission, Role } from './core/access/roles.ts';
export type { LimitTarget, QueueChange } from './api/limits/change.ts';
export type { WatchOptions } from './api/changes/observer.ts';
export type { ChangeFilter } from './core/changes/filter.ts';
export type { ChangeEvent, ChangeKind, HistoryChange } from './core/changes/change.ts';
export type { Autoscaling } from './api/limits/look.ts';
export type { DeadPage, Redriven } from './api/limits/dead.ts';
export type { KeyLimit } from './core/limits/limit.ts';
export type { LimitDescription, QueueDescription, QueueLimits } from './core/limits/describe-queue.ts';
export type { DefinitionDocument } from './core/dag/definition.ts';
export type { DefinitionDescription, VersionDescription } from './core/versions/describe.ts';
export type { Guard, GuardOptions } from './core/versions/guard.ts';
export type { Deployed } from './versions/acts/deploy.ts';
export type { StartName } from './versions/acts/choose.ts';
export type { ChangeOptions, DeployOptions, RolloutOptions } from './versions/publisher.ts';
export type { StoredDocument } from './versions/acts/stored.ts';
export type { Problem } from './core/dag/reading/problem.ts';
export type { FailoversFilter } from './api/cluster/look.ts';
export type { InstanceChoice, InstanceWish } from './api/cluster/select.ts';
export type { ShadowComparison, StrategyDescription } from './api/cluster/strategy.ts';
export type { ClusterDescription, EngineDescription, EngineStatus } from './core/cluster/describe-cluster.ts';
export type { PoolReport, WorkerReport } from './core/cluster/pool-report.ts';
export type { FailoverDescription } from './core/cluster/describe-failover.ts';
export type { PreflightOptions } from './api/preflight/options.ts';
export type { BreakingRun, PreflightReport, VersionReport } from './core/rehearsal/report.ts';
export type { Edge, NodeDescription, Progress } from './core/dag/view/view-graph.ts';
export type { RunDescription } from './core/reading/describe-run.ts';
export type {
  ChildDescription,
  FailedAttempt,
  RunDetail,
  StepDescription,
} from './core/reading/run-detail.ts';
export type { StepTime } from './core/reading/time/step-times.ts';
export type { TimeSplit } from './core/reading/time/time-split.ts';
export type { LogLevel, RunLogLine } from './core/lines/line.ts';
export type { HistoryItem } from './core/reading/history-items.ts';
export type { Priority, RunStatus } from './core/status.ts';
export { definition } from './versions/definition.ts';
export { openStore } from './open-store.ts';
