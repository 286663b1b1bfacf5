import { MillraceError, show } from '../errors.ts';

/*
 * The id of a change begins with its place: store time in ms. It means the same at every server, so that whoever follows
 * changes may go on at another.
 */
const ID = /^(\d{1,15})(?:\.|$)/;

export function changeId(at: number, what: string): string {
  return `${at}.${what}`;
}

/** The place of a change, or of nothing in particular. @throws INVALID_ARGUMENT for what is no id of a change. */
export function placeOf(id: string): number {
  const digits = ID.exec(id)?.[1];
  if (digits === undefined) {
    const remedy = 'Pass the id of a change as it was received.';
    throw new MillraceError('INVALID_ARGUMENT', `watch: after is ${show(id)}, which no change has`, {
      remedy,
    });
  }
  return Number(digits);
}
