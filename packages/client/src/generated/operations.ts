// Made by packages/client/generate from the routes of the server. Change those, then `npm run generate`.

export type Acknowledgement = {
  /** Id of a run */
  readonly runId: string;
  /** The same as runId */
  readonly jobId: string;
  readonly status: "queued" | "running" | "waiting" | "paused" | "blocked" | "completed" | "failed" | "cancelled" | "timed-out" | "continued";
  readonly success: true;
  readonly queued: boolean;
};

export type ApiKey = {
  /** The visible part of an API key */
  readonly keyId: string;
  readonly namespace: string;
  readonly name: string;
  readonly role: "viewer" | "worker" | "operator" | "admin";
  readonly permissions: readonly ("read" | "start" | "operate" | "administer")[];
  readonly status: "active" | "expired" | "revoked";
  /** ISO 8601, UTC */
  readonly createdAt: string;
  readonly createdBy: string | null;
  readonly expiresAt: string | null;
  readonly revokedAt: string | null;
  readonly revokedBy: string | null;
};

export type ApiKeyWish = {
  readonly role: "viewer" | "worker" | "operator" | "admin";
  readonly name?: string | undefined;
  /** Milliseconds, or text such as "30d"; without it the key is good until it is revoked */
  readonly expiresIn?: number | string | undefined;
  /** What is left of the role; without it all of it */
  readonly permissions?: readonly ("read" | "start" | "operate" | "administer")[] | undefined;
};

export type AuditEntry = {
  readonly id: string;
  /** ISO 8601, UTC */
  readonly at: string;
  /** `key:ID`, `token:SUBJECT`, `cli:USER@HOST`, or `local` */
  readonly actor: string;
  /** The name of an operation */
  readonly action: string;
  readonly target: string | null;
  readonly outcome: "done" | "refused" | "failed";
  /** Of a refusal or a failure */
  readonly code: string | null;
  /** Address of the caller */
  readonly remote: string | null;
  readonly reason: string | null;
  readonly requestId: string | null;
  readonly before: unknown;
  readonly after: unknown;
};

export type Autoscaling = {
  readonly queue: string;
  readonly depth: number;
  readonly oldestAgeSeconds: number | null;
  /** How many engines the queue wants */
  readonly desired: number;
};

export type Cause = {
  /** Id of a run */
  readonly runId: string;
  readonly workflow: string;
  readonly status: "queued" | "running" | "waiting" | "paused" | "blocked" | "completed" | "failed" | "cancelled" | "timed-out" | "continued";
  readonly engineId: string | null;
  /** Its reasons stand elsewhere in this answer */
  readonly told: boolean;
  readonly reasons: readonly Reason[];
};

export type ChangeEvent = {
  /** The same each time it is told */
  readonly id: string;
  /** ISO 8601, UTC */
  readonly at: string;
  readonly kind: "run";
  readonly type: "started" | "completed" | "failed" | "cancelled" | "timed-out" | "continued" | "retried" | "paused" | "blocked" | "resumed";
  /** Id of a run */
  readonly runId: string;
  readonly workflow: string;
  readonly version: string;
  readonly status: "queued" | "running" | "waiting" | "paused" | "blocked" | "completed" | "failed" | "cancelled" | "timed-out" | "continued";
  readonly priority: "low" | "normal" | "high" | "critical";
  readonly queue: string;
  readonly key: string | null;
  readonly tags: readonly string[];
  readonly parentRunId: string | null;
  readonly code?: string | undefined;
} | {
  /** The same each time it is told */
  readonly id: string;
  /** ISO 8601, UTC */
  readonly at: string;
  readonly kind: "engine";
  readonly type: "alive" | "suspect" | "draining" | "dead";
  readonly engineId: string;
  readonly incarnation: string;
  readonly region: string | null;
} | {
  /** The same each time it is told */
  readonly id: string;
  /** ISO 8601, UTC */
  readonly at: string;
  readonly kind: "queue";
  readonly type: "paused" | "resumed" | "limited";
  readonly queue: string;
  readonly paused: boolean;
  readonly pausedBy: string | null;
  readonly limits: {
    readonly maxConcurrent: number | null;
    readonly ratePerSecond: number | null;
    readonly maxDepth: number | null;
  };
};

export type Cluster = {
  readonly leader: string | null;
  readonly term: number | null;
  readonly strategy: string;
  readonly shadow: string | null;
  readonly engines: readonly Engine[];
  readonly missing: readonly string[];
};

export type CreatedApiKey = {
  /** The visible part of an API key */
  readonly keyId: string;
  readonly namespace: string;
  readonly name: string;
  readonly role: "viewer" | "worker" | "operator" | "admin";
  readonly permissions: readonly ("read" | "start" | "operate" | "administer")[];
  readonly status: "active" | "expired" | "revoked";
  /** ISO 8601, UTC */
  readonly createdAt: string;
  readonly createdBy: string | null;
  readonly expiresAt: string | null;
  readonly revokedAt: string | null;
  readonly revokedBy: string | null;
  /** The key itself, told this once */
  readonly key: string;
};

export type DeadRunList = {
  readonly items: readonly Run[];
  /** The `cursor` of the next page; null: there is none */
  readonly nextCursor: string | null;
};

