/** Time as this backend uses it; a simulation injects its own. */
export interface Timers {
  /** The store's clock: whole milliseconds since the epoch. */
  now: () => number;
  /** Waits between two tries for the write lock. */
  sleep: (delayMs: number) => Promise<void>;
  /** Runs `act` once after the delay without keeping the process alive; returns the undo. */
  schedule: (act: () => void, delayMs: number) => () => void;
  /** Jitter, in [0, 1). */
  random: () => number;
}

export const SYSTEM_TIMERS: Timers = {
  now: Date.now,
  sleep: (delayMs) => new Promise((resolve) => void setTimeout(resolve, delayMs)),
  schedule: (act, delayMs) => {
    const timer = setTimeout(act, delayMs).unref();
    return () => clearTimeout(timer);
  },
  random: Math.random,
};
