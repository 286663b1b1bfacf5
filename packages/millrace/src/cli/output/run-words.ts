import { formatDuration } from '../../core/duration.ts';
import type { RunStatus } from '../../core/status.ts';
import type { Format, Style } from '../terminal.ts';

const COLOURS: Readonly<Record<RunStatus, Format>> = {
  queued: 'cyan',
  running: 'blue',
  waiting: 'yellow',
  paused: 'yellow',
  blocked: 'magenta',
  completed: 'green',
  failed: 'red',
  cancelled: 'gray',
  'timed-out': 'red',
  continued: 'green',
};

/** A status in its colour. */
export function paintStatus(style: Style, status: RunStatus, text: string = status): string {
  return style(COLOURS[status], text);
}

/** An instant as people read it, in UTC: `2026-01-31 08:00:00`. */
export function shortInstant(at: string | null): string {
  return at === null ? '' : at.slice(0, 19).replace('T', ' ');
}

/** A span as people read it: two units are enough, and milliseconds matter only below a second. */
export function span(ms: number): string {
  const whole = Math.max(0, ms);
  if (whole < 1000) return formatDuration(whole);
  return formatDuration(Math.floor(whole / 1000) * 1000)
    .split(' ')
    .slice(0, 2)
    .join(' ');
}
