import { setTimeout as sleep } from 'node:timers/promises';

export { sleep };

/** Monotonic time in ms. */
export const now = () => performance.now();

/** Calls `act(0)` to `act(count - 1)`, at most `lanes` of them at once. */
export async function inLanes(lanes, count, act) {
  let next = 0;
  const lane = async () => {
    while (next < count) await act(next++);
  };
  await Promise.all(Array.from({ length: Math.min(lanes, count) }, lane));
}

/** Asks until the answer is yes; `true` in time, `false` after `limitMs`. */
export async function until(ask, { everyMs, limitMs }) {
  const deadline = now() + limitMs;
  while (!(await ask())) {
    if (now() > deadline) return false;
    await sleep(everyMs);
  }
  return true;
}
