import { MillraceError, show } from '../../core/errors.ts';

const MOST = 1000;

/** How many rows of a list. @throws INVALID_ARGUMENT. */
export function readLimit(text: string): number {
  const limit = Number(text);
  if (/^\d+$/.test(text) && limit >= 1 && limit <= MOST) return limit;
  throw new MillraceError('INVALID_ARGUMENT', `--limit is ${show(text)}`, {
    remedy: `Give a whole number from 1 to ${MOST}.`,
  });
}
