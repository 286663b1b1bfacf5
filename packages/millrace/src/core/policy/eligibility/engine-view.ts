/** An engine as its latest beat describes it: all that a decision about it may rest on. */
export interface EngineView {
  /** Of this process start. */
  readonly engineId: string;
  /** Stays the same over restarts of the same engine. */
  readonly name: string;
  readonly namespace: string;
  readonly state: 'alive' | 'suspect' | 'draining';
  /** The number of the beat that `load` comes from; grows with each. */
  readonly beat: number;
  /** Parts from the widest to the narrowest, joined by dashes: `eu-west-1`. */
  readonly region?: string | undefined;
  readonly labels: readonly string[];
  /** Its share of work among others under `weighted-round-robin` and `affinity`; 0 or more. */
  readonly weight: number;
  /** Executors that it has and may use (`SUPPORTED_EXECUTORS` narrows them). */
  readonly executors: readonly string[];
  readonly workflows: readonly { readonly workflow: string; readonly version: string }[];
  /** Queues that it serves; undefined: all. */
  readonly queues?: readonly string[] | undefined;
  readonly load: EngineLoad;
  readonly capacity: EngineCapacity;
}

/** How busy and how well an engine was at its beat. */
export interface EngineLoad {
  /** 0 to 100. */
  readonly cpuUsage: number;
  /** Of what the process may use, 0 to 100. */
  readonly memoryUsage: number;
  readonly activeWorkflows: number;
  readonly activeTasks: number;
  readonly loopLagMs: number;
  /** Round trip of its last beat to the store. */
  readonly latencyMs: number;
  /** Share of the steps that failed lately, 0 to 1. */
  readonly failureRate: number;
  /** Its last calls to the store failed. */
  readonly storeFailing: boolean;
}

/** How many it takes at once. */
export interface EngineCapacity {
  readonly workflows: number;
  readonly tasks: number;
}

/** At least one engine. */
export type Candidates = readonly [EngineView, ...EngineView[]];

export function candidatesOf([first, ...others]: readonly EngineView[]): Candidates | undefined {
  return first === undefined ? undefined : [first, ...others];
}