export type Definition = {
  readonly name: string;
  readonly active: string | null;
  readonly since: string | null;
  readonly guard: {
    readonly maxErrorRate: number;
    readonly minRuns: number;
    readonly windowMs: number | null;
  } | null;
  readonly changes: readonly ({
    /** ISO 8601, UTC */
    readonly at: string;
    readonly by: string | null;
    readonly act: string;
    readonly to: string;
    readonly reason: string | null;
  })[];
  readonly stranded: number;
  readonly versions: readonly ({
    readonly version: string;
    readonly kind: "definition" | "code";
    readonly hash: string | null;
    readonly bytes: number | null;
    readonly draft: boolean;
    readonly deployedAt: string | null;
    readonly deployedBy: string | null;
    readonly active: boolean;
    /** Of new runs */
    readonly percent: number;
    readonly open: number;
    readonly openRuns: Readonly<Record<string, number>>;
    readonly closed: number;
    readonly failed: number;
    readonly successRate: number | null;
    readonly meanMs: number | null;
    readonly engines: readonly string[];
    readonly stranded: number;
  })[];
};

export type DefinitionPage = {
  readonly items: readonly Definition[];
  /** The `cursor` of the next page; null: there is none */
  readonly nextCursor: string | null;
};

export type DefinitionProblem = {
  readonly file: string | null;
  readonly line: number | null;
  readonly column: number | null;
  readonly path: string;
  readonly code: string;
  readonly message: string;
  readonly value: string | null;
  readonly remedy: string;
};

export type Deployed = {
  readonly name: string;
  readonly version: string;
  readonly hash: string;
  readonly outcome: "stored" | "same";
  readonly active: boolean;
};

export type Engine = {
  readonly engineId: string;
  readonly incarnation: string;
  readonly status: "alive" | "suspect" | "draining" | "dead";
  readonly region: string | null;
  readonly labels: readonly string[];
  readonly weight: number;
  readonly executors: readonly string[];
  readonly versions: readonly {
    readonly workflow: string;
    readonly version: string;
  }[];
  readonly load: {
    /** 0 to 100 */
    readonly cpuUsage: number;
    /** 0 to 100 */
    readonly memoryUsage: number;
    readonly activeWorkflows: number;
    readonly activeTasks: number;
    readonly loopLagMs: number;
  };
  readonly unhealthy: string | null;
  /** ISO 8601, UTC */
  readonly startedAt: string;
  /** ISO 8601, UTC */
  readonly lastBeatAt: string;
};

export type EngineDeclaredDead = {
  readonly engineId: string;
  readonly incarnation: string;
  readonly requeued: number;
};

export type EngineTold = {
  readonly engineId: string;
  readonly incarnation: string;
};

export type Failover = {
  readonly eventId: string;
  readonly kind: "declared" | "detected";
  readonly failedEngine: string;
  readonly failedIncarnation: string;
  readonly takeoverEngine: string | null;
  /** ISO 8601, UTC */
  readonly detectedAt: string;
  readonly finishedAt: string | null;
  readonly silentMs: number | null;
  readonly runs: number;
  readonly runIds: readonly string[];
  readonly quarantined: readonly string[];
  readonly locks: readonly string[];
};

export type FailoverList = {
  readonly items: readonly Failover[];
  /** The `cursor` of the next page; null: there is none */
  readonly nextCursor: string | null;
};

export type Given = {
  /** Id of a run */
  readonly runId: string;
  readonly success: true;
};

export type History = {
  readonly items: readonly HistoryItem[];
  /** The `cursor` of the next page; null: there is none */
  readonly nextCursor: string | null;
};

export type HistoryChange = {
  /** The same each time it is told */
  readonly id: string;
  /** ISO 8601, UTC */
  readonly at: string;
  readonly kind: "run";
  readonly type: string;
  /** Id of a run */
  readonly runId: string;
  readonly seq: number;
  readonly name?: string | undefined;
  readonly attempt?: number | undefined;
  readonly engineId?: string | undefined;
  readonly status?: "queued" | "running" | "waiting" | "paused" | "blocked" | "completed" | "failed" | "cancelled" | "timed-out" | "continued" | undefined;
};

export type HistoryItem = {
  readonly seq: number;
  readonly type: string;
  /** ISO 8601, UTC */
  readonly at: string;
  readonly name?: string | undefined;
  readonly attempt?: number | undefined;
  readonly engineId?: string | undefined;
  readonly data?: Readonly<Record<string, unknown>> | undefined;
};

export type InstanceChoice = {
  readonly engineId: string | null;
  readonly incarnation: string | null;
  readonly strategy: "round-robin" | "least-load" | "weighted-round-robin" | "geographic" | "load-balanced" | "capability" | "locality" | "affinity" | "adaptive";
  readonly reason: string;
  readonly scoredBy: string | null;
  readonly scores: readonly {
    readonly engineId: string;
    readonly incarnation: string;
    readonly score: number;
  }[];
  readonly refusals: readonly {
    readonly engineId: string;
    readonly kind: string;
    readonly message: string;
  }[];
};

export type Limit = {
  readonly kind: string;
  readonly name: string;
  readonly maxConcurrent: number | null;
  readonly ratePerSecond: number | null;
  readonly maxDepth: number | null;
  readonly inUse: number;
  readonly paused: boolean;
  readonly pausedBy: string | null;
  readonly pausedAt: string | null;
  readonly holders: readonly string[];
};

export type Lock = {
  readonly name: string;
  readonly token: number;
  readonly holder: {
    readonly kind: "run" | "engine" | "client";
    readonly id: string;
    readonly owner: string;
    /** ISO 8601, UTC */
    readonly since: string;
  } | null;
  readonly expiresAt: string | null;
  readonly expired: boolean;
  readonly waiters: readonly ({
    readonly kind: "run" | "engine" | "client";
    readonly id: string;
    readonly owner: string;
    /** ISO 8601, UTC */
    readonly since: string;
  })[];
};

export type LockList = {
  readonly items: readonly Lock[];
  /** The `cursor` of the next page; null: there is none */
  readonly nextCursor: string | null;
};

