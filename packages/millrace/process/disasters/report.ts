import type { Played } from './play.ts';

/** The value below which a share of the samples lies; `share` from 0 to 1. */
function quantile(samples: readonly number[], share: number): number | undefined {
  const sorted = samples.toSorted((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))];
}

/** One disaster in one line. */
export function describePlayed({ figures, times }: Played): string {
  const facts = {
    spare: times.spareMs,
    inFlight: times.inFlight,
    ...{
      seen: times.seenMs,
      recovered: times.recoveredMs,
      interrupted: times.resumedMs.length + times.lost.length,
    },
    ...{ resumedHalf: quantile(times.resumedMs, 0.5), lateHalf: quantile(times.lateMs, 0.5) },
    ...{ late99: quantile(times.lateMs, 0.99), lateMost: quantile(times.lateMs, 1) },
  };
  return JSON.stringify({ ...facts, ...figures }, round);
}

function round(_key: string, value: unknown): unknown {
  return typeof value === 'number' ? Math.round(value) : value;
}

/** All repetitions of one disaster on one store. */
export interface Row {
  readonly name: string;
  readonly kind: string;
  readonly played: Played[];
  /** Why the others failed. */
  readonly failures: string[];
}

/** Half, 99 of 100 and the worst, in seconds. */
function spread(samples: readonly (number | undefined)[]): string {
  const known = samples.filter((ms) => ms !== undefined);
  if (known.length === 0) return '–';
  return [0.5, 0.99, 1].map((share) => ((quantile(known, share) ?? 0) / 1000).toFixed(2)).join(' / ');
}

/** A table in Markdown: when it was seen, when all went on, and how late runs were at their end. */
export function tableOf(rows: readonly Row[]): string {
  const lines = rows.map(({ name, kind, played, failures }) => {
    const times = played.map((one) => one.times);
    const cells = [
      ...[kind, name, `${played.length} of ${played.length + failures.length}`],
      ...[spread(times.map(({ seenMs }) => seenMs)), spread(times.map(({ recoveredMs }) => recoveredMs))],
      ...[spread(times.flatMap(({ resumedMs }) => resumedMs)), spread(times.flatMap(({ lateMs }) => lateMs))],
    ];
    return `| ${cells.join(' | ')} |`;
  });
  const head = '| store | disaster | sound | seen | all went on | each step went on | runs late by |';
  return [head, '|---|---|---|---|---|---|---|', ...lines].join('\n');
}
