import { type AuditEntry, type AuditFilter, MAX_AUDIT_ENTRIES } from './access/audit.ts';
import { MAX_SETTING_BYTES } from './cluster.ts';
import {
  type DefinitionRef,
  type DefinitionRequest,
  MAX_DEFINITION_BYTES,
  MAX_ROUTE_BYTES,
  type RouteRequest,
  type VersionFilter,
} from './definitions.ts';
import { StoreError } from './errors.ts';
import { type AppendedLine, MAX_LINE_BYTES, MAX_LINES } from './runs/lines.ts';
import type { LockClaim, LockFilter, LockName } from './locks.ts';
import type { LimitChange } from './limits.ts';
import type { PausedRecord, PauseRequest } from './runs/pauses.ts';
import type {
  Scope,
  EngineAnnouncement,
  Message,
  Plan,
  RunFilter,
  RunRef,
  StartRequest,
  WorkflowRef,
} from './store.ts';

/*
 * What every backend refuses before it stores anything: text that SQLite or PostgreSQL could not give back
 * exactly (NUL, lone surrogates), and plans that contradict themselves. Payloads are bytes and pass
 * untouched.
 */

/** What the caller wrote, not what the database said of it. */
function refused(what: string): StoreError {
  return new StoreError('definite', what, { code: 'INVALID_ARGUMENT' });
}

/** The most plans in one `commit`. */
const MAX_PLANS = 500;

/** Throws a definite `StoreError` for text that a backend could not keep exactly. */
export function checkText(value: string | undefined, field: string): void {
  if (value === undefined) return;
  if (value.includes('\0')) {
    throw refused(`${field} contains a NUL character: ${JSON.stringify(value)}`);
  }
  if (!value.isWellFormed()) {
    throw refused(`${field} contains a lone surrogate: ${JSON.stringify(value)}`);
  }
}

export function checkStart(request: StartRequest): void {
  checkText(request.runId, 'runId');
  checkText(request.namespace, 'namespace');
  checkText(request.workflow, 'workflow');
  checkText(request.workflowVersion, 'workflowVersion');
  checkText(request.queue, 'queue');
  for (const tag of request.tags) checkText(tag, 'tag');
  for (const { key } of request.limits ?? []) checkText(key, 'key of a limit');
  checkText(request.key, 'key');
  checkText(request.fingerprint, 'fingerprint');
  checkText(request.parentRunId, 'parentRunId');
  checkText(request.owner, 'owner');
  checkText(request.message?.dedup, 'dedup');
  if (request.act !== undefined) checkAudit([request.act]);
}

/** A name, and numbers that every backend can keep: a limit of nothing is a pause, and is written so. */
export function checkLimit(change: LimitChange): void {
  const { namespace, kind, name, maxConcurrent, ratePerSecond, maxDepth, by } = change;
  checkText(namespace, 'namespace');
  checkText(name, `name of a ${kind}`);
  checkText(by, 'who pauses');
  for (const [field, value] of Object.entries({ maxConcurrent, maxDepth })) {
    if (value === undefined || value === null) continue;
    if (Number.isInteger(value) && value >= 1 && value <= MAX_COUNT) continue;
    throw refused(`${field} is ${value}: a whole number from 1 to ${MAX_COUNT} is allowed`);
  }
  if (ratePerSecond === undefined || ratePerSecond === null) return;
  if (ratePerSecond >= MIN_RATE && ratePerSecond <= MAX_COUNT) return;
  throw refused(`ratePerSecond is ${ratePerSecond}: ${MIN_RATE} to ${MAX_COUNT} is allowed`);
}

/** What PostgreSQL's integers hold with room to add. */
const MAX_COUNT = 1_000_000_000;
/** One in about a day. */
const MIN_RATE = 0.00001;

export function checkRef(ref: RunRef): void {
  if ('runId' in ref) {
    checkText(ref.runId, 'runId');
  } else {
    checkText(ref.key, 'key');
  }
  checkText(ref.namespace, 'namespace');
}

export function checkMessage(message: Message): void {
  checkRef(message.target);
  checkText(message.dedup, 'dedup');
}

export function checkPause({ runId, by, reason }: PauseRequest): void {
  checkText(runId, 'runId');
  checkText(by, 'who pauses');
  checkText(reason, 'reason of a pause');
}

/** Events and their number come together, or there are none. */
export function checkCount({ count, history }: Pick<Plan | PausedRecord, 'count' | 'history'>): void {
  if (count > 0 === (history !== undefined)) return;
  throw refused(`a plan of ${count} events with${history ? '' : 'out'} history`);
}

function checkPlan(plan: Plan): void {
  checkCount(plan);
  if (plan.next.kind === 'close') checkText(plan.next.successor, 'successor');
  if (plan.next.kind === 'block') checkText(plan.next.code, 'block code');
  for (const act of plan.locks ?? []) if (act.kind !== 'leave') checkText(act.name, 'lock');
  for (const start of plan.starts) checkStart(start);
  for (const message of plan.messages) {
    checkMessage(message);
    if ('runId' in message.target && message.target.runId === plan.runId) {
      throw refused(`the plan of run ${plan.runId} sends a message to itself`);
    }
  }
}

