import { splitVersion } from '../../cluster/demands.ts';

/** A run or a task that some engine shall take. */
export type Work = WorkflowWork | TaskWork;

export interface WorkflowWork extends Demands {
  readonly kind: 'workflow';
  readonly workflow: string;
  readonly version: string;
}

export interface TaskWork extends Demands {
  readonly kind: 'task';
  readonly executor: string;
}

/** What it asks of an engine. The first three must be met; the others are wishes that strategies weigh. */
interface Demands {
  readonly namespace: string;
  readonly queue: string;
  /** Labels that the engine must carry, all of them; `region=eu` is one (core/cluster/demands.ts). */
  readonly requires: readonly string[];
  /** Where it is best executed. A region that must not be left belongs in `requires`. */
  readonly region?: string | undefined;
  /** Works of the same key are best executed by the same engine. */
  readonly affinity?: string | undefined;
  /** The engine that executed it last and may still have it in memory. */
  readonly lastEngineId?: string | undefined;
  /** The engine that holds its input: where it was started, or where the run that asks for it executes. */
  readonly originEngineId?: string | undefined;
}

/** A run that begins, as it is stored: with what it demands behind its version. */
export interface BeginningRun extends Omit<WorkflowWork, 'kind' | 'version' | 'requires' | 'originEngineId'> {
  readonly workflowVersion: string;
}

export function workOf({ workflowVersion, region, ...run }: BeginningRun): WorkflowWork {
  const { version, demands: requires } = splitVersion(workflowVersion);
  return { kind: 'workflow', ...run, version, requires, ...(region === undefined ? {} : { region }) };
}
