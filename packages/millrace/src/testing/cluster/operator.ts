import type { LimitStep } from '../scenario/scenario.ts';
import type { Desk } from './dealings.ts';
import { PATIENCE_MS } from './insist.ts';

/** Somebody changes limits while everything runs, and lifts them when all is healed: a paused queue never ends. */
export function changeLimits(
  { insist, sleepUntil, sleep, healed, task }: Desk,
  steps: readonly LimitStep[],
): void {
  const targets = Map.groupBy(steps, ({ target }) => JSON.stringify(target));
  for (const [name, ofTarget] of targets) {
    task(`limits of ${name}`, async () => {
      for (const { atMs, target, change } of ofTarget) {
        // oxlint-disable no-await-in-loop -- one change after the other
        await sleepUntil(atMs);
        await insist('limit', (millrace) => millrace.setLimit(target, change));
        // oxlint-enable no-await-in-loop
      }
      await healed();
      // Changes that were given up may be applied late.
      await sleep(PATIENCE_MS * 2);
      const target = ofTarget[0]?.target ?? 'all';
      const free = { maxConcurrent: null, ratePerSecond: null, paused: false };
      await insist('limit', (millrace) => millrace.setLimit(target, free));
    });
  }
}
