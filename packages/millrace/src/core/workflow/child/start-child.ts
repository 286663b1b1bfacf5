import { MillraceError } from '../../errors.ts';
import { errorOf, failureOf } from '../../failure.ts';
import { checkLimits } from '../../limits/check-limits.ts';
import { checkWorkflowName } from '../../names.ts';
import { failureIn } from '../../run/apply.ts';
import type { Execution } from '../../run/execution.ts';
import { encodeFailure } from '../../run/outcome.ts';
import { checkInputNow } from '../check-input.ts';
import { childPlace, type ChildPlace } from './child-place.ts';
import type { ChildOptions } from '../context.ts';
import { termsOf, type AnyWorkflow, type StartableWorkflow } from '../workflow.ts';

/** A child whose start is recorded. */
interface StartedChild {
  ordinal: number;
  label: string;
  runId: string;
  workflow: string;
  parentClose: 'cancel' | 'abandon';
}

interface ChildRequest {
  readonly workflow: AnyWorkflow | string;
  readonly input: unknown;
  readonly options: ChildOptions | undefined;
  readonly detached: boolean;
}

/** What a turn needs that starts it; replay starts nothing. */
interface Beginning {
  readonly workflow: StartableWorkflow;
  /** Payload text. */
  readonly input: string;
  readonly place: ChildPlace;
}

/** Gives the command that starts a child; undefined: it is refused, or history disagrees. */
export function startChild(execution: Execution, request: ChildRequest): StartedChild | undefined {
  const { workflow, options } = request;
  if (typeof workflow === 'string') return startNamed(execution, request, workflow);
  if (typeof workflow?.name !== 'string' || typeof workflow.version !== 'string') {
    const what = `a child was to be started of ${typeof workflow}, not of a workflow`;
    const remedy = "Pass what workflow('name', …) returned, or the name of one.";
    throw new MillraceError('INVALID_ARGUMENT', what, { remedy });
  }
  const beginning = prepare(execution, request, workflow);
  const { name = workflow.name } = options ?? NO_OPTIONS;
  const place = execution.number('child', name);
  return execution.refuses ? undefined : begin(execution, request, place, beginning);
}

/**
 * Which version it is, and so what input it takes, depends on what is there when the child starts: all that is found out
 * about it is recorded, a refusal like a start.
 */
function startNamed(execution: Execution, request: ChildRequest, workflow: string): StartedChild | undefined {
  checkWorkflowName(workflow);
  const place = childPlace(workflow, request.options);
  const { name = workflow } = request.options ?? NO_OPTIONS;
  const numbered = execution.number('child', name);
  if (execution.refuses) return undefined;
  const { ordinal, label } = numbered;
  const stored = execution.recorded(ordinal);
  if (stored?.type === 'child-started') {
    const workflowOnly = { name: workflow, version: '' };
    return begin(execution, request, numbered, { workflow: workflowOnly, input: '', place });
  }
  let refusal: string | undefined;
  if (stored === undefined) {
    try {
      const chosen = execution.ports.versionOf(workflow, execution.started);
      return begin(execution, request, numbered, prepare(execution, request, chosen));
    } catch (error) {
      refusal = encodeFailure(failureOf(error));
    }
  }
  const record = execution.record(ordinal, () => ({
    type: 'recorded' as const,
    ordinal,
    name: label,
    payload: refusal,
  }));
  if (record === undefined) return undefined;
  throw errorOf(failureIn(record));
}

const NO_OPTIONS: ChildOptions = {};

function prepare(
  execution: Execution,
  { input, options }: ChildRequest,
  workflow: StartableWorkflow,
): Beginning {
  const { name } = workflow;
  const place = childPlace(name, options);
  const checked = checkInputNow(workflow, input);
  const text = execution.ports.encode(checked, `input of child "${name}"`);
  const terms = termsOf(workflow, checked);
  return {
    workflow,
    input: text,
    place: {
      ...place,
      queue: place.queue ?? terms.queue,
      priority: place.priority ?? terms.priority,
      limits: place.limits ?? checkLimits(`child "${name}"`, terms.limits),
      timeoutMs: place.timeoutMs ?? terms.timeoutMs,
    },
  };
}

function begin(
  execution: Execution,
  { detached }: ChildRequest,
  { ordinal, label }: { ordinal: number; label: string },
  { workflow, input, place: { parentClose = detached ? 'abandon' : 'cancel', ...place } }: Beginning,
): StartedChild | undefined {
  if (place.key !== undefined) execution.useChildKey(place.key);
  const { name, version } = workflow;
  const before = execution.events.length;
  const record = execution.record(ordinal, () => ({
    type: 'child-started' as const,
    ordinal,
    name: label,
    runId: execution.ports.runId(execution.runId),
    workflow: name,
    version,
    detached,
  }));
  if (record === undefined) return undefined;
  const { runId } = record;
  execution.openChild(ordinal, { runId, parentClose });
  if (execution.events.length > before) {
    execution.children.push({ ordinal, name: label, runId, workflow, input, detached, ...place });
  }
  return { ordinal, label, runId, workflow: name, parentClose };
}
