import { plainJson } from '../../core/json/plain-json.ts';
import type { LogLevel, RunLogLine } from '../../core/lines/line.ts';
import type { Format, Style } from '../terminal.ts';
import { safeLines, safeText } from './safe-text.ts';

export const LEVEL_COLOURS: Readonly<Record<LogLevel, Format>> = {
  debug: 'gray',
  info: 'cyan',
  warn: 'yellow',
  error: 'red',
};

/** A line of a run's log for people: `2026-01-31 08:00:00.123 info  charge: paid amount=12`. */
export function runLine(style: Style, { at, level, message, step, attempt = 1, fields }: RunLogLine): string {
  const source = step === undefined ? '' : `${safeText(step)}${attempt > 1 ? ` (attempt ${attempt})` : ''}: `;
  return [
    style('dim', at.slice(0, 23).replace('T', ' ')),
    style(LEVEL_COLOURS[level], level.padEnd(5)),
    [source + safeLines(message), fieldWords(fields)].join(' ').trimEnd(),
  ].join(' ');
}

/** What a line says besides: `amount=12 to="x"`. */
export function fieldWords(fields: Readonly<Record<string, unknown>> | null | undefined): string {
  return safeText(
    Object.entries(fields ?? {})
      .map(([key, value]) => `${key}=${plainJson(value)}`)
      .join(' '),
  );
}
