import type { RunRow } from '../../src/store/port/store.ts';
import { attemptsOf, crowdOf, spansOf } from './attempts.ts';
import type { Evidence } from './evidence.ts';

/** Of all runs that it holds for, so many may be worked on at once. */
export interface Cap {
  readonly name: string;
  readonly max: number;
  holds(run: RunRow): boolean;
}

export interface LimitVerdict {
  readonly violations: string[];
  /** How many runs were worked on at once under each cap, at most. */
  readonly atOnce: Readonly<Record<string, number>>;
}

/**
 * No limit was exceeded at any moment, and in the end nothing is in use. A run has its place from its first attempt to
 * the end of its last, whoever makes them and however long it lies between two engines; what a process does for
 * it after another owner has begun is the act of a retired token, and no place.
 */
export function judgeLimits({ entries, rows, limits }: Evidence, caps: readonly Cap[]): LimitVerdict {
  const attempts = attemptsOf(entries);
  const violations: string[] = [];
  const atOnce: Record<string, number> = {};
  for (const { name, max, holds } of caps) {
    const under = attempts.filter(({ begin: { runId } }) => {
      const row = rows.get(runId);
      return row !== undefined && holds(row);
    });
    const spans = spansOf(under, ({ begin }) => begin.runId);
    for (const { of, to } of spans)
      if (to === Infinity) violations.push(`run ${of} under ${name} was cut short and never went on`);
    const { at, members } = crowdOf(spans);
    atOnce[name] = members.length;
    if (members.length > max)
      violations.push(
        `${members.length} runs at once under ${name} of ${max}, at ${at}: ${members.join(', ')}`,
      );
  }
  return { violations: [...violations, ...limits.flatMap(judgeLeft)], atOnce };
}

function judgeLeft({ kind, name, inUse, holders }: Evidence['limits'][number]): string[] {
  if (inUse === 0 && holders.length === 0) return [];
  return [`limit of ${kind} ${name} is still in use: ${inUse}, by ${holders.join(', ')}`];
}