export type Log = {
  readonly items: readonly LogLine[];
  /** The `cursor` of the next page; null: there is none */
  readonly nextCursor: string | null;
  /** The `cursor` of what comes behind this page, also if it is not there yet */
  readonly last: number;
  /** More may come: the run has not ended, or only just now */
  readonly open: boolean;
  /** Lines that are not stored, because the log of the run was full */
  readonly dropped: number;
};

export type LogLine = {
  /** Its place in the log, from 1 */
  readonly seq: number;
  /** ISO 8601, UTC */
  readonly at: string;
  readonly level: "debug" | "info" | "warn" | "error";
  readonly message: string;
  readonly step?: string | undefined;
  readonly attempt?: number | undefined;
  readonly engineId?: string | undefined;
  readonly fields?: Readonly<Record<string, unknown>> | undefined;
};

export type Node = {
  readonly status: string;
  readonly attempts: number;
  readonly startedAt: string | null;
  readonly endedAt: string | null;
  readonly engineId: string | null;
  readonly output: unknown;
  readonly error: {
    readonly code: string | null;
    readonly message: string;
  } | null;
  readonly retryAt: string | null;
  /** What it needs and has not ended; at most 20 */
  readonly waitsFor: readonly string[];
  readonly items?: {
    readonly total: number;
    readonly completed: number;
    readonly failed: number;
  } | undefined;
};

export type Outcome = {
  /** Of a run that continued as another one, that one */
  readonly runId: string;
  readonly status: "queued" | "running" | "waiting" | "paused" | "blocked" | "completed" | "failed" | "cancelled" | "timed-out" | "continued";
  readonly output: unknown;
  readonly error: {
    readonly code: string | null;
    readonly message: string;
  } | null;
};

export type Problem = {
  readonly type: string;
  readonly title: string;
  readonly status: number;
  readonly detail: string;
  /** A code of the catalogue of errors, or INTERNAL */
  readonly code: string;
  readonly remedy: string;
  readonly requestId: string;
  readonly details?: Readonly<Record<string, unknown>> | undefined;
};

export type Progress = {
  readonly total: number;
  readonly completed: number;
  readonly failed: number;
  readonly skipped: number;
  readonly running: number;
  readonly waiting: number;
};

export type Queue = {
  readonly queue: string;
  readonly depth: number;
  readonly oldestAgeSeconds: number | null;
  readonly running: number;
  readonly paused: boolean;
  readonly pausedBy: string | null;
  readonly pausedAt: string | null;
  readonly limits: {
    readonly maxConcurrent: number | null;
    readonly ratePerSecond: number | null;
    readonly maxDepth: number | null;
    readonly inUse: number | null;
  };
};

export type QueueChange = {
  readonly paused?: boolean | undefined;
  readonly maxConcurrent?: number | null | undefined;
  readonly ratePerSecond?: number | null | undefined;
  readonly maxDepth?: number | null | undefined;
};

export type QueueList = {
  readonly items: readonly Queue[];
  /** The `cursor` of the next page; null: there is none */
  readonly nextCursor: string | null;
};

export type Reason = {
  readonly code: string;
  readonly message: string;
  /** ISO 8601, UTC */
  readonly since: string;
  readonly refs: Readonly<Record<string, string | number>>;
  readonly remedy: {
    readonly message: string;
    readonly command: string | null;
  };
  readonly causes?: readonly Cause[] | undefined;
};

export type Redriven = {
  readonly done: number;
  readonly failed: readonly {
    readonly runId: string;
    readonly code: string;
    readonly message: string;
  }[];
};

export type RefusedStart = {
  readonly type: string;
  readonly title: string;
  readonly status: number;
  readonly detail: string;
  /** A code of the catalogue of errors, or INTERNAL */
  readonly code: string;
  readonly remedy: string;
  readonly requestId: string;
  readonly details?: Readonly<Record<string, unknown>> | undefined;
  readonly success: false;
};

export type Run = {
  /** Id of a run */
  readonly runId: string;
  readonly workflow: string;
  readonly version: string;
  readonly requires: readonly string[];
  readonly namespace: string;
  readonly key: string | null;
  readonly status: "queued" | "running" | "waiting" | "paused" | "blocked" | "completed" | "failed" | "cancelled" | "timed-out" | "continued";
  readonly priority: "low" | "normal" | "high" | "critical";
  readonly tags: readonly string[];
  readonly queue: string;
  readonly input: unknown;
  readonly output: unknown;
  readonly error: {
    readonly code: string | null;
    readonly message: string;
  } | null;
  /** ISO 8601, UTC */
  readonly createdAt: string;
  readonly startedAt: string | null;
  readonly closedAt: string | null;
  readonly deadlineAt: string | null;
  readonly engineId: string | null;
  readonly parentRunId: string | null;
  readonly successorRunId: string | null;
  readonly unreadable?: string | undefined;
  readonly pause?: {
    /** ISO 8601, UTC */
    readonly since: string;
    readonly by: string | null;
    readonly reason: string | null;
  } | undefined;
  readonly nodes?: Readonly<Record<string, Node>> | undefined;
  readonly progress?: Progress | undefined;
  readonly criticalPath?: readonly string[] | undefined;
};

