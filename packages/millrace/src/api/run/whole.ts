import { MillraceError } from '../../core/errors.ts';

/** No history and no log is longer. */
export const LAST_POSITION = 2_147_483_647;

/** @param what - where it is given. @throws INVALID_ARGUMENT for what is no whole number within these bounds. */
export function requireWhole(what: string, value: number, least: number, most: number): void {
  if (Number.isSafeInteger(value) && value >= least && value <= most) return;
  throw new MillraceError('INVALID_ARGUMENT', `${what} is ${String(value)}`, {
    remedy: `Pass a whole number from ${least} to ${most}.`,
  });
}
