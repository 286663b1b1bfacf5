import { splitVersion } from '../cluster/demands.ts';
import type { GraphView, NodeDescription, Progress } from '../dag/view/view-graph.ts';
import { decodeValue } from '../json.ts';
import type { PlacedEvent } from '../run/event.ts';
import type { ClosedStatus, Priority, RunStatus } from '../status.ts';
import { describeError, type ErrorDescription } from './describe-error.ts';
import { instant, instantOrNull } from './instant.ts';
import { eventsIn } from './history-items.ts';
import type { ReadableChunk, ReadableRun } from './readable-run.ts';

/** A run as every surface shows it. Instants are ISO 8601 in UTC; what is not there is null. */
export interface RunDescription {
  readonly runId: string;
  readonly workflow: string;
  readonly version: string;
  /** What the engine that executes it must carry: labels, and its region as `region=eu`. */
  readonly requires: readonly string[];
  readonly namespace: string;
  readonly key: string | null;
  readonly status: RunStatus;
  readonly priority: Priority;
  readonly tags: readonly string[];
  readonly queue: string;
  /** In a list null, like `output` and `error`: histories are not read for it. */
  readonly input: unknown;
  /** Null until the run has completed, and in a list. */
  readonly output: unknown;
  /** Set when the run failed, timed out or was cancelled; null in a list. */
  readonly error: ErrorDescription | null;
  readonly createdAt: string;
  readonly startedAt: string | null;
  readonly closedAt: string | null;
  readonly deadlineAt: string | null;
  /** Name of the engine that owns it, or owned it last. */
  readonly engineId: string | null;
  readonly parentRunId: string | null;
  /** While it is paused: since when, by whom and why. */
  readonly pause?: { readonly since: string; readonly by: string | null; readonly reason: string | null };
  /** The run as which a continued one goes on. */
  readonly successorRunId: string | null;
  /** Why input, output and error are null that are there: they cannot be opened here. Absent: nothing is hidden. */
  readonly unreadable?: string;
  /** Of a run of a definition, where they are asked for. By id, in the order of the document. */
  readonly nodes?: Readonly<Record<string, NodeDescription>>;
  readonly progress?: Progress;
  /** Ids of the chain of nodes that has taken longest so far. */
  readonly criticalPath?: readonly string[];
}

/**
 * A run in the shape of every surface.
 * @param history - what the caller has of it, in order; whole or only its ends: the first event gives the
 *   input, the last one of a closed run its output or error.
 * @param view - of a run of a definition.
 */
export function describeRun(
  run: ReadableRun,
  history: readonly PlacedEvent[],
  view?: GraphView,
): RunDescription {
  const { version, demands: requires } = splitVersion(run.workflowVersion);
  return {
    runId: run.runId,
    workflow: run.workflow,
    version,
    requires,
    namespace: run.namespace,
    key: run.key ?? null,
    status: run.status,
    priority: run.priority,
    tags: run.tags,
    queue: run.queue,
    input: inputIn(history),
    ...endIn(run.status, history.at(-1)),
    createdAt: instant(run.createdAt),
    startedAt: instantOrNull(run.startedAt),
    closedAt: instantOrNull(run.closedAt),
    deadlineAt: instantOrNull(run.deadlineAt),
    engineId: run.engineName ?? null,
    parentRunId: run.parentRunId ?? null,
    successorRunId: run.successor ?? null,
    ...(run.pause === undefined ? {} : { pause: pauseOf(run.pause) }),
    ...(view === undefined ? {} : nodesOf(view)),
  };
}

function pauseOf({
  at,
  by,
  reason,
}: NonNullable<ReadableRun['pause']>): NonNullable<RunDescription['pause']> {
  return { since: instant(at), by: by ?? null, reason: reason ?? null };
}

/** The row of a run and as much as can be read of what is stored of it. */
export function describeStored(run: ReadableRun, chunks: readonly ReadableChunk[]): RunDescription {
  const { history, unreadable } = eventsIn(chunks);
  const described = describeRun(run, history);
  return unreadable === undefined ? described : { ...described, unreadable: unreadable.message };
}

function nodesOf({ nodes, progress, criticalPath }: GraphView): GraphView {
  return { nodes, progress, criticalPath };
}

function inputIn(history: readonly PlacedEvent[]): unknown {
  const first = history[0]?.event;
  return first?.type === 'started' ? decodeValue(first.payload ?? 'null') : null;
}

/** The code of an end whose error has none of its own. */
const CODE_OF_END: Partial<Record<RunStatus, string>> = {
  failed: 'RUN_FAILED',
  cancelled: 'CANCELLED',
  'timed-out': 'RUN_TIMED_OUT',
} satisfies Partial<Record<ClosedStatus, string>>;

function endIn(status: RunStatus, last: PlacedEvent | undefined): Pick<RunDescription, 'output' | 'error'> {
  if (last?.event.type !== status) return { output: null, error: null };
  const { payload } = last.event;
  if (status === 'completed') return { output: decodeValue(payload ?? 'null'), error: null };
  const code = CODE_OF_END[status];
  return { output: null, error: code === undefined ? null : describeError(payload, code) };
}
