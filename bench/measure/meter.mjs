import { now } from './clock.mjs';
import { processCpuMs, treeCpuMs } from './proc.mjs';

/**
 * Says how much of a CPU client, worker and store used between `start` and `stop`, and what a unit of work
 * cost.
 */
export function createMeter({ workerPid, storePid }) {
  const read = () => ({
    ms: now(),
    client: cpuOfThisProcessMs(),
    worker: workerPid() === undefined ? 0 : processCpuMs(workerPid()),
    store: storePid() === undefined ? 0 : treeCpuMs(storePid()),
  });
  let before;
  let usage;
  return {
    start() {
      before = read();
    },
    stop(units) {
      const after = read();
      const elapsedMs = after.ms - before.ms;
      usage = { elapsedMs, units, cpu: {}, us: {} };
      for (const part of ['client', 'worker', 'store']) {
        const cpuMs = Math.max(0, after[part] - before[part]);
        usage.cpu[part] = (100 * cpuMs) / elapsedMs;
        usage.us[part] = (1000 * cpuMs) / units;
      }
    },
    usage: () => usage,
  };
}

function cpuOfThisProcessMs() {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1000;
}
