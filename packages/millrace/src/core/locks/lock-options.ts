import { durationMs, type Duration } from '../duration.ts';
import { checkOptions } from '../errors.ts';
import { checkName } from '../names.ts';

/** How a lock is asked for. */
export interface LockOptions {
  /**
   * How long it is held at most, from the grant on. Default: LOCK_TIMEOUT, 5 minutes. Held by a process it is
   * renewed, and ends so long after the process; held by a run it is not.
   */
  timeout?: Duration | undefined;
  /** How long to wait for it; `LOCK_TIMEOUT` then. Default: for ever. */
  waitFor?: Duration | undefined;
}

/** What was asked for, after defaults and checks; times in ms. */
export interface LockTerms {
  holdMs: number;
  waitMs: number | undefined;
}

const OPTIONS = ['timeout', 'waitFor'];

/** @throws INVALID_ARGUMENT, UNKNOWN_OPTION, INVALID_DURATION. */
export function lockTerms(name: string, options: LockOptions | undefined, defaultMs: number): LockTerms {
  checkName('lock', name);
  const where = `lock "${name}"`;
  checkOptions(where, options, OPTIONS);
  const { timeout, waitFor } = options ?? {};
  return {
    holdMs: timeout === undefined ? defaultMs : durationMs(timeout, `${where}, timeout`),
    waitMs: waitFor === undefined ? undefined : durationMs(waitFor, `${where}, waitFor`),
  };
}
