/**
 * What this process knows of the store's clock, from samples: a call that was sent at monotonic time `sent`,
 * came back at `received` and carried the store's time t. The store's clock now is then at most t + (mono −
 * sent) and at least t + (mono − received); the sample with the shortest way is kept. Both bounds widen with
 * the sample's age, because the two clocks do not run equally fast.
 */
export interface StoreClock {
  sample(sent: number, received: number, storeTime: number): void;
  /** Never behind the store's clock: due times are made from it, so that no timer is early. */
  upper(): number;
  /** Never ahead of the store's clock: timers in memory fire by it. */
  lower(): number;
}

/** A sample older than this is replaced by any newer one: clocks drift and are set. */
const SAMPLE_LIFE_MS = 10_000;
/** What a kernel slews a clock by at most, twice: this one and the store's. */
const MAX_DRIFT = 0.001;
/** The store's time is in whole milliseconds, cut off. */
const RESOLUTION_MS = 1;

export function createStoreClock(mono: () => number): StoreClock {
  let best = { sent: 0, received: 0, storeTime: Number.NaN };
  return {
    sample(sent, received, storeTime) {
      const fresh = mono() - best.received < SAMPLE_LIFE_MS && !Number.isNaN(best.storeTime);
      const predicted = best.storeTime + (sent - best.received);
      const jumped = Math.abs(storeTime - predicted) > received - sent + SAMPLE_LIFE_MS / 10;
      if (!fresh || jumped || received - sent <= best.received - best.sent)
        best = { sent, received, storeTime };
    },
    upper: () => best.storeTime + RESOLUTION_MS + (mono() - best.sent) * (1 + MAX_DRIFT),
    lower: () => best.storeTime + (mono() - best.received) * (1 - MAX_DRIFT),
  };
}
