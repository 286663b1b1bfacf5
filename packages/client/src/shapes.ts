import type { AnswerOf, BodyOf, ItemOf } from './call.ts';

/* What the server takes and answers, under the names that people use. */

export type Run = AnswerOf<'readRun'>;
export type RunStatus = Run['status'];
export type Priority = Run['priority'];
/** How a run ended, or stands. */
export type Outcome = AnswerOf<'awaitResult'>;
export type Start = BodyOf<'startRun'>;
export type Started = AnswerOf<'startRun'>;
export type StartResult = AnswerOf<'startRuns'>[number];
/** A run with everything that its history tells. */
export type RunDetail = AnswerOf<'readDetail'>;
export type HistoryItem = ItemOf<'readHistory'>;
/** What a run has said, a page of it. */
export type Log = AnswerOf<'readLogs'>;
export type LogLine = ItemOf<'readLogs'>;
export type Why = AnswerOf<'readWhy'>;
export type Graph = AnswerOf<'readGraph'>;
export type Definition = AnswerOf<'readDefinition'>;
export type Deployed = AnswerOf<'deployDefinition'>;
export type Validation = AnswerOf<'validateDefinition'>;
export type Cluster = AnswerOf<'readCluster'>;
export type Strategy = AnswerOf<'readStrategy'>;
export type Failover = ItemOf<'listFailovers'>;
export type Lock = ItemOf<'listLocks'>;
export type Queues = AnswerOf<'listQueues'>;
export type Queue = AnswerOf<'changeQueue'>;
export type QueueChange = BodyOf<'changeQueue'>;
export type Limit = ItemOf<'listLimits'>;
export type LimitChange = BodyOf<'changeLimit'>;
export type Redriven = AnswerOf<'redriveDead'>;
export type Autoscaling = AnswerOf<'readAutoscaling'>;
export type ApiKey = ItemOf<'listKeys'>;
export type CreatedKey = AnswerOf<'createKey'>;
export type AuditEntry = ItemOf<'listAudit'>;
