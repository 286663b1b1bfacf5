import { hostname } from 'node:os';
import type { Terminal } from '../terminal.ts';

/** Who sits at this terminal, for people who look later; undefined: not known. */
export function who({ env }: Terminal): string | undefined {
  return env['USER'] || env['USERNAME'] || undefined;
}

/** The same as the audit log says it. */
export function actorAt(terminal: Terminal): string {
  return `cli:${who(terminal) ?? 'unknown'}@${hostname()}`;
}