export type RunDetail = {
  /** Id of a run */
  readonly runId: string;
  readonly workflow: string;
  readonly version: string;
  readonly requires: readonly string[];
  readonly namespace: string;
  readonly key: string | null;
  readonly status: "queued" | "running" | "waiting" | "paused" | "blocked" | "completed" | "failed" | "cancelled" | "timed-out" | "continued";
  readonly priority: "low" | "normal" | "high" | "critical";
  readonly tags: readonly string[];
  readonly queue: string;
  readonly input: unknown;
  readonly output: unknown;
  readonly error: {
    readonly code: string | null;
    readonly message: string;
  } | null;
  /** ISO 8601, UTC */
  readonly createdAt: string;
  readonly startedAt: string | null;
  readonly closedAt: string | null;
  readonly deadlineAt: string | null;
  readonly engineId: string | null;
  readonly parentRunId: string | null;
  readonly successorRunId: string | null;
  readonly unreadable?: string | undefined;
  readonly pause?: {
    /** ISO 8601, UTC */
    readonly since: string;
    readonly by: string | null;
    readonly reason: string | null;
  } | undefined;
  readonly nodes?: Readonly<Record<string, Node>> | undefined;
  readonly progress?: Progress | undefined;
  readonly criticalPath?: readonly string[] | undefined;
  readonly steps: readonly ({
    readonly name: string;
    readonly status: string;
    readonly attempts: number;
    readonly startedAt: string | null;
    readonly endedAt: string | null;
    readonly engineId: string | null;
    readonly taskRunId: string | null;
    readonly output: unknown;
    readonly error: {
      readonly code: string | null;
      readonly message: string;
    } | null;
    readonly retries: readonly ({
      readonly attempt: number;
      readonly at: string;
      readonly engineId: string;
      readonly error: {
        readonly code: string | null;
        readonly message: string;
      };
      readonly retryAt: string | null;
      readonly superseded: boolean;
    })[];
  })[];
  readonly signals: readonly {
    readonly id: string;
    readonly name: string;
    readonly at: string;
    readonly payload: unknown;
  }[];
  readonly children: readonly {
    readonly name: string;
    readonly runId: string;
    readonly workflow: string;
    readonly status: string;
    readonly startedAt: string;
  }[];
  readonly timers: readonly {
    readonly name: string;
    readonly setAt: string;
    readonly fireAt: string;
  }[];
  readonly published: Readonly<Record<string, unknown>>;
  readonly retriedAt: readonly string[];
};

export type RunGraph = {
  /** Id of a run */
  readonly runId: string;
  readonly status: "queued" | "running" | "waiting" | "paused" | "blocked" | "completed" | "failed" | "cancelled" | "timed-out" | "continued";
  readonly nodes: Readonly<Record<string, Node>>;
  /** What needs what: `to` needs `from` */
  readonly edges: readonly {
    readonly from: string;
    readonly to: string;
  }[];
  readonly progress: Progress;
  readonly criticalPath: readonly string[];
};

export type RunPage = {
  readonly items: readonly Run[];
  /** The `cursor` of the next page; null: there is none */
  readonly nextCursor: string | null;
};

export type Start = {
  /** NAME, or NAME@VERSION */
  readonly workflow: string;
  readonly version?: number | string | undefined;
  readonly input?: unknown;
  /** The same key names the same run. Default: the Idempotency-Key of the request */
  readonly key?: string | undefined;
  readonly priority?: "low" | "normal" | "high" | "critical" | undefined;
  readonly tags?: readonly string[] | undefined;
  readonly queue?: string | undefined;
  /** Not before this instant */
  readonly startAt?: string | undefined;
  /** Milliseconds, or text such as '30s', '1h 30m', '7 days', 'PT15M' */
  readonly delay?: number | string | undefined;
  /** From start to end */
  readonly timeout?: number | string | undefined;
  readonly limits?: readonly {
    readonly key: string;
    readonly max: number;
  }[] | undefined;
  /** The region where it is best executed */
  readonly near?: string | undefined;
  readonly requires?: readonly string[] | undefined;
  readonly region?: string | undefined;
  /** What a start does when its key's run has closed */
  readonly reuse?: "return" | "allow" | "allow-failed" | "refuse" | undefined;
};

export type StoredDocument = {
  readonly name: string;
  readonly version: string;
  readonly hash: string;
  readonly draft: boolean;
  /** ISO 8601, UTC */
  readonly deployedAt: string;
  readonly deployedBy: string | null;
  readonly document: Readonly<Record<string, unknown>>;
};

export type Strategy = {
  readonly strategy: "round-robin" | "least-load" | "weighted-round-robin" | "geographic" | "load-balanced" | "capability" | "locality" | "affinity" | "adaptive";
  readonly source: "cluster" | "engine";
  readonly since: string | null;
  readonly shadow: "round-robin" | "least-load" | "weighted-round-robin" | "geographic" | "load-balanced" | "capability" | "locality" | "affinity" | "adaptive" | null;
  readonly queues: Readonly<Record<string, "round-robin" | "least-load" | "weighted-round-robin" | "geographic" | "load-balanced" | "capability" | "locality" | "affinity" | "adaptive">>;
  readonly adaptive: {
    readonly strategy: "round-robin" | "least-load" | "weighted-round-robin" | "geographic" | "load-balanced" | "capability" | "locality" | "affinity" | "adaptive";
    readonly reason: string;
  } | null;
  readonly comparison: {
    readonly placed: number;
    readonly agreement: number | null;
    readonly waitMs: number | null;
    readonly shadowWaitMs: number | null;
  } | null;
};

export type StrategyChange = {
  /** null: each engine goes by its own ASSIGNMENT_STRATEGY */
  readonly strategy: "round-robin" | "least-load" | "weighted-round-robin" | "geographic" | "load-balanced" | "capability" | "locality" | "affinity" | "adaptive" | null;
  readonly shadow?: "round-robin" | "least-load" | "weighted-round-robin" | "geographic" | "load-balanced" | "capability" | "locality" | "affinity" | "adaptive" | undefined;
  readonly queues?: Readonly<Record<string, "round-robin" | "least-load" | "weighted-round-robin" | "geographic" | "load-balanced" | "capability" | "locality" | "affinity" | "adaptive">> | undefined;
};

