import type { EngineLoad } from '../../cluster/load.ts';

/** Half a beat: callbacks come so late that soon the beats will, too. */
const SICK_LOOP_LAG_MS = 500;
/** Beyond it a process collects garbage instead of working, and is the next that the system kills. */
const SICK_MEMORY_PERCENT = 95;

/**
 * What makes an engine a poor choice for anything, or undefined while it is well. A busy CPU does not: that is
 * what engines are for, and strategies weigh it. Nor do failing steps: mostly the author's code fails, everywhere.
 */
export function sicknessOf({ storeFailing, loopLagMs, memoryUsage }: EngineLoad): string | undefined {
  if (storeFailing) return 'its calls to the store fail';
  if (loopLagMs > SICK_LOOP_LAG_MS) {
    return `its event loop lags ${Math.round(loopLagMs)} ms, more than ${SICK_LOOP_LAG_MS}`;
  }
  if (memoryUsage > SICK_MEMORY_PERCENT) {
    return `its memory is ${Math.round(memoryUsage)} % full, more than ${SICK_MEMORY_PERCENT}`;
  }
  return undefined;
}
