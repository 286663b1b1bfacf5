import type { Act } from '../core/audit/act.ts';
import { demandingVersion, demandsOf, type DemandOptions } from '../core/cluster/demands.ts';
import { durationMs, type Duration } from '../core/duration.ts';
import { MillraceError, checkOptions, show } from '../core/errors.ts';
import { checkLimits } from '../core/limits/check-limits.ts';
import type { KeyLimit } from '../core/limits/limit.ts';
import { retryAfterMs } from '../core/limits/retry-after.ts';
import {
  checkKey,
  checkName,
  checkQueue,
  checkTags,
  checkWorkflowName,
  resolvePriority,
  resolveVersion,
} from '../core/names.ts';
import type { BeginningRun } from '../core/policy/eligibility.ts';
import { encodeChunk } from '../core/run/chunk.ts';
import type { Beginning } from '../core/run/event.ts';
import type { Priority } from '../core/status.ts';
import { isTraceparent } from '../core/workflow/trace.ts';
import { termsOf, type StartableWorkflow } from '../core/workflow/workflow.ts';
import type { AuditEntry } from '../store/port/access/audit.ts';
import type { Assignment, ReusePolicy, StartRequest, StartResult } from '../store/port/store.ts';

/** What the audit log says of a start. */
export type StartAudit = Pick<Act, 'actor' | 'remote' | 'reason' | 'requestId'>;

/** How a run is started. */
export interface StartOptions extends DemandOptions {
  /** The same key names the same run: a repeated start is the answer of the first. */
  key?: string | undefined;
  priority?: Priority | undefined;
  tags?: readonly string[] | undefined;
  queue?: string | undefined;
  /**
   * Of all runs with this key at most `max` hold a grant at once, from the first turn of each to its end; the others wait
   * for theirs. At most 10 keys. The latest start says what `max` is, unless `setLimit` does.
   */
  limits?: readonly KeyLimit[] | undefined;
  /** The region where it is best executed, for `geographic` and `locality`. Default: that of this process. */
  near?: string | undefined;
  /** Wait this long before the first turn. */
  delay?: Duration | undefined;
  /** Not before this instant. */
  startAt?: Date | number | undefined;
  /** From start to end; overrides the workflow's. */
  timeout?: Duration | undefined;
  /** What happens when the key's run has closed. Default `return`. */
  reuse?: ReusePolicy | undefined;
  /** Who starts it: written into the audit log together with the run. */
  audit?: StartAudit | undefined;
  /** W3C trace context of the caller; steps find it, and built-in executors send it with their requests. */
  traceparent?: string | undefined;
  /**
   * PostgreSQL: the caller's own client inside its transaction; the run exists if that transaction commits.
   */
  transaction?: unknown;
}

const OPTIONS = [
  ...['key', 'priority', 'tags', 'queue', 'limits', 'near', 'delay', 'startAt', 'timeout', 'reuse'],
  ...['requires', 'region', 'traceparent', 'transaction', 'audit'],
];
const REUSE: readonly string[] = ['return', 'allow', 'allow-failed', 'refuse'];

/** What the composition root knows and a request needs. */
export interface StartFacts {
  namespace: string;
  engineName: string;
  dedupMs: number;
  storeTime(): number;
  newRunId(): string;
  newCommitId(): number;
  encode(value: unknown, where: string): string;
  hash(text: string): string;
  entryOf(act: Act): AuditEntry;
  /** Where this run shall begin. */
  placeFor(run: BeginningRun): StartPlace;
}

/** Neither: whoever can take it first. */
export interface StartPlace {
  /** The engine of this process: it takes the run at once. */
  readonly owner?: string | undefined;
  readonly assignTo?: Assignment | undefined;
}

const FOR_ALL: StartPlace = {};

/**
 * Whether it is placed when it is made. What is part of the caller's transaction may come true after any window, and
 * nobody can be told of it; and of what comes later nobody knows yet who will be there.
 */
export function isPlaced({ transaction, delay, startAt }: StartOptions): boolean {
  return transaction === undefined && delay === undefined && startAt === undefined;
}

/**
 * Checks a start and makes the request of it; nothing is stored when anything is wrong.
 * @throws INVALID_INPUT, INVALID_ARGUMENT, UNKNOWN_OPTION, INVALID_DURATION, NOT_SERIALIZABLE,
 *   PAYLOAD_TOO_LARGE.
 */
