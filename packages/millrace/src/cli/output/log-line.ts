import type { Configuration } from '../../core/configuration/settings.ts';
import type { EngineLog } from '../../engine/ports.ts';
import type { Format, Terminal } from '../terminal.ts';
import { plainJson } from '../../core/json/plain-json.ts';
import { safeLines, safeText } from './safe-text.ts';

type Level = Configuration['logLevel'];
const LEVELS: readonly Level[] = ['debug', 'info', 'warn', 'error'];
const COLOURS: Readonly<Record<Level, Format>> = {
  debug: 'gray',
  info: 'cyan',
  warn: 'yellow',
  error: 'red',
};

/** Writes the log of engine and workflows to standard error, as lines of text or of JSON. */
export function logTo(
  terminal: Terminal,
  { level, format }: { level: Level; format: Configuration['logFormat'] },
): (entry: EngineLog) => void {
  return (entry) => {
    if (LEVELS.indexOf(entry.level) < LEVELS.indexOf(level)) return;
    if (format === 'json') terminal.tell(plainJson({ at: new Date().toISOString(), ...entry }));
    else terminal.tell(textLine(terminal, entry));
  };
}

function textLine({ tellStyle }: Terminal, entry: EngineLog): string {
  const fields = Object.entries(entry.fields ?? {}).map(([key, value]) => `${key}=${plainJson(value)}`);
  const source = entry.source === 'run' ? `${entry.workflow}:` : 'engine:';
  const words = [source, safeLines(entry.message), safeText(fields.join(' '))].join(' ').trimEnd();
  return `${tellStyle(COLOURS[entry.level], entry.level.padEnd(5))} ${words}`;
}
