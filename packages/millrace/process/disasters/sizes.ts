import type { Size } from './stage.ts';

/** For the gate. */
export const SMALL: Size = {
  ...{ runs: 1000, leadMs: 2500, windowMs: 3000, legs: 2, legMs: 500 },
  ...{
    beatMs: 100,
    leaseMs: 1500,
    calmLeaseMs: 10_000,
    suspectMs: 300,
    cutMs: 4500,
    concurrency: 1000,
    roundMs: 100,
  },
};

/**
 * For a campaign: engines as they are by default. A fifth of the runs has gone on when the disaster comes: 10,000 are
 * open.
 */
export const FULL: Size = {
  ...{ runs: 12_500, leadMs: 7_000, windowMs: 15_000, legs: 2, legMs: 400 },
  ...{
    beatMs: 1000,
    leaseMs: 5000,
    calmLeaseMs: 5000,
    suspectMs: 1000,
    cutMs: 60_000,
    concurrency: 5000,
    roundMs: 500,
  },
};
