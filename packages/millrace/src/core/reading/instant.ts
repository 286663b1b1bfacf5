/** The furthest instant that a calendar date can name; a sleep may be asked for beyond it. */
const LAST_INSTANT = 8.64e15;

/** Milliseconds since the epoch as ISO 8601 in UTC, the form of every surface: `2026-01-31T08:00:00.000Z`. */
export function instant(ms: number): string {
  const second = Math.floor(ms / 1_000);
  const rest = ms - second * 1_000;
  if (!Number.isInteger(rest) || ms > LAST_INSTANT) return new Date(Math.min(ms, LAST_INSTANT)).toISOString();
  if (second !== lastSecond) {
    lastText = new Date(second * 1_000).toISOString().slice(0, -'000Z'.length);
    lastSecond = second;
  }
  return `${lastText}${rest < 10 ? '00' : rest < 100 ? '0' : ''}${rest}Z`;
}

/** Most instants that are told together are of one second, and its text is most of the work. */
let lastSecond = Number.NaN;
let lastText = '';

/** The same for what may not have happened yet. */
export function instantOrNull(ms: number | undefined): string | null {
  return ms === undefined ? null : instant(ms);
}
