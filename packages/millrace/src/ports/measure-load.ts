import { availableParallelism, totalmem } from 'node:os';
import { monitorEventLoopDelay } from 'node:perf_hooks';
import { getHeapStatistics } from 'node:v8';
import type { MachineLoad } from '../core/cluster/load.ts';

/** Engines of one process ask at about the same time: they are told the same. */
const FRESH_MS = 500;
/** How often the loop is looked at. What it is late beyond that is its lag. */
const RESOLUTION_MS = 20;

interface Measurement {
  at: number;
  cpuMicros: number;
  load: MachineLoad;
}

/** This process has one loop, one heap and one account of processor time, so there is one measurement. */
let delays: ReturnType<typeof monitorEventLoopDelay> | undefined;
let last: Measurement | undefined;

/** How this process stands, over the time since it was last asked. */
export function measureLoad(): MachineLoad {
  const at = performance.now();
  if (last !== undefined && at - last.at < FRESH_MS) return last.load;
  const { user, system } = process.cpuUsage();
  const cpuMicros = user + system;
  const busy = last === undefined ? 0 : (cpuMicros - last.cpuMicros) / 1_000 / (at - last.at);
  const load = {
    cpuUsage: percent(busy / availableParallelism()),
    memoryUsage: percent(memoryShare()),
    loopLagMs: takeLag(),
  };
  last = { at, cpuMicros, load };
  return load;
}

/** The nearer of two ends: of the heap's limit, and of the memory that the machine or its container has. */
function memoryShare(): number {
  const { used_heap_size: used, heap_size_limit: limit } = getHeapStatistics();
  const constrained = process.constrainedMemory();
  const most = constrained > 0 && constrained < totalmem() ? constrained : totalmem();
  return Math.max(used / limit, process.memoryUsage.rss() / most);
}

/** The longest delay since the last look. */
function takeLag(): number {
  if (delays === undefined) {
    delays = monitorEventLoopDelay({ resolution: RESOLUTION_MS });
    delays.enable();
    return 0;
  }
  const lagMs = delays.count === 0 ? 0 : Math.max(0, delays.max / 1e6 - RESOLUTION_MS);
  delays.reset();
  return Math.round(lagMs * 10) / 10;
}

function percent(share: number): number {
  return Math.round(Math.min(1, Math.max(0, share)) * 1_000) / 10;
}
