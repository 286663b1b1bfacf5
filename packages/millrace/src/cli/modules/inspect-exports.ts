import { isMillraceError, show } from '../../core/errors.ts';
import { checkName, checkWorkflowName, resolveVersion } from '../../core/names.ts';
import { isIsolated, type IsolatedExecutor } from '../../core/pool/isolated.ts';
import type { Executor } from '../../core/workflow/context.ts';
import type { AnyWorkflow } from '../../core/workflow/workflow.ts';
import { problemIn, type Finding, type ModuleProblem } from './module-problem.ts';

/** What a module offers to an engine. */
export interface ModuleContents {
  readonly workflows: readonly AnyWorkflow[];
  readonly executors: Readonly<Record<string, Executor | IsolatedExecutor>>;
}

/**
 * Everything that a module exports for Millrace, and everything that is wrong with it: its list or record
 * `workflows`, its record `executors`, and each workflow that is exported under a name of its own.
 */
export function inspectExports(
  file: string,
  exports: Readonly<Record<string, unknown>>,
): { contents: ModuleContents; problems: readonly ModuleProblem[] } {
  const findings: Finding[] = [];
  const listed = listedWorkflows(exports['workflows'], findings);
  const named = namedWorkflows(exports, listed, findings);
  const workflows = withoutRepeats([...listed, ...named], findings);
  const executors = checkedExecutors(exports['executors'], findings);
  if (findings.length === 0 && workflows.length === 0 && Object.keys(executors).length === 0) {
    findings.push({
      path: '',
      code: 'INVALID_ARGUMENT',
      message: 'it exports neither workflows nor executors',
      value: Object.keys(exports).join(', ') || null,
      remedy: "Export what workflow('name', …) returns, or a list of it as `workflows`.",
    });
  }
  return {
    contents: { workflows, executors },
    problems: findings.map((finding) => problemIn(file, finding)),
  };
}

interface Found {
  readonly path: string;
  readonly workflow: AnyWorkflow;
}

function listedWorkflows(listed: unknown, findings: Finding[]): Found[] {
  if (listed === undefined) return [];
  if (isWorkflow(listed) || typeof listed !== 'object' || listed === null) {
    findings.push(notWorkflows(listed));
    return [];
  }
  const isList = Array.isArray(listed);
  return Object.entries(listed).flatMap(([key, entry]: [string, unknown]) => {
    const path = isList ? `workflows[${key}]` : `workflows.${key}`;
    if (isWorkflow(entry)) return checkedWorkflow(path, entry, findings);
    findings.push({
      path,
      code: 'INVALID_ARGUMENT',
      message: 'it is not a workflow',
      value: show(entry),
      remedy: "Put what workflow('name', …) returned there.",
    });
    return [];
  });
}

function notWorkflows(value: unknown): Finding {
  return {
    path: 'workflows',
    code: 'INVALID_ARGUMENT',
    message: 'it is neither a list nor a record of workflows',
    value: isWorkflow(value) ? `workflow "${value.name}"` : show(value),
    remedy: 'Export a list: export const workflows = [order, refund].',
  };
}

/** A workflow that also stands in the list is the same object and counts once. */
function namedWorkflows(
  exports: Readonly<Record<string, unknown>>,
  listed: readonly Found[],
  findings: Finding[],
): Found[] {
  const known = new Set(listed.map(({ workflow }) => workflow));
  return Object.entries(exports).flatMap(([path, value]) =>
    isWorkflow(value) && !known.has(value) ? checkedWorkflow(path, value, findings) : [],
  );
}

function isWorkflow(value: unknown): value is AnyWorkflow {
  if (typeof value !== 'object' || value === null) return false;
  const { name, version, run } = value as Readonly<Record<string, unknown>>;
  return typeof run === 'function' && name !== undefined && version !== undefined;
}

/** `workflow()` has checked name and version already; an object that somebody wrote himself has not been. */
function checkedWorkflow(path: string, workflow: AnyWorkflow, findings: Finding[]): Found[] {
  try {
    checkWorkflowName(workflow.name);
    resolveVersion(workflow.version, `workflow "${workflow.name}"`);
    return [{ path, workflow }];
  } catch (error) {
    findings.push(refusedName(path, workflow.name, error));
    return [];
  }
}

function refusedName(path: string, value: unknown, error: unknown): Finding {
  if (!isMillraceError(error)) throw error;
  const { code, remedy, message } = error;
  return { path, code, message: message.replace(`. ${remedy}`, ''), value: show(value), remedy };
}

function withoutRepeats(found: readonly Found[], findings: Finding[]): AnyWorkflow[] {
  const byId = new Map<string, Found>();
  for (const entry of found) {
    const { name, version } = entry.workflow;
    const id = `"${name}" version ${version}`;
    const first = byId.get(id);
    if (first === undefined) byId.set(id, entry);
    else if (first.workflow !== entry.workflow) {
      findings.push({
        path: entry.path,
        code: 'DUPLICATE_REGISTRATION',
        message: `workflow ${id} is there twice, first as ${first.path}`,
        value: name,
        remedy: 'Rename one of the two, or give it another version.',
      });
    }
  }
  return [...byId.values()].map(({ workflow }) => workflow);
}

function checkedExecutors(listed: unknown, findings: Finding[]): ModuleContents['executors'] {
  const executors: Record<string, Executor | IsolatedExecutor> = {};
  if (listed === undefined) return executors;
  if (typeof listed !== 'object' || listed === null || Array.isArray(listed)) {
    findings.push({
      path: 'executors',
      code: 'INVALID_ARGUMENT',
      message: 'it is not a record of functions',
      value: show(listed),
      remedy: "Export a record: export const executors = { 'payments.charge': async (input, step) => … }.",
    });
    return executors;
  }
  for (const [name, executor] of Object.entries(listed) as [string, unknown][]) {
    const path = `executors[${JSON.stringify(name)}]`;
    try {
      checkName('executor', name);
    } catch (error) {
      findings.push(refusedName(path, name, error));
      continue;
    }
    // What its input is, only the workflow that calls it knows.
    if (typeof executor === 'function') executors[name] = executor as Executor;
    else if (isIsolated(executor)) executors[name] = executor;
    else findings.push(notFunction(path, executor));
  }
  return executors;
}

function notFunction(path: string, executor: unknown): Finding {
  return {
    path,
    code: 'INVALID_ARGUMENT',
    message: 'it is neither a function nor an isolated one',
    value: show(executor),
    remedy: 'Write (input, step) => …, or what isolated(…) returns.',
  };
}
