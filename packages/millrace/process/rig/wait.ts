import { setTimeout as pause } from 'node:timers/promises';

const LOOK_EVERY_MS = 10;
const DEADLINE_MS = 30_000;

/** Waits for what `look` finds. Rejects with what it waited for when that does not come. */
export async function until<T>(
  what: string,
  look: () => T | undefined | false | Promise<T | undefined | false>,
  deadlineMs = DEADLINE_MS,
  lookEveryMs = LOOK_EVERY_MS,
): Promise<T> {
  const end = performance.now() + deadlineMs;
  for (;;) {
    // oxlint-disable-next-line no-await-in-loop -- looks until it is there
    const found = await look();
    if (found !== undefined && found !== false) return found;
    if (performance.now() > end) throw new Error(`waited ${deadlineMs} ms in vain for ${what}`);
    // oxlint-disable-next-line no-await-in-loop
    await pause(lookEveryMs);
  }
}