export type Why = {
  /** Id of a run */
  readonly runId: string;
  /** ISO 8601, UTC */
  readonly at: string;
  readonly status: "queued" | "running" | "waiting" | "paused" | "blocked" | "completed" | "failed" | "cancelled" | "timed-out" | "continued";
  readonly reasons: readonly Reason[];
  readonly complete: boolean;
  readonly time: {
    readonly queuedMs: number;
    readonly blockedMs: number;
    readonly runningMs: number;
    readonly backoffMs: number;
    readonly waitingMs: number;
  };
  readonly timeBySteps: readonly {
    readonly name: string;
    readonly queuedMs: number;
    readonly runningMs: number;
    readonly backoffMs: number;
    readonly attempts: number;
  }[];
};

/** What each operation takes and answers. */
export interface Operations {
  /** Lets all new runs of a workflow get this version; a roll-out ends. */
  readonly activateVersion: {
    readonly params: {
      readonly name: string;
    };
    readonly query: Readonly<Record<string, never>>;
    readonly body: {
      readonly version: number | string;
    };
    readonly answer: Definition;
  };
  /** How a run ended. Until it has, the answer waits for as long as `wait` says, at most 60 s. */
  readonly awaitResult: {
    readonly params: {
      /** Id of a run */
      readonly runId: string;
    };
    readonly query: {
      /** A duration such as '30s'. Default: no wait */
      readonly wait?: string | undefined;
    };
    readonly body: undefined;
    readonly answer: Outcome;
  };
  /** Asks a run to end; its compensations run first. */
  readonly cancelRun: {
    readonly params: {
      /** Id of a run */
      readonly runId: string;
    };
    readonly query: Readonly<Record<string, never>>;
    readonly body: {
      readonly reason?: string | undefined;
    } | undefined;
    readonly answer: Given;
  };
  /** Pauses or limits everything, a queue, a workflow, or a key that starts bring along. */
  readonly changeLimit: {
    readonly params: Readonly<Record<string, never>>;
    readonly query: Readonly<Record<string, never>>;
    readonly body: {
      /** What it is a limit of; `name` of everything but `all` */
      readonly of: {
        readonly kind: "all" | "queue" | "workflow" | "key";
        readonly name?: string | undefined;
      };
      readonly paused?: boolean | undefined;
      readonly maxConcurrent?: number | null | undefined;
      readonly ratePerSecond?: number | null | undefined;
      readonly maxDepth?: number | null | undefined;
    };
    readonly answer: {
      readonly limit: Limit | null;
    };
  };
  /** Pauses a queue or limits it, at once and on all engines. */
  readonly changeQueue: {
    readonly params: {
      /** Name of a queue */
      readonly queue: string;
    };
    readonly query: Readonly<Record<string, never>>;
    readonly body: QueueChange;
    readonly answer: Queue;
  };
  /** Makes an API key of the namespace. The answer has the key itself, which nobody can tell again. */
  readonly createKey: {
    readonly params: Readonly<Record<string, never>>;
    readonly query: Readonly<Record<string, never>>;
    readonly body: ApiKeyWish;
    readonly answer: CreatedApiKey;
  };
  /** Declares an engine dead: what it owns is queued again, and what it still writes is refused. */
  readonly declareDead: {
    readonly params: {
      /** Name of an engine, its incarnation, or the first 8 or more characters of that */
      readonly engine: string;
    };
    readonly query: Readonly<Record<string, never>>;
    readonly body: undefined;
    readonly answer: EngineDeclaredDead;
  };
  /** Stores a version of a definition, which never changes from then on. */
  readonly deployDefinition: {
    readonly params: {
      readonly name: string;
      readonly version: string;
    };
    readonly query: Readonly<Record<string, never>>;
    readonly body: string;
    readonly answer: Deployed;
  };
  /** Tells an engine to leave in good order: within a beat it takes nothing new. */
  readonly drainEngine: {
    readonly params: {
      /** Name of an engine, its incarnation, or the first 8 or more characters of that */
      readonly engine: string;
    };
    readonly query: Readonly<Record<string, never>>;
    readonly body: undefined;
    readonly answer: EngineTold;
  };
  /** Who did what, newest first. */
  readonly listAudit: {
    readonly params: Readonly<Record<string, never>>;
    readonly query: {
      readonly actor?: string | undefined;
      readonly action?: string | undefined;
      readonly target?: string | undefined;
      /** ISO 8601, UTC */
      readonly from?: string | undefined;
      /** ISO 8601, UTC */
      readonly to?: string | undefined;
      readonly cursor?: string | undefined;
      /** Items of a page, at most 1000 */
      readonly limit?: number | undefined;
    };
    readonly body: undefined;
    readonly answer: {
      readonly items: readonly AuditEntry[];
      readonly nextCursor: string | null;
    };
  };
  /** Runs of a queue that failed, or were quarantined; newest first. */
  readonly listDead: {
    readonly params: {
      /** Name of a queue */
      readonly queue: string;
    };
    readonly query: {
      readonly cursor?: string | undefined;
      /** Items of a page, at most 1000 */
      readonly limit?: number | undefined;
    };
    readonly body: undefined;
    readonly answer: DeadRunList;
  };
  /** Workflows by name, deployed ones and code, with their versions and how many runs are on each. */
  readonly listDefinitions: {
    readonly params: Readonly<Record<string, never>>;
    readonly query: {
      /** The `nextCursor` of the page before */
      readonly cursor?: string | undefined;
      /** Items of a page, at most 1000 */
      readonly limit?: number | undefined;
    };
    readonly body: undefined;
    readonly answer: DefinitionPage;
  };
  /** Engines that were declared dead, newest first. */
  readonly listFailovers: {
    readonly params: Readonly<Record<string, never>>;
    readonly query: {
      readonly cursor?: string | undefined;
      /** Items of a page, at most 1000 */
      readonly limit?: number | undefined;
    };
    readonly body: undefined;
    readonly answer: FailoverList;
  };
  /** The API keys of the namespace, newest first, revoked and expired ones among them. */
  readonly listKeys: {
    readonly params: Readonly<Record<string, never>>;
    readonly query: {
      /** The visible part of an API key */
      readonly cursor?: string | undefined;
      /** Items of a page, at most 1000 */
      readonly limit?: number | undefined;
    };
    readonly body: undefined;
    readonly answer: {
      readonly items: readonly ApiKey[];
      readonly nextCursor: string | null;
    };
  };
  /** The limits of everything, of queues, of workflows and of keys. */
  readonly listLimits: {
    readonly params: Readonly<Record<string, never>>;
    readonly query: Readonly<Record<string, never>>;
    readonly body: undefined;
    readonly answer: {
      readonly items: readonly Limit[];
      readonly nextCursor: null;
    };
  };
  /** Locks that are held or waited for, by name. */
  readonly listLocks: {
    readonly params: Readonly<Record<string, never>>;
    readonly query: Readonly<Record<string, never>>;
    readonly body: undefined;
    readonly answer: LockList;
  };
  /** The queues that have open runs or limits, by name. */
  readonly listQueues: {
    readonly params: Readonly<Record<string, never>>;
    readonly query: Readonly<Record<string, never>>;
    readonly body: undefined;
    readonly answer: QueueList;
  };
  /** Runs, newest first; `input`, `output` and `error` are null here. */
  readonly listRuns: {
    readonly params: Readonly<Record<string, never>>;
    readonly query: {
      readonly status?: "queued" | "running" | "waiting" | "paused" | "blocked" | "completed" | "failed" | "cancelled" | "timed-out" | "continued" | readonly ("queued" | "running" | "waiting" | "paused" | "blocked" | "completed" | "failed" | "cancelled" | "timed-out" | "continued")[] | undefined;
      readonly workflow?: string | undefined;
      readonly version?: string | undefined;
      readonly queue?: string | undefined;
      readonly tag?: string | undefined;
      readonly key?: string | undefined;
      /** Id of a run */
      readonly parentRunId?: string | undefined;
      /** Words in the workflow, the key or a tag, or how the id begins; capitals do not matter */
      readonly q?: string | undefined;
      /** The `nextCursor` of the page before */
      readonly cursor?: string | undefined;
      /** Items of a page, at most 1000 */
      readonly limit?: number | undefined;
    };
    readonly body: undefined;
    readonly answer: RunPage;
  };
  /** Begins nothing of a run any more until it is resumed; attempts that run may end. */
  readonly pauseRun: {
    readonly params: {
      /** Id of a run */
      readonly runId: string;
    };
    readonly query: Readonly<Record<string, never>>;
    readonly body: {
      readonly reason?: string | undefined;
    } | undefined;
    readonly answer: Run;
  };
  /** How many engines a queue wants, for an autoscaler. */
  readonly readAutoscaling: {
    readonly params: Readonly<Record<string, never>>;
    readonly query: {
      /** Name of a queue */
      readonly queue?: string | undefined;
    };
    readonly body: undefined;
    readonly answer: Autoscaling;
  };
  /** The engines of the caller's namespace, who leads, and who is missing. */
  readonly readCluster: {
    readonly params: Readonly<Record<string, never>>;
    readonly query: Readonly<Record<string, never>>;
    readonly body: undefined;
    readonly answer: Cluster;
  };
  /** A workflow with its versions, who gets them and how their runs ended. */
  readonly readDefinition: {
    readonly params: {
      readonly name: string;
    };
    readonly query: Readonly<Record<string, never>>;
    readonly body: undefined;
    readonly answer: Definition;
  };
  /** A run with everything that its history tells: steps with their attempts, signals, children, timers. */
  readonly readDetail: {
    readonly params: {
      /** Id of a run */
      readonly runId: string;
    };
    readonly query: Readonly<Record<string, never>>;
    readonly body: undefined;
    readonly answer: RunDetail;
  };
  /** The graph of a run of a definition: its nodes, how they stand, and what needs what. */
  readonly readGraph: {
    readonly params: {
      /** Id of a run */
      readonly runId: string;
    };
    readonly query: Readonly<Record<string, never>>;
    readonly body: undefined;
    readonly answer: RunGraph;
  };
  /** What is recorded of a run, in order, a page at a time. */
  readonly readHistory: {
    readonly params: {
      /** Id of a run */
      readonly runId: string;
    };
    readonly query: {
      /** Position of the first event, from 0 */
      readonly cursor?: number | undefined;
      /** Items of a page, at most 1000 */
      readonly limit?: number | undefined;
    };
    readonly body: undefined;
    readonly answer: History;
  };
  /** What a run and its steps have said, in order, a page at a time; with `wait` what they say next. */
  readonly readLogs: {
    readonly params: {
      /** Id of a run */
      readonly runId: string;
    };
    readonly query: {
      /** The `last` of the page before: only lines behind it */
      readonly cursor?: number | undefined;
      /** Only of the last so many lines */
      readonly tail?: number | undefined;
      /** Items of a page, at most 1000 */
      readonly limit?: number | undefined;
      /** The least important lines that are wanted */
      readonly level?: "debug" | "info" | "warn" | "error" | undefined;
      /** Only what this step says */
      readonly step?: string | undefined;
      /** How long to wait for a line while there is none: a duration such as '30s'. Default: not at all */
      readonly wait?: string | undefined;
    };
    readonly body: undefined;
    readonly answer: Log;
  };
  /** Metrics of this process and of the queues of the namespace, for Prometheus. */
  readonly readMetrics: {
    readonly params: Readonly<Record<string, never>>;
    readonly query: Readonly<Record<string, never>>;
    readonly body: undefined;
    readonly answer: undefined;
  };
  /** A run as it stands; with `nodes`, of a run of a definition its nodes too. */
  readonly readRun: {
    readonly params: {
      /** Id of a run */
      readonly runId: string;
    };
    readonly query: {
      readonly nodes?: "true" | "false" | undefined;
    };
    readonly body: undefined;
    readonly answer: Run;
  };
  /** By which strategy runs are placed, and how the one in the shadow compares with it. */
  readonly readStrategy: {
    readonly params: Readonly<Record<string, never>>;
    readonly query: Readonly<Record<string, never>>;
    readonly body: undefined;
    readonly answer: Strategy;
  };
  /** A version of a definition, as it was deployed. */
  readonly readVersion: {
    readonly params: {
      readonly name: string;
      readonly version: string;
    };
    readonly query: Readonly<Record<string, never>>;
    readonly body: undefined;
    readonly answer: StoredDocument;
  };
  /** What holds a run up, from itself to the cause, and what can be done about it. */
  readonly readWhy: {
    readonly params: {
      /** Id of a run */
      readonly runId: string;
    };
    readonly query: Readonly<Record<string, never>>;
    readonly body: undefined;
    readonly answer: Why;
  };
  /** Lets the dead letters of a queue go on, the newest first; at most 1,000. */
  readonly redriveDead: {
    readonly params: {
      /** Name of a queue */
      readonly queue: string;
    };
    readonly query: Readonly<Record<string, never>>;
    readonly body: {
      readonly limit?: number | undefined;
    } | undefined;
    readonly answer: Redriven;
  };
  /** Takes a lock from whoever holds it and gives it to whoever waits; its holder is not stopped. */
  readonly releaseLock: {
    readonly params: {
      readonly name: string;
    };
    readonly query: Readonly<Record<string, never>>;
    readonly body: undefined;
    readonly answer: undefined;
  };
  /** Lets a paused run go on where it stood. */
  readonly resumeRun: {
    readonly params: {
      /** Id of a run */
      readonly runId: string;
    };
    readonly query: Readonly<Record<string, never>>;
    readonly body: undefined;
    readonly answer: Run;
  };
  /** Lets a failed, cancelled or timed-out run go on from its failure or a step, or a blocked one try again. */
  readonly retryRun: {
    readonly params: {
      /** Id of a run */
      readonly runId: string;
    };
    readonly query: Readonly<Record<string, never>>;
    readonly body: {
      /** A step or node: that and all that was asked for after it is done again */
      readonly from?: string | undefined;
    } | undefined;
    readonly answer: Given;
  };
  /** Ends an API key for ever; every server refuses it within 5 s. */
  readonly revokeKey: {
    readonly params: {
      /** The visible part of an API key */
      readonly keyId: string;
    };
    readonly query: Readonly<Record<string, never>>;
    readonly body: undefined;
    readonly answer: ApiKey;
  };
  /** Ends the roll-out; where there is none, the version that was active before is active again. */
  readonly rollBack: {
    readonly params: {
      readonly name: string;
    };
    readonly query: Readonly<Record<string, never>>;
    readonly body: undefined;
    readonly answer: Definition;
  };
  /** Lets parts of the new runs of a workflow get other versions, drawn by their keys. */
  readonly rollOut: {
    readonly params: {
      readonly name: string;
    };
    readonly query: Readonly<Record<string, never>>;
    readonly body: {
      /** Percent of new runs by version; 0 takes a version out */
      readonly weights: Readonly<Record<string, number>>;
      /** When a version is taken back by itself */
      readonly guard?: boolean | {
        readonly maxErrorRate?: number | undefined;
        readonly minRuns?: number | undefined;
        readonly window?: number | string | undefined;
      } | undefined;
    };
    readonly answer: Definition;
  };
  /** Which engine the strategy would give a piece of work to, and why. Nothing is reserved. */
  readonly selectInstance: {
    readonly params: Readonly<Record<string, never>>;
    readonly query: {
      readonly workflow?: string | undefined;
      readonly version?: string | undefined;
      readonly executor?: string | undefined;
      /** Name of a queue */
      readonly queue?: string | undefined;
      readonly requires?: string | readonly string[] | undefined;
      readonly region?: string | undefined;
      readonly near?: string | undefined;
      readonly key?: string | undefined;
      readonly strategy?: "round-robin" | "least-load" | "weighted-round-robin" | "geographic" | "load-balanced" | "capability" | "locality" | "affinity" | "adaptive" | undefined;
    };
    readonly body: undefined;
    readonly answer: InstanceChoice;
  };
  /** Sets the strategy of all engines; what is left out is not set. */
  readonly setStrategy: {
    readonly params: Readonly<Record<string, never>>;
    readonly query: Readonly<Record<string, never>>;
    readonly body: StrategyChange;
    readonly answer: Strategy;
  };
  /** Gives a signal to a run; the body is its payload. */
  readonly signalRun: {
    readonly params: {
      /** Id of a run */
      readonly runId: string;
      readonly name: string;
    };
    readonly query: Readonly<Record<string, never>>;
    readonly body: unknown;
    readonly answer: Given;
  };
  /** Starts a run. When it is answered the run is durable. */
  readonly startRun: {
    readonly params: Readonly<Record<string, never>>;
    readonly query: Readonly<Record<string, never>>;
    readonly body: Start;
    readonly answer: Acknowledgement;
  };
  /** Starts several runs, each of which is refused alone. */
  readonly startRuns: {
    readonly params: Readonly<Record<string, never>>;
    readonly query: Readonly<Record<string, never>>;
    readonly body: readonly Start[];
    readonly answer: readonly (Acknowledgement | RefusedStart)[];
  };
  /** Lists everything that is wrong with a definition; nothing is stored. */
  readonly validateDefinition: {
    readonly params: Readonly<Record<string, never>>;
    readonly query: {
      /** What problems call it */
      readonly file?: string | undefined;
    };
    readonly body: string;
    readonly answer: readonly DefinitionProblem[];
  };
  /** What becomes of runs, engines and queues, as Server-Sent Events. */
  readonly watchEvents: {
    readonly params: Readonly<Record<string, never>>;
    readonly query: {
      /** Separated by commas, or given more than once */
      readonly types?: string | readonly string[] | undefined;
      readonly workflow?: string | undefined;
      readonly tag?: string | undefined;
      /** Id of a run */
      readonly runId?: string | undefined;
      readonly queue?: string | undefined;
      /** As the header Last-Event-ID, which goes before it */
      readonly after?: string | undefined;
    };
    readonly body: undefined;
    readonly answer: undefined;
  };
  /** The history of a run as it is recorded, as Server-Sent Events. Ends with the run. */
  readonly watchRun: {
    readonly params: {
      /** Id of a run */
      readonly runId: string;
    };
    readonly query: {
      /** As the header Last-Event-ID, which goes before it */
      readonly after?: string | undefined;
    };
    readonly body: undefined;
    readonly answer: undefined;
  };
}

