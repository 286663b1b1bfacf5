import { numberOr, type Fields } from '../cluster/fields.ts';
import { checkOptions, MillraceError, show } from '../errors.ts';
import { durationMs, type Duration } from '../duration.ts';
import { tallyOf, type Outcome, type Tally } from './tally.ts';

/** When a roll-out is taken back by itself. */
export interface Guard {
  /** Share of closed runs that may fail, 0 to 1. */
  readonly maxErrorRate: number;
  /** Of fewer closed runs nothing is concluded. */
  readonly minRuns: number;
  /** Runs that began so long ago do not count any more, ms; undefined: all since the roll-out began. */
  readonly windowMs: number | undefined;
}

export interface GuardOptions {
  /** Default 0.1. */
  maxErrorRate?: number | undefined;
  /** Default 20. */
  minRuns?: number | undefined;
  /** Default: since the roll-out began. */
  window?: Duration | undefined;
}

const DEFAULT_GUARD: Guard = { maxErrorRate: 0.1, minRuns: 20, windowMs: undefined };

/** @throws INVALID_ARGUMENT, INVALID_DURATION, UNKNOWN_OPTION. */
export function guardOf(options: GuardOptions): Guard {
  const where = 'rollout, guard';
  checkOptions(where, options, ['maxErrorRate', 'minRuns', 'window']);
  const { maxErrorRate = DEFAULT_GUARD.maxErrorRate, minRuns = DEFAULT_GUARD.minRuns, window } = options;
  if (!(maxErrorRate >= 0 && maxErrorRate < 1)) {
    const remedy = 'Pass a share from 0 to below 1: 0.1 is a tenth.';
    throw new MillraceError('INVALID_ARGUMENT', `${where}: maxErrorRate is ${show(maxErrorRate)}`, {
      remedy,
    });
  }
  if (!Number.isSafeInteger(minRuns) || minRuns < 1) {
    const remedy = 'Pass a whole number of at least 1.';
    throw new MillraceError('INVALID_ARGUMENT', `${where}: minRuns is ${show(minRuns)}`, { remedy });
  }
  const windowMs = window === undefined ? undefined : durationMs(window, `${where}, window`);
  return { maxErrorRate, minRuns, windowMs };
}

/** Undefined where none is set. */
export function decodeGuard(fields: Fields): Guard | undefined {
  const maxErrorRate = numberOr(fields['maxErrorRate'], undefined);
  if (maxErrorRate === undefined) return undefined;
  return {
    maxErrorRate,
    minRuns: numberOr(fields['minRuns'], DEFAULT_GUARD.minRuns),
    windowMs: numberOr(fields['windowMs'], undefined),
  };
}

/** From when on runs count for a guard. */
export function countedSince({ windowMs }: Guard, rolloutSince: number, now: number): number {
  return windowMs === undefined ? rolloutSince : Math.max(rolloutSince, now - windowMs);
}

/** A version that the guard takes back, and why, as a clause. */
export interface Verdict {
  readonly version: string;
  readonly reason: string;
}

/**
 * The versions that fail too often. Where the active one fails as often, taking them back would heal nothing: the
 * cause lies elsewhere, and they stay.
 * @param outcomes - of the runs that count.
 */
export function judge(
  guard: Guard,
  { active, tried }: { readonly active: string; readonly tried: readonly string[] },
  outcomes: readonly Outcome[],
): readonly Verdict[] {
  const known = tallyOf(outcomes, active);
  const isEnough = ({ closed }: Tally): boolean => closed >= guard.minRuns;
  return tried.flatMap((version) => {
    const tally = tallyOf(outcomes, version);
    const rate = rateOf(tally);
    if (!isEnough(tally) || rate <= guard.maxErrorRate) return [];
    if (isEnough(known) && rateOf(known) >= rate) return [];
    const compared = known.closed === 0 ? '' : `; of version ${active} ${failedText(known)}`;
    const limit = `more than ${percentText(guard.maxErrorRate)}`;
    return [{ version, reason: `of version ${version} ${failedText(tally)}, ${limit}${compared}` }];
  });
}

function rateOf({ failed, closed }: Tally): number {
  return closed === 0 ? 0 : failed / closed;
}

function failedText(tally: Tally): string {
  const { failed, closed } = tally;
  return `${failed} of ${closed} runs failed (${percentText(rateOf(tally))})`;
}

function percentText(share: number): string {
  return `${Math.round(share * 1_000) / 10} %`;
}