export function checkPlans(plans: readonly Plan[]): void {
  if (plans.length > MAX_PLANS) {
    throw refused(`${plans.length} plans in one commit; at most ${MAX_PLANS} are allowed`);
  }
  for (const plan of plans) checkPlan(plan);
}

export function checkAnnouncement(engine: EngineAnnouncement): void {
  checkText(engine.engineId, 'engineId');
  checkText(engine.name, 'engine name');
  checkText(engine.host, 'host');
  checkText(engine.bootId, 'bootId');
}

/** Names of settings are ours, not authors': short, plain and in lower case. */
export function checkSetting(name: string, value: Uint8Array | undefined): void {
  if (!/^[a-z][a-z0-9._-]{0,63}$/.test(name)) {
    const allowed = 'a letter, then up to 63 of a-z, 0-9, dot, hyphen and underscore';
    throw refused(`${JSON.stringify(name)} is no name of a setting: ${allowed}`);
  }
  if (value !== undefined) checkBytes(value, MAX_SETTING_BYTES, `setting ${name}`);
}

export function checkDefinitionRef({ namespace, name, version }: DefinitionRef): void {
  checkText(namespace, 'namespace');
  checkText(name, 'name of a definition');
  checkText(version, 'version of a definition');
}

export function checkDefinition(request: DefinitionRequest): void {
  const { name, version, hash, body, by, firstRoute } = request;
  checkDefinitionRef(request);
  checkText(by, 'who stores it');
  const which = `definition ${name}@${version}`;
  // What is behind the mark in the version of a run is what it demands: no run could be on such a version.
  if (version.includes('+')) throw refused(`${which}: a version has no "+"`);
  if (!/^[0-9a-f]{64}$/.test(hash)) {
    throw refused(`${which}: ${JSON.stringify(hash)} is no SHA-256 in hexadecimal`);
  }
  checkBytes(body, MAX_DEFINITION_BYTES, which);
  if (firstRoute !== undefined) checkBytes(firstRoute, MAX_ROUTE_BYTES, `route of ${name}`);
}

export function checkRoute({ namespace, name, value }: RouteRequest): void {
  checkText(namespace, 'namespace');
  checkText(name, 'name of a route');
  checkBytes(value, MAX_ROUTE_BYTES, `route of ${name}`);
}

function checkBytes({ byteLength }: Uint8Array, most: number, what: string): void {
  if (byteLength <= most) return;
  throw refused(`${what} has ${byteLength} bytes; at most ${most} are allowed`);
}

export function checkVersionFilter({ namespace, workflow }: VersionFilter): void {
  checkText(namespace, 'namespace');
  checkText(workflow, 'workflow');
}

function checkWorkflows(workflows: readonly WorkflowRef[]): void {
  for (const { workflow, version } of workflows) {
    checkText(workflow, 'workflow');
    checkText(version, 'workflow version');
  }
}

export function checkScope(request: Scope): void {
  checkText(request.namespace, 'namespace');
  for (const queue of request.queues ?? []) checkText(queue, 'queue');
  checkWorkflows(request.workflows);
}

export function checkLock(lock: LockName | LockClaim | LockFilter): void {
  checkText(lock.namespace, 'namespace');
  checkText(lock.name, 'lock');
  if ('request' in lock) checkText(lock.request, 'request');
}

export function checkAudit(entries: readonly AuditEntry[]): void {
  if (entries.length > MAX_AUDIT_ENTRIES) {
    const allowed = `at most ${MAX_AUDIT_ENTRIES} are allowed`;
    throw new StoreError('definite', `${entries.length} audit entries in one call; ${allowed}`);
  }
  for (const entry of entries) for (const field of AUDIT_TEXTS) checkText(entry[field], field);
}

const AUDIT_TEXTS = [
  ...(['id', 'namespace', 'actor', 'action', 'target', 'code', 'remote', 'reason', 'requestId'] as const),
  ...(['before', 'after'] as const),
];

export function checkAuditFilter({ namespace, actor, action, target, before }: AuditFilter): void {
  const texts = { namespace, actor, action, target, before };
  for (const [field, text] of Object.entries(texts)) checkText(text, `${field} of an audit filter`);
}

export function checkLines(lines: readonly AppendedLine[]): void {
  if (lines.length > MAX_LINES)
    throw refused(`${lines.length} lines in one call; at most ${MAX_LINES} are allowed`);
  for (const { runId, body } of lines) {
    checkText(runId, 'runId');
    if (body.byteLength <= MAX_LINE_BYTES) continue;
    throw refused(
      `a line of run ${runId} has ${body.byteLength} bytes; at most ${MAX_LINE_BYTES} are allowed`,
    );
  }
}

export function checkFilter(filter: RunFilter): void {
  checkText(filter.namespace, 'namespace');
  checkText(filter.workflow, 'workflow');
  checkText(filter.workflowVersion, 'workflow version');
  checkText(filter.queue, 'queue');
  checkText(filter.tag, 'tag');
  checkText(filter.key, 'key');
  checkText(filter.q, 'q');
  checkText(filter.parentRunId, 'parentRunId');
  checkText(filter.before, 'before');
}
