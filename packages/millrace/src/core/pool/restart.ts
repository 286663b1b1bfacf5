const FIRST_MS = 1000;
const MOST_MS = 30_000;
/** A worker that lived this long was healthy: its end is not counted with those before. */
const HEALTHY_MS = 60_000;

/** How a worker that died is followed. */
export interface Restart {
  /** Deaths in a row, this one included; 0 when the worker was ended on purpose. */
  readonly streak: number;
  /** Until its successor starts. */
  readonly delayMs: number;
}

/**
 * The pause before a successor: 1 s, 2 s, 4 s … 30 s, from the start again after a minute of health, none after
 * an end that the pool itself brought about.
 * @param streak - deaths in a row before this one.
 */
export function restartOf(streak: number, livedMs: number, isDeliberate: boolean): Restart {
  if (isDeliberate) return { streak: 0, delayMs: 0 };
  const before = livedMs >= HEALTHY_MS ? 0 : streak;
  return { streak: before + 1, delayMs: Math.min(MOST_MS, FIRST_MS * 2 ** Math.min(before, 10)) };
}
