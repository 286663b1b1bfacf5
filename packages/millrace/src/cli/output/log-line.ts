import type { Configuration } from '../../core/configuration/settings.ts';
import type { EngineLog } from '../../engine/ports.ts';
import type { Terminal } from '../terminal.ts';
import { isAtLeast, type LogLevel } from '../../core/lines/line.ts';
import { plainJson } from '../../core/json/plain-json.ts';
import { fieldWords, LEVEL_COLOURS } from './run-line.ts';
import { safeLines } from './safe-text.ts';

/** Writes the log of engine and workflows to standard error, as lines of text or of JSON. */
export function logTo(
  terminal: Terminal,
  { level, format }: { level: LogLevel; format: Configuration['logFormat'] },
): (entry: EngineLog) => void {
  return (entry) => {
    if (!isAtLeast(entry.level, level)) return;
    if (format === 'json') terminal.tell(plainJson({ at: new Date().toISOString(), ...entry }));
    else terminal.tell(textLine(terminal, entry));
  };
}

function textLine({ tellStyle }: Terminal, entry: EngineLog): string {
  const source = entry.source === 'run' ? `${entry.workflow}:` : 'engine:';
  const words = [source, safeLines(entry.message), fieldWords(entry.fields)].join(' ').trimEnd();
  return `${tellStyle(LEVEL_COLOURS[entry.level], entry.level.padEnd(5))} ${words}`;
}
