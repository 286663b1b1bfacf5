import type { Size } from './stage.ts';

/** For the gate. */
export const SMALL: Size = {
  ...{ runs: 1000, leadMs: 2000, windowMs: 4000, legs: 2, legMs: 300 },
  ...{ beatMs: 100, leaseMs: 1500, suspectMs: 300, cutMs: 4500, concurrency: 1000 },
};

/** For a campaign: engines as they are by default. */
export const FULL: Size = {
  ...{ runs: 10_000, leadMs: 12_000, windowMs: 20_000, legs: 2, legMs: 400 },
  ...{ beatMs: 1000, leaseMs: 5000, suspectMs: 1000, cutMs: 60_000, concurrency: 5000 },
};
