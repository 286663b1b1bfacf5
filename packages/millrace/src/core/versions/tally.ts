import type { RunStatus } from '../status.ts';

/** How many runs of a version stand or ended like this. */
export interface Outcome {
  readonly version: string;
  readonly status: RunStatus;
  readonly runs: number;
  /** From their start to their end; undefined for open ones. */
  readonly meanMs: number | undefined;
}

/** What became of the runs of a version. Cancelled ones say nothing of it and are left out. */
export interface Tally {
  readonly closed: number;
  readonly failed: number;
  /** Of those that did not fail; undefined where there are none. */
  readonly meanMs: number | undefined;
}

export function tallyOf(outcomes: readonly Outcome[], version: string): Tally {
  const own = outcomes.filter((outcome) => outcome.version === version);
  const good = own.filter(({ status }) => status === 'completed' || status === 'continued');
  const failed = sumOf(own.filter(({ status }) => status === 'failed' || status === 'timed-out'));
  const succeeded = sumOf(good);
  const totalMs = good.reduce((sum, { runs, meanMs = 0 }) => sum + runs * meanMs, 0);
  return {
    closed: succeeded + failed,
    failed,
    meanMs: succeeded === 0 ? undefined : totalMs / succeeded,
  };
}

function sumOf(outcomes: readonly Outcome[]): number {
  return outcomes.reduce((sum, { runs }) => sum + runs, 0);
}
