import { closeSync, existsSync, fstatSync, openSync, readFileSync, readSync } from 'node:fs';
import type { Entry } from './entry.ts';

/** The lines of a ledger. A last line that its writer did not finish is left out. */
export function readLedger(path: string): Entry[] {
  if (!existsSync(path)) return [];
  return entriesOf(readFileSync(path, 'utf8')).entries;
}

/** The same for one who looks again and again: each look reads only what was added since. */
export function followLedger(path: string): () => readonly Entry[] {
  const known: Entry[] = [];
  let bytesRead = 0;
  return () => {
    if (!existsSync(path)) return known;
    const file = openSync(path, 'r');
    try {
      const added = Buffer.alloc(fstatSync(file).size - bytesRead);
      const length = readSync(file, added, 0, added.length, bytesRead);
      const { entries, bytes } = entriesOf(added.toString('utf8', 0, length));
      bytesRead += bytes;
      for (const entry of entries) known.push(entry);
    } finally {
      closeSync(file);
    }
    return known;
  };
}

/** Entries of whole lines, and how many bytes these are. */
function entriesOf(text: string): { entries: Entry[]; bytes: number } {
  const end = text.lastIndexOf('\n') + 1;
  const whole = text.slice(0, end);
  const lines = whole.split('\n').slice(0, -1);
  return { entries: lines.map((line) => JSON.parse(line) as Entry), bytes: Buffer.byteLength(whole) };
}
