import { setTimeout as pause } from 'node:timers/promises';
import { expect, it } from 'vitest';
import { measureLoad } from './measure-load.ts';

/** Longer than the half second within which engines of one process are told the same. */
const SPAN_MS = 700;

/** How the process stood while this went on. */
async function measureDuring(act: () => void | Promise<void>) {
  // Whatever was before is told with this one, and the monitor of the loop begins with the first.
  await pause(SPAN_MS);
  measureLoad();
  await pause(50);
  await act();
  // The monitor sees that it was late when its timer comes at last.
  await pause(50);
  return measureLoad();
}

function compute(ms: number): void {
  const end = performance.now() + ms;
  while (performance.now() < end);
}

it('tells how long the loop was blocked, and what processor time that took', async () => {
  const calm = await measureDuring(async () => pause(SPAN_MS));
  const busy = await measureDuring(() => compute(SPAN_MS));
  expect(busy.loopLagMs).toBeGreaterThan(SPAN_MS * 0.9);
  expect(busy.loopLagMs, 'it is the longest delay, and no sum').toBeLessThan(SPAN_MS * 10);
  expect(calm.loopLagMs, 'a wait blocks nothing').toBeLessThan(busy.loopLagMs);
  expect(busy.cpuUsage, 'computing takes more than waiting').toBeGreaterThan(calm.cpuUsage);
  expect(measureLoad(), 'engines that ask at about the same time are told the same').toBe(busy);
  const after = await measureDuring(async () => pause(SPAN_MS));
  expect(after.loopLagMs, 'a delay is told once').toBeLessThan(busy.loopLagMs);
});
