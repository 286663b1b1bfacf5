import type { Meter } from '../../engine/ports.ts';

/** All who count. */
export interface Meters extends Meter {
  add(meter: Meter): void;
}

export function createMeters(): Meters {
  const all: Meter[] = [];
  return {
    add: (meter) => void all.push(meter),
    ended(run) {
      for (const meter of all) meter.ended(run);
    },
    attempted(attempt) {
      for (const meter of all) meter.attempted(attempt);
    },
    locked(holder, ms) {
      for (const meter of all) meter.locked(holder, ms);
    },
  };
}
