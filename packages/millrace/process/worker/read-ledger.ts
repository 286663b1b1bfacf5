import { existsSync, readFileSync } from 'node:fs';
import type { Entry } from './entry.ts';

/** The lines of a ledger. A last line that its writer did not finish is left out. */
export function readLedger(path: string): Entry[] {
  if (!existsSync(path)) return [];
  const lines = readFileSync(path, 'utf8').split('\n');
  return lines.slice(0, -1).map((line) => JSON.parse(line) as Entry);
}
