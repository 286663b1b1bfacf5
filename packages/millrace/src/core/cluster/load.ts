import { bytesOf, fieldsOf, numberOr } from './fields.ts';
import { decodeTally, type ShadowTally } from './shadow.ts';
import { readPoolReport, type PoolReport } from './pool-report.ts';

/** How its process stands: shares from 0 to 100, and the longest delay of its loop of late. */
export interface MachineLoad {
  readonly cpuUsage: number;
  readonly memoryUsage: number;
  readonly loopLagMs: number;
}

/** What an engine tells of itself with each beat. */
export interface EngineLoad extends MachineLoad {
  readonly state: 'running' | 'draining';
  readonly activeWorkflows: number;
  readonly activeTasks: number;
  /** How long its last beat took. */
  readonly latencyMs: number;
  /** Share of the attempts of the last minute that failed, 0 to 1. */
  readonly failureRate: number;
  /** Its last calls to the store failed. */
  readonly storeFailing: boolean;
  /** Undefined while no strategy is in the shadow. */
  readonly shadow: ShadowTally | undefined;
  /** Its worker processes; undefined: it has no pool. */
  readonly pool: PoolReport | undefined;
}

export function encodeLoad(load: EngineLoad): Uint8Array {
  return bytesOf(load);
}

/** Whatever version told it: what is missing counts as none. */
export function decodeLoad(bytes: Uint8Array): EngineLoad {
  const fields = fieldsOf(bytes);
  const number = (name: Exclude<keyof EngineLoad, 'state' | 'pool'>): number => numberOr(fields[name], 0);
  return {
    state: fields['state'] === 'draining' ? 'draining' : 'running',
    cpuUsage: number('cpuUsage'),
    memoryUsage: number('memoryUsage'),
    loopLagMs: number('loopLagMs'),
    activeWorkflows: number('activeWorkflows'),
    activeTasks: number('activeTasks'),
    latencyMs: number('latencyMs'),
    failureRate: number('failureRate'),
    storeFailing: fields['storeFailing'] === true,
    shadow: decodeTally(fields['shadow']),
    pool: readPoolReport(fields['pool']),
  };
}
