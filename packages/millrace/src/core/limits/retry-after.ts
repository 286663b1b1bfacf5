/** What a store knows of when a full queue has room again. */
export interface Outlook {
  /** How long the queue as a whole or everything is paused, or has no token of its rate, ms; 0: not at all. */
  readonly heldMs: number;
  /** In which time one run of the queue began lately, ms. Undefined: all of them have only just come. */
  readonly stepMs: number | undefined;
}

/** A pause ends when somebody ends it. */
export const PAUSED_MS = 86_400_000;

const LEAST_MS = 100;
const MOST_MS = 60_000;
const UNKNOWN_MS = 1_000;

/**
 * After how long who is refused for a full queue may try again: what `Retry-After` says. By then one run should have
 * begun. What holds the whole queue is known exactly; otherwise it is told from the pace of late.
 */
export function retryAfterMs({ heldMs, stepMs = UNKNOWN_MS }: Outlook): number {
  return Math.ceil(Math.min(Math.max(heldMs > 0 ? heldMs : stepMs, LEAST_MS), MOST_MS));
}

/** Queued runs that are taken one after the other: how many, and since when the first of them is ready. */
export interface Line {
  readonly depth: number;
  readonly firstReadyAt: number;
}

/**
 * While the first of a line of 100 waited for 20 s, those 100 came behind it, and about as many left before it: one
 * in 200 ms. Lines that nobody serves grow old and add nothing. A line that stands since a moment ago seems faster than
 * it is, until its first run has grown older.
 * @source Little's law: what is in a line is its throughput times its wait.
 */
export function stepMsOf(lines: readonly Line[], now: number): number | undefined {
  let perMs = 0;
  for (const { depth, firstReadyAt } of lines) {
    if (firstReadyAt < now) perMs += depth / (now - firstReadyAt);
  }
  return perMs === 0 ? undefined : Math.min(Math.ceil(1 / perMs), PAUSED_MS);
}