export function startRequest(
  workflow: StartableWorkflow,
  input: unknown,
  options: StartOptions,
  facts: StartFacts,
): StartRequest {
  const where = `start of workflow "${workflow.name}"`;
  checkWorkflowName(workflow.name);
  checkOptions(where, options, OPTIONS);
  const terms = termsOf(workflow, input);
  const { key, tags = [], queue = terms.queue ?? 'default', reuse = 'return', near } = options;
  if (near !== undefined) checkName('region', near);
  if (key !== undefined) checkKey(key);
  checkTags(tags);
  checkQueue(queue);
  const version = resolveVersion(workflow.version, where);
  const workflowVersion = demandingVersion(version, demandsOf(options, where));
  const limits = checkLimits(where, options.limits ?? terms.limits);
  if (!REUSE.includes(reuse)) {
    const remedy = `Use one of ${REUSE.join(', ')}.`;
    throw new MillraceError('INVALID_ARGUMENT', `${where}: reuse is ${String(reuse)}`, { remedy });
  }
  const priority = resolvePriority(options.priority ?? terms.priority ?? 'normal', where);
  const storeTime = facts.storeTime();
  const startAt = startTime(where, options, storeTime);
  const timeoutMs = options.timeout === undefined ? terms.timeoutMs : durationMs(options.timeout, where);
  const deadlineAt = timeoutMs === undefined ? undefined : Math.ceil((startAt ?? storeTime) + timeoutMs);
  const payload = facts.encode(input, `input of workflow "${workflow.name}"`);
  const { name } = workflow;
  const { namespace } = facts;
  const started: Beginning['event'] = { type: 'started', workflow: name, version, priority, queue };
  const fingerprint = key === undefined ? undefined : facts.hash(`${name}\n${payload}`);
  if (key !== undefined) {
    started.key = key;
    started.fingerprint = fingerprint;
  }
  if (tags.length > 0) started.tags = tags;
  if (options.traceparent !== undefined) started.traceparent = checkedTrace(options.traceparent, where);
  if (deadlineAt !== undefined) started.deadlineAt = deadlineAt;
  if (startAt !== undefined) started.startAt = startAt;
  started.payload = payload;
  const at = Math.floor(storeTime);
  const run = { namespace, workflow: name, workflowVersion, queue, affinity: key, region: near };
  const place = isPlaced(options) ? facts.placeFor(run) : FOR_ALL;
  const runId = facts.newRunId();
  return {
    runId,
    namespace,
    workflow: name,
    workflowVersion,
    queue,
    priority,
    tags,
    limits,
    key,
    fingerprint,
    reuse,
    dedupMs: facts.dedupMs,
    startAt,
    deadlineAt,
    history: encodeChunk({ at, engine: facts.engineName }, [started]),
    begins: { event: started, at },
    commitId: facts.newCommitId(),
    owner: place.owner,
    assignTo: place.assignTo,
    act: options.audit && facts.entryOf(checkedAct(options.audit, runId, where)),
  };
}

const AUDIT = ['actor', 'remote', 'reason', 'requestId'];

function checkedAct(audit: StartAudit, runId: string, where: string): Act {
  checkOptions(`${where}, audit`, audit, AUDIT);
  for (const [field, value] of Object.entries(audit)) {
    if (value === undefined || (typeof value === 'string' && value !== '')) continue;
    const remedy = 'Pass texts that are not empty.';
    throw new MillraceError('INVALID_ARGUMENT', `${where}: ${field} of audit is ${show(value)}`, { remedy });
  }
  if (audit.actor === undefined) {
    const remedy = 'Say who starts the run, for instance as `user:ann`.';
    throw new MillraceError('INVALID_ARGUMENT', `${where}: audit names no actor`, { remedy });
  }
  return { ...audit, action: 'startRun', target: `runs/${runId}`, outcome: 'done' };
}

function checkedTrace(text: string, where: string): string {
  if (isTraceparent(text)) return text;
  throw new MillraceError('INVALID_ARGUMENT', `${where}: traceparent is ${show(text)}`, {
    remedy: 'Pass a W3C trace context such as 00-TRACEID-PARENTID-01, in lower case.',
  });
}

function startTime(where: string, options: StartOptions, storeTime: number): number | undefined {
  const { delay, startAt } = options;
  if (delay !== undefined && startAt !== undefined) {
    const remedy = 'Give one of the two.';
    throw new MillraceError('INVALID_ARGUMENT', `${where} has both delay and startAt`, { remedy });
  }
  if (delay !== undefined) return Math.ceil(storeTime + durationMs(delay, where));
  if (startAt === undefined) return undefined;
  const at = typeof startAt === 'number' ? startAt : startAt instanceof Date ? startAt.getTime() : Number.NaN;
  if (!Number.isFinite(at)) {
    const remedy = 'Pass a Date or milliseconds since the epoch.';
    throw new MillraceError('INVALID_ARGUMENT', `${where}: startAt is ${String(startAt)}`, { remedy });
  }
  return Math.ceil(at);
}

/** What a start was refused for; undefined: it was not. */
export function refusalOf(result: StartResult, { key, queue }: StartRequest): MillraceError | undefined {
  if (result.outcome === 'queue-full') {
    const { maxDepth } = result;
    const what = `queue "${queue}" holds ${maxDepth} queued runs, as many as it may; nothing was stored`;
    return new MillraceError('QUEUE_FULL', what, {
      details: { queue, maxDepth, retryAfterMs: retryAfterMs(result) },
    });
  }
  if (result.outcome !== 'key-in-use') return undefined;
  const { runId, status } = result;
  const what = `key "${key}" belongs to run ${runId} (${status}) with another workflow or input`;
  return new MillraceError('KEY_IN_USE', what, { details: { runId, status } });
}

/** @throws INVALID_ARGUMENT. */
export function checkWorkflow(workflow: unknown): void {
  if (typeof workflow === 'string') return;
  if (typeof workflow === 'object' && workflow !== null && 'name' in workflow && 'version' in workflow)
    return;
  throw new MillraceError('INVALID_ARGUMENT', `start got ${typeof workflow} instead of a workflow`, {
    remedy:
      "Pass what workflow('name', …) returned, or the name of one that is deployed or that other engines run.",
  });
}
