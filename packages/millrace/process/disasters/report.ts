import type { Played } from './play.ts';

/** The value below which a share of the samples lies; `share` from 0 to 1. */
export function quantile(samples: readonly number[], share: number): number | undefined {
  const sorted = samples.toSorted((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))];
}

/** One disaster in one line. */
export function describePlayed({ figures, times, inFlight }: Played): string {
  const resumed = times.resumedMs.filter((ms) => ms !== undefined);
  const facts = {
    inFlight,
    ...{ seen: times.seenMs, recovered: times.recoveredMs, interrupted: times.resumedMs.length },
    ...{ resumedHalf: quantile(resumed, 0.5), lateHalf: quantile(times.lateMs, 0.5) },
    ...{ late99: quantile(times.lateMs, 0.99), lateMost: quantile(times.lateMs, 1) },
  };
  return `${JSON.stringify(facts, (_, value: unknown) => (typeof value === 'number' ? Math.round(value) : value))} ${JSON.stringify(figures)}`;
}