/** Where each operation is to be found. */
export const OPERATIONS = {
  activateVersion: { method: 'POST', path: '/api/v1/definitions/{name}/activate' },
  awaitResult: { method: 'GET', path: '/api/v1/runs/{runId}/result' },
  cancelRun: { method: 'POST', path: '/api/v1/runs/{runId}/cancel' },
  changeLimit: { method: 'PATCH', path: '/api/v1/limits' },
  changeQueue: { method: 'PATCH', path: '/api/v1/queues/{queue}' },
  createKey: { method: 'POST', path: '/api/v1/keys' },
  declareDead: { method: 'POST', path: '/api/v1/cluster/engines/{engine}/failover' },
  deployDefinition: { method: 'PUT', path: '/api/v1/definitions/{name}/versions/{version}', text: 'application/yaml' },
  drainEngine: { method: 'POST', path: '/api/v1/cluster/engines/{engine}/drain' },
  listAudit: { method: 'GET', path: '/api/v1/audit' },
  listDead: { method: 'GET', path: '/api/v1/queues/{queue}/dead' },
  listDefinitions: { method: 'GET', path: '/api/v1/definitions' },
  listFailovers: { method: 'GET', path: '/api/v1/cluster/failovers' },
  listKeys: { method: 'GET', path: '/api/v1/keys' },
  listLimits: { method: 'GET', path: '/api/v1/limits' },
  listLocks: { method: 'GET', path: '/api/v1/cluster/locks' },
  listQueues: { method: 'GET', path: '/api/v1/queues' },
  listRuns: { method: 'GET', path: '/api/v1/runs' },
  pauseRun: { method: 'POST', path: '/api/v1/runs/{runId}/pause' },
  readAutoscaling: { method: 'GET', path: '/api/v1/autoscaling' },
  readCluster: { method: 'GET', path: '/api/v1/cluster' },
  readDefinition: { method: 'GET', path: '/api/v1/definitions/{name}' },
  readDetail: { method: 'GET', path: '/api/v1/runs/{runId}/detail' },
  readGraph: { method: 'GET', path: '/api/v1/runs/{runId}/graph' },
  readHistory: { method: 'GET', path: '/api/v1/runs/{runId}/history' },
  readLogs: { method: 'GET', path: '/api/v1/runs/{runId}/logs' },
  readMetrics: { method: 'GET', path: '/metrics' },
  readRun: { method: 'GET', path: '/api/v1/runs/{runId}' },
  readStrategy: { method: 'GET', path: '/api/v1/cluster/strategy' },
  readVersion: { method: 'GET', path: '/api/v1/definitions/{name}/versions/{version}' },
  readWhy: { method: 'GET', path: '/api/v1/runs/{runId}/why' },
  redriveDead: { method: 'POST', path: '/api/v1/queues/{queue}/redrive' },
  releaseLock: { method: 'DELETE', path: '/api/v1/cluster/locks/{name}' },
  resumeRun: { method: 'POST', path: '/api/v1/runs/{runId}/resume' },
  retryRun: { method: 'POST', path: '/api/v1/runs/{runId}/retry' },
  revokeKey: { method: 'DELETE', path: '/api/v1/keys/{keyId}' },
  rollBack: { method: 'POST', path: '/api/v1/definitions/{name}/rollback' },
  rollOut: { method: 'POST', path: '/api/v1/definitions/{name}/rollout' },
  selectInstance: { method: 'GET', path: '/api/v1/cluster/select' },
  setStrategy: { method: 'PUT', path: '/api/v1/cluster/strategy' },
  signalRun: { method: 'POST', path: '/api/v1/runs/{runId}/signals/{name}' },
  startRun: { method: 'POST', path: '/api/v1/runs' },
  startRuns: { method: 'POST', path: '/api/v1/runs/batch' },
  validateDefinition: { method: 'POST', path: '/api/v1/definitions/validate', text: 'application/yaml' },
  watchEvents: { method: 'GET', path: '/api/v1/events' },
  watchRun: { method: 'GET', path: '/api/v1/runs/{runId}/events' },
} as const;
