/** The furthest instant that a calendar date can name; a sleep may be asked for beyond it. */
const LAST_INSTANT = 8.64e15;

/** Milliseconds since the epoch as ISO 8601 in UTC, the form of every surface: `2026-01-31T08:00:00.000Z`. */
export function instant(ms: number): string {
  return new Date(Math.min(ms, LAST_INSTANT)).toISOString();
}

/** The same for what may not have happened yet. */
export function instantOrNull(ms: number | undefined): string | null {
  return ms === undefined ? null : instant(ms);
}
